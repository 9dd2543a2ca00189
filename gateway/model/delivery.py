"""What is owed to an endpoint, as the API and the log show it."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import Anything, ConversationId, DeliveryId, EndpointId, EventId, Timestamp

#: What posts a delivery, or what looks like one, calls itself.
USER_AGENT = "Postgate-Webhooks"

DeliveryKind = Literal["event", "ping"]
DeliveryStatus = Literal["PENDING", "RETRYING", "SUCCESS", "FAILED"]
HeldReason = Literal[
    "endpoint_deleted",
    "endpoint_disabled",
    "endpoint_backing_off",
    "waiting_to_retry",
    "earlier_of_its_conversation",
]


class Delivery(Described):
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


class DeliveryInFull(Delivery):
    """A delivery with what is sent."""

    event: Anything | None = Field(description="The body; null: the log no longer holds the event.")


class DeliveryPage(Described):
    """Deliveries, the newest first."""

    data: list[Delivery]
    next_cursor: str | None = Field(description="May be set although the page is not full: not all was looked at yet.")


class AttemptRequest(Described):
    """What was sent, without the body and without credentials."""

    url: str
    headers: dict[str, str]


class AttemptResponse(Described):
    """What was answered."""

    status: int
    headers: dict[str, str] | None
    body: str | None = Field(description="Its beginning.")


class Attempt(Described):
    """One try to deliver something. Times are in milliseconds; null: it did not come to that."""

    delivery_id: DeliveryId
    endpoint_id: EndpointId
    number: int = Field(description="From 1, of the delivery.")
    started_at: Timestamp
    outcome: Literal["success", "failure"]
    status_code: int | None = Field(description="null: there was no answer.")
    error_kind: str | None
    error: str | None
    address: str | None = Field(description="That was dialled.")
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None = Field(description="From the beginning of the request to that of the answer.")
    total_ms: float
    tls_version: str | None
    tls_expires_at: Timestamp | None = Field(description="When the receiver's certificate ends.")
    request: AttemptRequest
    response: AttemptResponse | None


class AttemptPage(Described):
    """Attempts, the newest first."""

    data: list[Attempt]
    next_cursor: str | None
