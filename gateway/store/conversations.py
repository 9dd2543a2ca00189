"""Conversations: the list, one of them, and marking it as read."""

from collections.abc import Sequence
from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx

# The cursor is plain parameters: wrapped in coalesce(), the comparison could not be used by the index, since
# row-level security lets no expression that might leak run before its policy.
# Each status has its own stretch of the index "conversation_list", already in order; the outer sort merges at most
# four short lists. The JSON is made for the rows of the page only.
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


async def in_order(tx: TenantTx, statuses: Sequence[str], after: Position, limit: int) -> Page:
    """Return a page of the conversations in some statuses, the newest message first."""
    found = await tx.connection.fetch(LIST, tx.tenant_id, list(statuses), after.moment, after.id, limit + 1)
    return page_of(found, limit)


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
