"""``/api/v1/webhook-endpoints/{id}/health``: how an endpoint is, and how it did lately."""

from datetime import datetime, timedelta
from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.api.endpoints.managing import TAG
from gateway.api.services import Services
from gateway.model.endpoint import DISABLED_AFTER, EndpointHealth, EndpointState, HealthBucket
from gateway.model.latencies import percentile
from gateway.model.log import iso
from gateway.openapi import PLAIN_DIGITS, Answer, Api, Call, NoBody, Operation, QueryModel, json_answer
from gateway.problems import NotFound
from gateway.store import webhook_health as store
from gateway.store.pool import tenant_tx

MOST_BUCKETS = 120
MINUTE = timedelta(minutes=1)


class HealthQuery(QueryModel):
    """How far back."""

    hours: Annotated[int, Field(ge=1, le=168, description="How far back."), PLAIN_DIGITS] = 24


HEALTH = Operation(
    method="GET",
    path="/api/v1/webhook-endpoints/{id}/health",
    name="get_webhook_endpoint_health",
    tag=TAG,
    summary="Get how an endpoint is, and how it did lately.",
    description="Attempts are counted by the minute, and told in at most 120 buckets. How long answers took is counted "
    "up to 10, 20, 50, 100, 200, 500 ms, 1, 2, 5, 10, 20 and 30 s; percentiles are interpolated between two of these.",
    query=HealthQuery,
    body=NoBody,
    permission="webhooks.read",
    answers={200: Answer("Its health.", EndpointHealth)},
    id_prefix="ep",
)


class Health:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get(self, call: Call[HealthQuery, NoBody]) -> web.StreamResponse:
        """Answer how an endpoint is."""
        now = self._services.clock()
        width = width_of(call.query.hours)
        until = now.replace(second=0, microsecond=0) + MINUTE
        since = until - width * -(-timedelta(hours=call.query.hours) // width)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            state = await store.state(tx, call.id, now)
            if state is None:
                raise NotFound("there is no such endpoint")
            buckets = await store.buckets(tx, call.id, since, width, until)
        return json_answer(_shown(state, [_bucket(one) for one in buckets], width))


def width_of(hours: int) -> timedelta:
    """Return how long a bucket is so that there are few enough: full minutes."""
    return max(1, -(-hours * 60 // MOST_BUCKETS)) * MINUTE


def _shown(state: store.State, minutes: list[HealthBucket], width: timedelta) -> EndpointHealth:
    return EndpointHealth(
        state=_word(state),
        failures=state.failures,
        failing_since=_moment(state.failing_since),
        disabled_at=_moment(state.disabled_at),
        disabled_reason=state.disabled_reason,
        disables_at=_moment(
            state.failing_since + DISABLED_AFTER if state.failing_since and state.status == "enabled" else None
        ),
        backoff_until=_moment(state.backoff_until),
        cap=state.cap,
        pending=state.pending,
        oldest_due_at=_moment(state.oldest_due_at),
        last_success_at=_moment(state.last_success_at),
        last_failure_at=_moment(state.last_failure_at),
        bucket_minutes=width // MINUTE,
        minutes=minutes,
    )


def _word(state: store.State) -> EndpointState:
    if state.status == "disabled":
        return "disabled"
    if state.backoff_until is not None:
        return "backing_off"
    return "failing" if state.failures else "healthy"


def _bucket(one: store.Bucket) -> HealthBucket:
    return HealthBucket(
        minute=iso(one.minute),
        succeeded=one.succeeded,
        failed=one.failed,
        p50_ms=percentile(one.latencies, 0.5),
        p95_ms=percentile(one.latencies, 0.95),
    )


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    api.add(HEALTH, Health(services).get)
