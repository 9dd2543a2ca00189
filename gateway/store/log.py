"""A tenant's log: appending to it, and reading on from a position.

``seq`` is gap-free and in commit order because the tenant's head stays locked from ``lock_head`` to the commit. The
lock makes the tenant's writers wait for each other: take it last, and do nothing slow while it is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.model.log import Entry
from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True)
class Head:
    """How far a tenant's log reaches: entries ``floor_seq + 1`` to ``last_seq`` are there.

    Another ``epoch`` is another log: positions in the old one mean nothing in it.
    """

    tenant_id: UUID
    last_seq: int
    floor_seq: int
    epoch: UUID


class LogMissing(LookupError):
    """The tenant has no log. Each tenant gets one when it is made, so this one is not there."""


HEAD = "SELECT tenant_id, last_seq, floor_seq, epoch FROM tenant_heads WHERE tenant_id = $1"


async def head(tx: TenantTx) -> Head:
    """Tell how far the log reaches now.

    Raises:
        LogMissing: when there is no such tenant.
    """
    row = await tx.connection.fetchrow(HEAD, tx.tenant_id)
    if row is None:
        raise LogMissing(str(tx.tenant_id))
    return Head(*row)


READ = """
SELECT tenant_id, seq, id, type, conversation_id, created_at, data::text
FROM events
WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 AND ($5::text[] IS NULL OR type LIKE ANY ($5))
ORDER BY seq LIMIT $4
"""
# To look at all months takes longer: only where it has to be.
READ_ALL = """
SELECT tenant_id, seq, id, type, conversation_id, created_at, data::text
FROM all_events
WHERE tenant_id = $1 AND seq > $2 AND seq <= $3 AND ($5::text[] IS NULL OR type LIKE ANY ($5))
ORDER BY seq LIMIT $4
"""
IS_OLD = "SELECT old_seq > $2 FROM tenant_heads WHERE tenant_id = $1"


async def read(
    tx: TenantTx, after: int, up_to: int, limit: int, patterns: Sequence[str] | None = None
) -> Sequence[Entry]:
    """Read the entries that follow ``after``, in order, up to and including ``up_to``.

    Args:
        patterns: for SQL's LIKE, one of which their types have to match; None: entries of all types.
    """
    if after >= up_to:
        return []
    args = (tx.tenant_id, after, up_to, limit, patterns)
    rows = await tx.connection.fetch(READ, *args)
    # Asked afterwards: what was not moved by now was not moved when we read.
    if (not rows or rows[0]["seq"] != after + 1) and await tx.connection.fetchval(IS_OLD, tx.tenant_id, after):
        rows = await tx.connection.fetch(READ_ALL, *args)
    return [Entry(*row) for row in rows]


LOCK_HEAD = "SELECT 1 FROM tenant_heads WHERE tenant_id = $1 FOR NO KEY UPDATE"


async def lock_head(tx: TenantTx) -> None:
    """Make this transaction the next one to write to the log.

    Whatever an entry shows has to be read after this. Read before it, a conversation could lack a change whose
    entry has a lower seq, and whoever folds the log would go back in time.

    Raises:
        LogMissing: when there is no such tenant.
    """
    if await tx.connection.fetchval(LOCK_HEAD, tx.tenant_id) is None:
        raise LogMissing(str(tx.tenant_id))


APPEND = """
WITH head AS (
    UPDATE tenant_heads SET last_seq = last_seq + 1 WHERE tenant_id = $1 RETURNING last_seq
)
INSERT INTO events (tenant_id, seq, id, type, conversation_id, data)
SELECT $1, head.last_seq, $2, $3, $4, $5::text::json FROM head
RETURNING tenant_id, seq, id, type, conversation_id, created_at, data::text
"""


async def append(tx: TenantTx, kind: str, conversation_id: UUID | None, data: str, event_id: UUID) -> Entry:
    """Write one entry; it is the tenant's newest when the transaction commits, and announced after that.

    Args:
        kind: the entry's type, for example ``conversation.updated``.
        data: JSON text, read after ``lock_head``.
        event_id: a new id, or the id of what the entry is about.

    Raises:
        LogMissing: when there is no such tenant.
    """
    row = await tx.connection.fetchrow(APPEND, tx.tenant_id, event_id, kind, conversation_id, data)
    if row is None:
        raise LogMissing(str(tx.tenant_id))
    return Entry(*row)


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is to be written; its fields are those of ``append``."""

    kind: str
    conversation_id: UUID | None
    data: str
    event_id: UUID


APPEND_ALL = """
WITH entry AS (
    SELECT * FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[])
        WITH ORDINALITY AS e (id, type, conversation_id, data, place)
), head AS (
    UPDATE tenant_heads SET last_seq = last_seq + cardinality($2) WHERE tenant_id = $1
    RETURNING last_seq - cardinality($2) AS base
)
INSERT INTO events (tenant_id, seq, id, type, conversation_id, data)
SELECT $1, h.base + e.place, e.id, e.type, e.conversation_id, e.data::json FROM entry e CROSS JOIN head h
ORDER BY e.place
RETURNING tenant_id, seq, id, type, conversation_id, created_at, data::text
"""


async def append_all(tx: TenantTx, drafts: Sequence[Draft]) -> Sequence[Entry]:
    """Write many entries at once, in order, as ``append`` writes one.

    Raises:
        LogMissing: when there is no such tenant.
    """
    if not drafts:
        return []
    columns = ([d.event_id for d in drafts], [d.kind for d in drafts], [d.conversation_id for d in drafts])
    rows = await tx.connection.fetch(APPEND_ALL, tx.tenant_id, *columns, [d.data for d in drafts])
    if len(rows) != len(drafts):
        raise LogMissing(str(tx.tenant_id))
    return [Entry(*row) for row in rows]
