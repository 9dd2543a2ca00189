"""What is told of an attempt to deliver: a log line, and a span in the trace of what the event is about."""

import structlog

from gateway import tracing
from gateway.delivery.attempt import Made
from gateway.delivery.lane import Lane, Owed
from gateway.delivery.traced import trace_of
from gateway.delivery.verdict import Outcome
from gateway.line_budget import Budget
from gateway.model.ids import public

log = structlog.get_logger(__name__)

_budget = Budget()


def told(lane: Lane, owed: Owed, made: Made) -> None:
    """Write the line of an attempt that was made, and record its span."""
    outcome, answer = made.verdict.outcome, made.answer
    ended = made.ended.timestamp()
    left_out = _budget.take(outcome.value, ended)
    if left_out is not None:
        log.info(
            "delivery.attempt",
            delivery=public("dlv", owed.id),
            event_id=public("evt", owed.event_id),
            type=owed.event_type,
            seq=owed.seq,
            tenant=str(lane.tenant_id),
            endpoint=public("ep", lane.endpoint_id),
            attempt=owed.attempts + 1,
            outcome=outcome.value,
            status=answer.status,
            error=answer.error_kind,
            ms=round(answer.total_ms, 2),
            connect_ms=_rounded(answer.connect_ms),
            first_byte_ms=_rounded(answer.first_byte_ms),
            waited_ms=round((ended - owed.happened_at) * 1000, 1),
            bytes=len(owed.body),
            left_out=left_out,
        )
    if (tracer := tracing.current) is not None:
        of, span = trace_of(owed)
        about: dict[str, tracing.Attribute | None] = {
            "http.request.method": "POST",
            "http.response.status_code": answer.status,
            "postgate.tenant": str(lane.tenant_id),
            "postgate.endpoint": lane.endpoint_id.hex,
            "postgate.delivery": owed.id.hex,
            "postgate.event": owed.event_id.hex,
            "postgate.event_type": owed.event_type,
            "postgate.attempt": owed.attempts + 1,
            "postgate.outcome": outcome.value,
        }
        error = None if outcome is Outcome.SUCCESS else answer.error_kind or outcome.value
        tracer.span(
            "deliver", of, int(made.begun.timestamp() * 1e9), int(ended * 1e9), about,
            span_id=span, kind="client", links=[owed.event_id], error=error,
        )  # fmt: skip


def _rounded(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds, 2)
