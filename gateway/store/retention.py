"""What is kept for how long, moved aside and removed, of all tenants: short calls as the role ``hook``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from gateway.model.page import Position
from gateway.store.erased import Name, digest_of

MonthlyTable = Literal["inbound_webhooks", "webhook_attempts", "old_events"]

#: Webhooks that wait for a look, of a month that is dropped: they go to the table for the rest.
MOST_WAITING = 500

ALL = "SELECT tenant_id, slug, webhooks_days, deliveries_days, events_days FROM retention_of_all($1, $2, $3)"
TO_MOVE = "SELECT tenant_id, oldest FROM logs_to_move($1)"
MOVE = "SELECT move_events($1, $2, $3)"
FORGET_EVENTS = "SELECT forgotten, size FROM forget_events($1, $2, $3)"
FORGET_WEBHOOKS = "SELECT looked, removed, bytes, moment, id FROM forget_webhooks($1, $2, $3, $4, $5)"
FORGET_DELIVERIES = "SELECT looked, removed, moment, id FROM forget_deliveries($1, $2, $3, $4)"
FORGET_DELIVERIES_OF = "SELECT looked, removed, id FROM forget_deliveries_of($1, $2, $3, $4)"
DROP_MONTH = "SELECT partition, state, rows_gone, bytes_gone FROM drop_month($1, $2, $3, $4)"
CLEAR_MONTH = "SELECT clear_month($1, $2, $3)"
OLDEST = "SELECT kind, moment FROM oldest_kept()"
#: Before every id.
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days a tenant keeps raw webhooks, deliveries that are done with their attempts, and events."""

    webhooks_days: int
    deliveries_days: int
    events_days: int


#: Where the operator says nothing.
OPERATORS = Keeping(webhooks_days=90, deliveries_days=30, events_days=365)


@dataclass(frozen=True, slots=True)
class Choice:
    """For how many days a tenant keeps what others keep for ever: resolved conversations, files, notes on customers."""

    conversations_days: int | None = None
    attachments_days: int | None = None
    notes_days: int | None = None


@dataclass(frozen=True, slots=True)
class TenantKeeping:
    """What holds for a tenant."""

    tenant_id: UUID
    slug: str
    keeping: Keeping


async def of_all(pool: asyncpg.Pool, defaults: Keeping) -> Sequence[TenantKeeping]:
    """Return what holds for each tenant, by id."""
    rows = await pool.fetch(ALL, defaults.webhooks_days, defaults.deliveries_days, defaults.events_days)
    return [TenantKeeping(row[0], row[1], Keeping(*row[2:])) for row in rows]


BY_CHOICE = "SELECT tenant_id, slug, conversations_days, attachments_days, notes_days FROM retention_by_choice()"
FORGET_CONVERSATIONS = "SELECT conversations, messages, channels, kinds, names FROM forget_threads($1, $2, $3)"
REMEMBER = "SELECT remember_erased($1, $2)"
FORGET_ATTACHMENTS = "SELECT removed, bytes FROM forget_attachments($1, $2, $3)"
FORGET_NOTES = "SELECT forget_notes($1, $2, $3)"


async def by_choice(pool: asyncpg.Pool) -> Sequence[tuple[UUID, str, Choice]]:
    """Return the tenants that keep something only for a while that others keep for ever: id, slug, and what."""
    return [(row[0], row[1], Choice(*row[2:])) for row in await pool.fetch(BY_CHOICE)]


