"""What is owed to an endpoint, as the API and the log show it."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.model.fields import ConversationId, DeliveryId, EndpointId, EventId, Timestamp

DeliveryKind = Literal["event", "ping"]
DeliveryStatus = Literal["PENDING", "RETRYING", "SUCCESS", "FAILED"]
HeldReason = Literal[
    "endpoint_deleted",
    "endpoint_disabled",
    "endpoint_backing_off",
    "waiting_to_retry",
    "earlier_of_its_conversation",
]


class Delivery(BaseModel):
    """An event that an endpoint is owed, or a ping; redelivering sends the same one again."""

    id: DeliveryId
    endpoint_id: EndpointId
    kind: DeliveryKind
    event_id: EventId = Field(description="Told as webhook-id, the same at every attempt.")
    event_type: str
    seq: int | None = Field(description="Of the event; null: a ping.")
    previous_seq: int | None = Field(description="Of what the endpoint was owed before this; null: nothing.")
    conversation_id: ConversationId | None
    conversation_sequence: int | None = Field(
        description="The how-manieth of its conversation; null: the endpoint does not keep order."
    )
    status: DeliveryStatus
    attempts: int = Field(description="How many were made.")
    next_attempt_at: Timestamp | None = Field(description="Not before this; null: it is done.")
    held_reason: HeldReason | None = Field(description="Why it is not attempted now; null: nothing is in the way.")
    response_status_code: int | None = Field(description="Of the last attempt; null: there was no answer.")
    error_kind: str | None = Field(description="What went wrong at the last attempt, for machines.")
    error: str | None = Field(description="The same for people.")
    last_attempt_at: Timestamp | None
    finished_at: Timestamp | None
    created_at: Timestamp
    updated_at: Timestamp
