"""Messages of a conversation, and the sanitised bodies of mails."""

from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx

LIST = """
SELECT message_json(page.m)::text AS json, page.moment, page.id
FROM (
    SELECT m, m.occurred_at AS moment, m.id
    FROM messages m
    WHERE m.tenant_id = $1 AND m.conversation_id = $2
      AND (m.occurred_at, m.id) < ($3, $4)
    ORDER BY m.occurred_at DESC, m.id DESC LIMIT $5) page
ORDER BY page.moment DESC, page.id DESC
"""


async def newest_first(tx: TenantTx, conversation_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of a conversation's messages; those that were revoked show no more than that."""
    found = await tx.connection.fetch(LIST, tx.tenant_id, conversation_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)


#: The same the other way, from a message towards the newest.
LATER = LIST.replace("DESC", "ASC").replace("m.id) <", "m.id) >")


async def oldest_first(tx: TenantTx, conversation_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of those that are newer than a position, the newest last."""
    found = await tx.connection.fetch(LATER, tx.tenant_id, conversation_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)


PLACE = "SELECT occurred_at, id FROM messages WHERE tenant_id = $1 AND conversation_id = $2 AND id = $3"


async def position_in(tx: TenantTx, conversation_id: UUID, message_id: UUID) -> Position | None:
    """Tell where in a conversation a message is; None when it is not in it."""
    row = await tx.connection.fetchrow(PLACE, tx.tenant_id, conversation_id, message_id)
    return None if row is None else Position(*row)


HTML = """
SELECT h.html FROM message_html h
JOIN messages m ON m.tenant_id = h.tenant_id AND m.id = h.message_id AND m.deleted_at IS NULL
WHERE h.tenant_id = $1 AND h.message_id = $2
"""


async def html_of(tx: TenantTx, message_id: UUID) -> str | None:
    """Return the HTML of a mail, as it was sanitised when it was stored."""
    found: str | None = await tx.connection.fetchval(HTML, tx.tenant_id, message_id)
    return found
