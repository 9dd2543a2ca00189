"""Conversations: the list with its filters, one of them, and the shared count of what is unread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which conversations; None and nothing narrow nothing.

    Attributes:
        statuses: at least one.
        assignee_id: whose; ``unassigned``: nobody's.
        team_id: of which team; ``teamless``: of none.
        label_ids: that have any of these.
        channel_ids: on any of these.
        priorities: any of these.
        unread: only those with unread messages.
        idle_since: whose last message is older.
        oldest_first: the other way round.
    """

    statuses: Sequence[str]
    assignee_id: UUID | None = None
    unassigned: bool = False
    team_id: UUID | None = None
    teamless: bool = False
    label_ids: Sequence[UUID] = ()
    channel_ids: Sequence[UUID] = ()
    priorities: Sequence[str] = ()
    unread: bool = False
    idle_since: datetime | None = None
    oldest_first: bool = False


# The cursor is plain parameters: wrapped in coalesce(), the comparison could not be used by the index, since
# row-level security lets no expression that might leak run before its policy. So is every filter: a condition stands
# in the statement only where it is wanted.
# Each status has its own stretch of the index "conversation_list", already in order; the outer sort merges at most
# four short lists. The same with channels and priorities, which have indexes of their own, as have those that are
# unread and those that nobody has. The JSON is made for the rows of the page only.
LIST = """
SELECT conversation_json(page.c)::text AS json, page.moment, page.id
FROM (
    SELECT one.c, one.moment, one.id
    FROM unnest($2::text[]) AS wanted (status)
    CROSS JOIN LATERAL (
        SELECT c, c.last_message_at AS moment, c.id
        FROM conversations c
        WHERE c.tenant_id = $1 AND c.status = wanted.status AND c.deleted_at IS NULL
          AND (c.last_message_at, c.id) < ($3, $4)
        ORDER BY c.last_message_at DESC, c.id DESC LIMIT $5) one
    ORDER BY one.moment DESC, one.id DESC LIMIT $5) page
ORDER BY page.moment DESC, page.id DESC
"""
OLDEST_FIRST = LIST.replace("DESC", "ASC").replace("c.id) <", "c.id) >")
#: The same for labels that few have: their conversations are looked up and sorted.
LIST_OF_LABELLED = """
SELECT conversation_json(c)::text AS json, c.last_message_at AS moment, c.id
FROM conversations c
WHERE c.tenant_id = $1 AND c.id = ANY (ARRAY(
        SELECT l.conversation_id FROM conversation_labels l WHERE l.tenant_id = $1 AND l.label_id = ANY ($6::uuid[])))
  AND c.status = ANY ($2::text[]) AND c.deleted_at IS NULL AND (c.last_message_at, c.id) < ($3, $4)
ORDER BY c.last_message_at DESC, c.id DESC LIMIT $5
"""
OLDEST_LABELLED_FIRST = LIST_OF_LABELLED.replace("DESC", "ASC").replace("c.id) <", "c.id) >")
LABELLED = """
SELECT count(*) FROM (
    SELECT FROM conversation_labels l WHERE l.tenant_id = $1 AND l.label_id = ANY ($2::uuid[]) LIMIT $3) few
"""
#: Conversations of a label that are sorted for a page; where there are more, the list is soon full of them.
FEW = 2000
IDS = """
SELECT c.id FROM conversations c
WHERE c.tenant_id = $1 AND c.status = ANY ($2::text[]) AND c.deleted_at IS NULL
LIMIT $3
"""
COUNT = """
SELECT count(*) FROM (
    SELECT FROM unnest($2::text[]) AS wanted (status)
    CROSS JOIN LATERAL (
        SELECT FROM conversations c
        WHERE c.tenant_id = $1 AND c.status = wanted.status AND c.deleted_at IS NULL
        LIMIT $3) one
    LIMIT $3) found
"""
HERE = "c.deleted_at IS NULL"
SOURCE = "unnest($2::text[]) AS wanted (status)"
OF_CHANNELS = "c.channel_id = ANY (?::uuid[])"
OF_PRIORITIES = "c.priority = ANY (?::text[])"
OUT_OF_THE_ORDINARY = "c.priority <> 'normal' AND c.priority = ANY (?::text[])"
#: Conditions that the lists take apart: for each value its own stretch of an index. The source, and what is compared.
STRETCHES = {
    OF_CHANNELS: ("unnest(?::uuid[]) AS there (channel_id)", "c.channel_id = there.channel_id"),
    OUT_OF_THE_ORDINARY: (
        "unnest(?::text[]) AS weighed (priority)", "c.priority <> 'normal' AND c.priority = weighed.priority",
    ),
}  # fmt: skip


