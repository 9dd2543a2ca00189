"""Why an endpoint got an event, or did not."""

from typing import Literal

from pydantic import Field

from gateway.model.delivery import Delivery
from gateway.model.described import Described
from gateway.model.fields import EndpointId, EventId

Verdict = Literal[
    "delivered",
    "waiting",
    "held",
    "failed",
    "not_matched",
    "before_endpoint",
    "not_dispatched_yet",
    "no_such_event",
]


class Why(Described):
    """What became of an event at an endpoint."""

    endpoint_id: EndpointId
    event_id: EventId | None = Field(description="null: it was asked for by seq, and is not there.")
    seq: int | None = Field(description="Of the event; null: it is a ping, or not there.")
    verdict: Verdict
    reason: str = Field(description="A sentence.")
    next_step: str = Field(description="What can be done, in a sentence.")
    delivery: Delivery | None = Field(description="null: the endpoint is owed nothing.")
