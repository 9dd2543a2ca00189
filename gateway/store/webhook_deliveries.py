"""One delivery as the API shows it: what it sends, its attempts, and sending it again."""

from dataclasses import dataclass
from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.lanes import try_now
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx

GET = "SELECT delivery_json(d)::text FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.id = $2"
CONTENT = """
SELECT d.seq, d.body, e.mask_pii = 'detected' AS masked FROM webhook_deliveries d
JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
WHERE d.tenant_id = $1 AND d.id = $2
"""


@dataclass(frozen=True, slots=True)
class Content:
    """What a delivery sends: the log's entry at ``seq``, or a body of its own; and whether data is hidden in it."""

    seq: int | None
    body: str | None
    masked: bool


async def get(tx: TenantTx, delivery_id: UUID) -> str | None:
    """Return a delivery as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, delivery_id)
    return found


async def content(tx: TenantTx, delivery_id: UUID) -> Content | None:
    """Tell what a delivery sends; None when there is no such delivery."""
    row = await tx.connection.fetchrow(CONTENT, tx.tenant_id, delivery_id)
    return None if row is None else Content(*row)


ATTEMPTS = """
SELECT attempt_json(a)::text AS json, a.started_at AS moment, a.delivery_id AS id
FROM webhook_attempts a
WHERE a.tenant_id = $1 AND a.delivery_id = $2 AND a.started_at < $3
ORDER BY a.started_at DESC LIMIT $4
"""


async def attempts(tx: TenantTx, delivery_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of the attempts of a delivery, the newest first."""
    found = await tx.connection.fetch(ATTEMPTS, tx.tenant_id, delivery_id, after.moment, limit + 1)
    return page_of(found, limit)


# As everywhere: an endpoint's lane before its deliveries.
LOCK_LANE = """
SELECT d.endpoint_id, e.deleted_at IS NOT NULL AS deleted, d.seq
FROM webhook_deliveries d
JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
JOIN webhook_lanes l ON l.tenant_id = d.tenant_id AND l.endpoint_id = d.endpoint_id
WHERE d.tenant_id = $1 AND d.id = $2 FOR NO KEY UPDATE OF l
"""
AGAIN = """
UPDATE webhook_deliveries
SET status = 'PENDING', tries = 0, next_attempt_at = least(coalesce(next_attempt_at, now()), now()),
    response_status_code = NULL, error_kind = NULL, error = NULL, finished_at = NULL
WHERE tenant_id = $1 AND id = $2
"""


# Whoever forgets entries waits, and then sees what is owed.
LOCK_FLOOR = "SELECT floor_seq FROM tenant_heads WHERE tenant_id = $1 FOR SHARE"


class EndpointGone(Exception):
    """Nothing is delivered to an endpoint that was deleted."""


class EventGone(Exception):
    """The event is no longer kept."""


async def redeliver(tx: TenantTx, delivery_id: UUID) -> UUID | None:
    """Make a delivery due now, at the beginning of its endpoint's schedule; returns the endpoint, None: no delivery.

    Raises:
        EndpointGone: when the endpoint was deleted.
        EventGone: when the event is no longer kept.
    """
    row = await tx.connection.fetchrow(LOCK_LANE, tx.tenant_id, delivery_id)
    if row is None:
        return None
    if row["deleted"]:
        raise EndpointGone
    if row["seq"] is not None and row["seq"] <= await tx.connection.fetchval(LOCK_FLOOR, tx.tenant_id):
        raise EventGone
    await tx.connection.execute(AGAIN, tx.tenant_id, delivery_id)
    endpoint_id: UUID = row["endpoint_id"]
    await try_now(tx, endpoint_id)
    return endpoint_id
