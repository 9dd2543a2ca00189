"""How an endpoint fares: what was learnt of it, what waits, and how its attempts went minute by minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.store.pool import TenantTx

#: What waits is counted up to here.
MOST_COUNTED = 10_000

STATE = """
SELECT e.status, e.disabled_at, e.disabled_reason, l.failures, l.failing_since,
    CASE WHEN l.backoff_until > $3 THEN l.backoff_until END AS backoff_until, l.cap, l.last_success_at,
    l.last_failure_at,
    (SELECT count(*) FROM (
        SELECT FROM webhook_deliveries d
        WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.next_attempt_at IS NOT NULL LIMIT $4) w) AS pending,
    (SELECT min(d.next_attempt_at) FROM webhook_deliveries d
        WHERE d.tenant_id = $1 AND d.endpoint_id = $2 AND d.next_attempt_at <= $3) AS oldest_due_at
FROM webhook_endpoints e
JOIN webhook_lanes l ON l.tenant_id = e.tenant_id AND l.endpoint_id = e.id
WHERE e.tenant_id = $1 AND e.id = $2 AND e.deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class State:
    """An endpoint's health now; ``backoff_until`` is None when that is over."""

    status: str
    disabled_at: datetime | None
    disabled_reason: str | None
    failures: int
    failing_since: datetime | None
    backoff_until: datetime | None
    cap: float
    last_success_at: datetime | None
    last_failure_at: datetime | None
    pending: int
    oldest_due_at: datetime | None


async def state(tx: TenantTx, endpoint_id: UUID, now: datetime) -> State | None:
    """Return an endpoint's health; None when there is no such endpoint."""
    row = await tx.connection.fetchrow(STATE, tx.tenant_id, endpoint_id, now, MOST_COUNTED)
    return None if row is None else State(**dict(row))


BUCKETS = """
SELECT date_bin($4, m.minute, $3) AS minute, sum(m.succeeded) AS succeeded, sum(m.failed) AS failed,
    ARRAY[sum(m.latencies[1]), sum(m.latencies[2]), sum(m.latencies[3]), sum(m.latencies[4]), sum(m.latencies[5]),
        sum(m.latencies[6]), sum(m.latencies[7]), sum(m.latencies[8]), sum(m.latencies[9]), sum(m.latencies[10]),
        sum(m.latencies[11]), sum(m.latencies[12])] AS latencies
FROM webhook_minutes m
WHERE m.tenant_id = $1 AND m.endpoint_id = $2 AND m.minute >= $3 AND m.minute < $5
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some minutes of an endpoint; ``latencies`` counts its answers, see ``gateway.model.latencies``."""

    minute: datetime
    succeeded: int
    failed: int
    latencies: Sequence[int]


async def buckets(
    tx: TenantTx, endpoint_id: UUID, since: datetime, width: timedelta, until: datetime
) -> Sequence[Bucket]:
    """Return how an endpoint did, in order; without the buckets in which nothing was attempted.

    Args:
        tx: the transaction.
        endpoint_id: of the endpoint.
        since: where the first bucket begins, at a full minute.
        width: of a bucket, in full minutes.
        until: where the last one ends.
    """
    rows = await tx.connection.fetch(BUCKETS, tx.tenant_id, endpoint_id, since, width, until)
    return [Bucket(row["minute"], row["succeeded"], row["failed"], row["latencies"]) for row in rows]
