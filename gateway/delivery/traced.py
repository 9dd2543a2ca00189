"""Which trace an attempt to deliver is in; nothing of it has to be kept."""

from uuid import UUID

import orjson

from gateway import tracing
from gateway.delivery.lane import Owed


def trace_of(owed: Owed) -> tuple[UUID, int]:
    """Return what the trace of a delivery is about, and the id of the span of the attempt that comes next."""
    span = (owed.id.int + owed.attempts) & tracing.SPAN_BITS or 1
    if not tracing.about_message(owed.event_type):
        return owed.event_id, span
    return tracing.about(owed.event_id, owed.event_type, orjson.loads(owed.body).get("data")), span
