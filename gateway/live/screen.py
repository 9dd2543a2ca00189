"""How long it took until an entry of the log was on screens: for the metrics, and for traces."""

import time
from datetime import datetime

import orjson

from gateway import tracing
from gateway.live import metrics
from gateway.model.log import Entry


def written(entry: Entry, receivers: int, began: int) -> None:
    """Note that an entry was written to sockets; once for all of them, counting is not free.

    Args:
        entry: that was written.
        receivers: how many sockets there are.
        began: when, in nanoseconds since 1970.
    """
    now = time.time()
    metrics.FRAME_SECONDS.observe(max(now - entry.created_at.timestamp(), 0.0))
    if entry.type == "message.created":
        provided = provided_at(entry.data)
        if provided is not None:
            metrics.SCREEN_SECONDS.observe(max(now - provided, 0.0))
    if (tracer := tracing.current) is not None:
        tracer.frame(entry, receivers, began)


def provided_at(data: str) -> float | None:
    """Return when a customer's message was sent, as its provider says, in seconds since 1970; None for one of ours."""
    message = orjson.loads(data)
    if not isinstance(message, dict) or message.get("direction") != "inbound":
        return None
    told = message.get("occurred_at")
    return datetime.fromisoformat(told).timestamp() if isinstance(told, str) else None
