"""Jobs that send again what failed, or what is in a stretch of the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx

#: Deliveries of one step: some 20 ms.
AT_ONCE = 500
#: So many may wait at an endpoint for a job to queue more: what happens meanwhile is not kept waiting for long.
MOST_WAITING = 1000
#: Failed deliveries are counted up to here when a job begins.
MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the log, from its first entry to its last; ``to_seq`` is before ``from_seq`` when it is empty."""

    from_seq: int
    to_seq: int


# An entry's time may be earlier than that of the one before it, by as long as a transaction lasts: what is read is a
# minute more on either side, and each entry's own time decides.
STRETCH = """
SELECT greatest(h.floor_seq + 1, coalesce($2, CASE WHEN $4::timestamptz IS NULL THEN 1
        ELSE log_seq_at($1, $4 - interval '1 minute') END)) AS from_seq,
    least(coalesce(d.dispatched_seq, 0), $3, CASE WHEN $5::timestamptz IS NOT NULL
        THEN log_seq_at($1, $5 + interval '1 minute') - 1 END) AS to_seq
FROM tenant_heads h LEFT JOIN delivery_heads d ON d.tenant_id = h.tenant_id
WHERE h.tenant_id = $1
"""


async def stretch(
    tx: TenantTx, from_seq: int | None, to_seq: int | None, since: datetime | None, until: datetime | None
) -> Stretch:
    """Find the part of the log that is meant, of what is there and was shared out among the endpoints already."""
    row = await tx.connection.fetchrow(STRETCH, tx.tenant_id, from_seq, to_seq, since, until)
    return Stretch(row["from_seq"], max(row["to_seq"], row["from_seq"] - 1))


# Locked, so that two jobs of an endpoint do not begin at once.
LOCK_ENDPOINT = """
SELECT FROM webhook_endpoints WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""
RUNNING = (
    "SELECT EXISTS (SELECT FROM webhook_recoveries WHERE tenant_id = $1 AND endpoint_id = $2 AND status = 'running')"
)


async def lock_endpoint(tx: TenantTx, endpoint_id: UUID) -> bool:
    """Let no other job of an endpoint begin before the end; False when there is no such endpoint."""
    return await tx.connection.fetchrow(LOCK_ENDPOINT, tx.tenant_id, endpoint_id) is not None


async def runs(tx: TenantTx, endpoint_id: UUID) -> bool:
    """Tell whether a job of a locked endpoint runs."""
    found: bool = await tx.connection.fetchval(RUNNING, tx.tenant_id, endpoint_id)
    return found


RECOVER = """
INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, kind, since, until, after_id, total, created_by)
SELECT $1, $2, $3, 'recover', $4, least(coalesce($5, now()), now()), '00000000-0000-0000-0000-000000000000', (
    SELECT count(*) FROM (
        SELECT FROM webhook_deliveries d WHERE d.tenant_id = $1 AND d.endpoint_id = $3 AND d.status = 'FAILED'
        LIMIT $7) counted), $6
"""


async def begin_recover(
    tx: TenantTx, recovery_id: UUID, endpoint_id: UUID, since: datetime, until: datetime | None, user_id: UUID | None
) -> None:
    """Begin to send again what failed, by the time of its last attempt; without ``until``: what has failed by now."""
    await tx.connection.execute(
        RECOVER, tx.tenant_id, recovery_id, endpoint_id, since, until, user_id, MOST_COUNTED
    )  # fmt: skip


REPLAY = """
INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, kind, since, until, from_seq, to_seq, after_seq, total,
    event_types, type_patterns, channel_ids, missing_only, per_second, created_by)