async def forget_conversations(
    pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int, key: bytes | None
) -> tuple[int, int]:
    """Empty some resolved conversations, and remember their messages by digests under a key; without one by nothing.

    Returns:
        how many, and how many messages of others that are next.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(FORGET_CONVERSATIONS, tenant_id, before, most)
        if key is not None and row["names"]:
            named = map(Name, row["channels"], row["kinds"], row["names"])
            await connection.execute(REMEMBER, tenant_id, [digest_of(key, name) for name in named])
    return row["conversations"], row["messages"]


async def forget_attachments(pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int) -> "Gone":
    """Let go of some files of messages."""
    return Gone(*await pool.fetchrow(FORGET_ATTACHMENTS, tenant_id, before, most))


async def forget_notes(pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int) -> "Gone":
    """Remove some notes on customers."""
    return Gone(await pool.fetchval(FORGET_NOTES, tenant_id, before, most))


async def logs_to_move(pool: asyncpg.Pool, before: datetime) -> Sequence[tuple[UUID, datetime]]:
    """Return the tenants that have entries from before a moment among the new ones, and when the oldest was written."""
    return [tuple(row) for row in await pool.fetch(TO_MOVE, before)]


async def move_events(pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int) -> int:
    """Move up to so many entries of a tenant to the old ones; returns how many."""
    moved: int = await pool.fetchval(MOVE, tenant_id, before, most)
    return moved


@dataclass(frozen=True, slots=True)
class Gone:
    """How much was removed. The bytes are those of bodies, or of whole tables with their indexes."""

    rows: int = 0
    bytes: int = 0


async def forget_events(pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int | None) -> Gone:
    """Forget up to so many entries; with None all that lie in months which are to be dropped, and leave their rows."""
    return Gone(*await pool.fetchrow(FORGET_EVENTS, tenant_id, before, most))


async def forget_webhooks(
    pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int, after: Position
) -> tuple[Gone, Position | None]:
    """Remove some webhooks behind a place; returns what went, and where to go on unless there are no more."""
    row = await pool.fetchrow(FORGET_WEBHOOKS, tenant_id, before, most, after.moment, after.id)
    if row is None:
        return Gone(), None
    return Gone(row["removed"], row["bytes"]), Position(row["moment"], row["id"]) if row["looked"] == most else None


async def forget_deliveries(pool: asyncpg.Pool, days: int, most: int, after: Position) -> tuple[Position | None, Gone]:
    """Remove some deliveries of all tenants that were done so many days ago, with their attempts, behind a place.

    Returns:
        where to go on unless there are no more, and how many went.
    """
    row = await pool.fetchrow(FORGET_DELIVERIES, timedelta(days=days), most, after.moment, after.id)
    if row is None:
        return None, Gone()
    return Position(row["moment"], row["id"]) if row["looked"] == most else None, Gone(row["removed"])


async def forget_deliveries_of(
    pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int, after: UUID
) -> tuple[Gone, UUID | None]:
    """Remove some deliveries of a tenant behind an id, with their attempts; returns the same."""
    row = await pool.fetchrow(FORGET_DELIVERIES_OF, tenant_id, before, most, after)
    if row is None:
        return Gone(), None
    return Gone(row["removed"]), row["id"] if row["looked"] == most else None


FORGET_IMPORT_ROWS = "SELECT forget_import_rows($1, $2)"
FORGET_UNROUTED = "SELECT forget_unrouted($1, $2)"


async def forget_import_rows(pool: asyncpg.Pool, before: datetime, most: int) -> Gone:
    """Remove what some imported files of all tenants showed that were done before a moment."""
    return Gone(await pool.fetchval(FORGET_IMPORT_ROWS, before, most))


async def forget_unrouted(pool: asyncpg.Pool, before: datetime, most: int) -> Gone:
    """Remove some posts to shared apps that came before a moment, and belong to no tenant."""
    return Gone(await pool.fetchval(FORGET_UNROUTED, before, most))


@dataclass(frozen=True, slots=True)
class Month:
    """A month that has ended, and what became of it: ``dropped``, ``kept`` since somebody needs it, or ``busy``."""

    partition: str
    state: Literal["dropped", "kept", "busy"]
    gone: Gone


async def drop_month(pool: asyncpg.Pool, table: MonthlyTable, before: datetime, after: str) -> Month | None:
    """Drop the first month after a name that ended before a moment; None when there is none."""
    row = await pool.fetchrow(DROP_MONTH, table, before, after, MOST_WAITING)
    return None if row is None else Month(row[0], row[1], Gone(row[2], row[3]))


async def clear_month(pool: asyncpg.Pool, first: datetime, behind: datetime, most: int) -> int:
    """Remove some rows of forgotten entries from a month that somebody else still needs; returns how many."""
    removed: int = await pool.fetchval(CLEAR_MONTH, first, behind, most)
    return removed


async def oldest_kept(pool: asyncpg.Pool) -> Sequence[tuple[str, datetime | None]]:
    """Return the oldest that there is of each kind, of all tenants."""
    return [tuple(row) for row in await pool.fetch(OLDEST)]