async def in_order(tx: TenantTx, filters: Filters, after: Position, limit: int) -> Page:
    """Return a page of the conversations that the filters let through, by their last message."""
    args: list[object] = [list(filters.statuses), after.moment, after.id, limit + 1]
    base = OLDEST_FIRST if filters.oldest_first else LIST
    if filters.label_ids:
        found = await tx.connection.fetchval(LABELLED, tx.tenant_id, list(filters.label_ids), FEW + 1)
        if found <= FEW:
            base = OLDEST_LABELLED_FIRST if filters.oldest_first else LIST_OF_LABELLED
            args.append(list(filters.label_ids))
            filters = replace(filters, label_ids=())
    statement, more = narrowed(base, filters, len(args) + 1)
    return page_of(await tx.connection.fetch(statement, tx.tenant_id, *args, *more), limit)


async def ids(tx: TenantTx, filters: Filters, limit: int) -> Sequence[UUID]:
    """Return the ids of so many conversations that the filters let through."""
    statement, more = narrowed(IDS, filters, 3)
    found = await tx.connection.fetch(statement, tx.tenant_id, list(filters.statuses), limit, *more)
    return [row["id"] for row in found]


async def count(tx: TenantTx, filters: Filters, limit: int) -> int:
    """Count the conversations that the filters let through, up to a limit."""
    statement, more = narrowed(COUNT, filters, 3)
    found: int = await tx.connection.fetchval(statement, tx.tenant_id, list(filters.statuses), limit, *more)
    return found


def narrowed(statement: str, filters: Filters, used: int) -> tuple[str, Sequence[object]]:
    """Put the conditions that are wanted into a statement; returns it with their arguments.

    Args:
        statement: one of the above.
        filters: of which ``statuses`` and the order are in the statement already.
        used: how many parameters the statement has.
    """
    wanted: list[str] = [HERE]
    args: list[object] = []
    sources = [SOURCE]
    for condition, value in _conditions(filters):
        if "?" in condition:
            args.append(value)
        source, alike = STRETCHES.get(condition, ("", condition)) if SOURCE in statement else ("", condition)
        if source:
            sources.append(source.replace("?", f"${used + len(args)}"))
        wanted.append(alike.replace("?", f"${used + len(args)}"))
    return statement.replace(SOURCE, " CROSS JOIN ".join(sources)).replace(HERE, " AND ".join(wanted)), args


def _conditions(filters: Filters) -> Sequence[tuple[str, object]]:
    """Return the conditions that are wanted, each with its argument where its question mark is."""
    labelled = """EXISTS (SELECT FROM conversation_labels l WHERE l.tenant_id = $1 AND l.conversation_id = c.id
            AND l.label_id = ANY (?::uuid[]))"""
    known: Sequence[tuple[str, object]] = (
        ("c.assignee_id = ?::uuid", filters.assignee_id),
        ("c.assignee_id IS NULL", filters.unassigned),
        ("c.team_id = ?::uuid", filters.team_id),
        ("c.team_id IS NULL", filters.teamless),
        (labelled, list(filters.label_ids)),
        (OF_CHANNELS, sorted(set(filters.channel_ids))),
        (OF_PRIORITIES if "normal" in filters.priorities else OUT_OF_THE_ORDINARY, list(filters.priorities)),
        ("c.unread_count > 0", filters.unread),
        ("c.last_message_at < ?::timestamptz", filters.idle_since),
    )
    return [(condition, value) for condition, value in known if value]


GET = """
SELECT conversation_json(c)::text FROM conversations c
WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL
"""


async def get(tx: TenantTx, conversation_id: UUID) -> str | None:
    """Return a conversation as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, conversation_id)
    return found


MARK_READ = """
UPDATE conversations SET unread_count = 0
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND unread_count > 0
"""


async def mark_read(tx: TenantTx, conversation_id: UUID) -> bool:
    """Set the unread count to zero; False when it was zero, or there is no such conversation."""
    done: str = await tx.connection.execute(MARK_READ, tx.tenant_id, conversation_id)
    return done == "UPDATE 1"


MARK_UNREAD = """
UPDATE conversations SET unread_count = 1
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND unread_count = 0
"""


async def mark_unread(tx: TenantTx, conversation_id: UUID) -> bool:
    """Let a conversation count as unread; False when it did, or there is no such conversation."""
    done: str = await tx.connection.execute(MARK_UNREAD, tx.tenant_id, conversation_id)
    return done == "UPDATE 1"