VALUES ($1, $2, $3, 'replay', $4, $5, $6::bigint, $7::bigint, $6 - 1, $7 - $6 + 1, $8, $9, $10, $11, $12, $13)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is to be sent again, or for the first time; None narrows nothing.

    Attributes:
        stretch: the part of the log.
        since: entries of then or later.
        until: earlier entries.
        event_types: with wildcards; ``patterns`` are the same, for LIKE.
        channel_ids: only what belongs to a conversation on one of them.
        missing_only: only what the endpoint was never owed.
        per_second: how many are queued in a second at most.
    """

    stretch: Stretch
    since: datetime | None
    until: datetime | None
    event_types: Sequence[str] | None
    patterns: Sequence[str] | None
    channel_ids: Sequence[UUID] | None
    missing_only: bool
    per_second: float | None


async def begin_replay(
    tx: TenantTx, recovery_id: UUID, endpoint_id: UUID, replay: Replay, user_id: UUID | None
) -> None:
    """Begin to send a part of the log."""
    await tx.connection.execute(
        REPLAY, tx.tenant_id, recovery_id, endpoint_id, replay.since, replay.until, replay.stretch.from_seq,
        replay.stretch.to_seq, replay.event_types, replay.patterns, replay.channel_ids, replay.missing_only,
        replay.per_second, user_id,
    )  # fmt: skip


LIST = """
SELECT recovery_json(r)::text AS json, r.created_at AS moment, r.id FROM webhook_recoveries r
WHERE r.tenant_id = $1 AND r.id < $2 ORDER BY r.id DESC LIMIT $3
"""
LIST_OF_ENDPOINT = """
SELECT recovery_json(r)::text AS json, r.created_at AS moment, r.id FROM webhook_recoveries r
WHERE r.tenant_id = $1 AND r.endpoint_id = $4 AND r.id < $2 ORDER BY r.id DESC LIMIT $3
"""
GET = "SELECT recovery_json(r)::text FROM webhook_recoveries r WHERE r.tenant_id = $1 AND r.id = $2"


async def newest_first(tx: TenantTx, endpoint_id: UUID | None, after: Position, limit: int) -> Page:
    """Return a page of jobs; of one endpoint or of all."""
    statement, args = (LIST, []) if endpoint_id is None else (LIST_OF_ENDPOINT, [endpoint_id])
    return page_of(await tx.connection.fetch(statement, tx.tenant_id, after.id, limit + 1, *args), limit)


async def get(tx: TenantTx, recovery_id: UUID) -> str | None:
    """Return a job as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, recovery_id)
    return found


ENDPOINT_OF = "SELECT endpoint_id FROM webhook_recoveries WHERE tenant_id = $1 AND id = $2"
LOCK = "SELECT status FROM webhook_recoveries WHERE tenant_id = $1 AND id = $2 FOR UPDATE"
CANCEL = "UPDATE webhook_recoveries SET status = 'canceled', finished_at = now() WHERE tenant_id = $1 AND id = $2"
RESUME = """
UPDATE webhook_recoveries SET status = 'running', finished_at = NULL, next_step_at = now(), pause = DEFAULT
WHERE tenant_id = $1 AND id = $2
"""


async def endpoint_of(tx: TenantTx, recovery_id: UUID) -> UUID | None:
    """Return the endpoint of a job; None when there is no such job."""
    found: UUID | None = await tx.connection.fetchval(ENDPOINT_OF, tx.tenant_id, recovery_id)
    return found


async def lock(tx: TenantTx, recovery_id: UUID) -> str | None:
    """Return how a job is, which stays until the end; None when there is none."""
    found: str | None = await tx.connection.fetchval(LOCK, tx.tenant_id, recovery_id)
    return found


async def cancel(tx: TenantTx, recovery_id: UUID) -> None:
    """Have a locked job queue nothing more."""
    await tx.connection.execute(CANCEL, tx.tenant_id, recovery_id)


async def resume(tx: TenantTx, recovery_id: UUID) -> None:
    """Have a locked job go on where it was."""
    await tx.connection.execute(RESUME, tx.tenant_id, recovery_id)


STEP = "SELECT endpoint_id, queued, status, fault FROM recover_deliveries($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Step:
    """What a step of a job did; with a ``fault`` it did nothing, and is tried again in a minute."""

    endpoint_id: UUID
    queued: int
    status: str
    fault: str | None


async def step(pool: asyncpg.Pool, moment: datetime) -> Step | None:
    """Go a step on with the job whose turn it is; None when none can go on now. As the role ``hook``.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        row = await pool.fetchrow(STEP, moment, AT_ONCE, MOST_WAITING)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
    return None if row is None else Step(*row)
