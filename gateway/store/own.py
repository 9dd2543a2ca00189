"""What each member keeps for itself: drafts, how far it has read, and the notes that call it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from gateway.model.page import Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx

KEEP_DRAFT = """
INSERT INTO drafts AS d (tenant_id, user_id, conversation_id, version, content) VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT (tenant_id, user_id, conversation_id) DO UPDATE SET version = excluded.version, content = excluded.content
    WHERE d.version < excluded.version
"""
DRAFT = """
SELECT draft_json(d)::text FROM drafts d WHERE d.tenant_id = $1 AND d.user_id = $2 AND d.conversation_id = $3
"""


async def keep_draft(
    tx: TenantTx, user_id: UUID, conversation_id: UUID, version: int, content: str | None
) -> tuple[str, bool]:
    """Keep a draft unless a newer one is there; returns the one that counts as JSON text, and whether it is this one.

    Args:
        version: the higher one counts.
        content: JSON text; None throws the draft away.
    """
    done: str = await tx.connection.execute(KEEP_DRAFT, tx.tenant_id, user_id, conversation_id, version, content)
    draft: str = await tx.connection.fetchval(DRAFT, tx.tenant_id, user_id, conversation_id)
    return draft, done == "INSERT 0 1"


DRAFTS = """
SELECT draft_json(d)::text AS json, d.updated_at AS moment, d.conversation_id AS id FROM drafts d
WHERE d.tenant_id = $1 AND d.user_id = $2 AND d.content IS NOT NULL AND (d.updated_at, d.conversation_id) < ($3, $4)
ORDER BY d.updated_at DESC, d.conversation_id DESC LIMIT $5
"""


async def drafts(tx: TenantTx, user_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of a member's drafts, the latest first."""
    found = await tx.connection.fetch(DRAFTS, tx.tenant_id, user_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)


MARK_READ = """
INSERT INTO reads AS r (tenant_id, user_id, conversation_id, read_up_to)
SELECT c.tenant_id, $2, c.id, c.last_message_at FROM conversations c WHERE c.tenant_id = $1 AND c.id = $3
ON CONFLICT (tenant_id, user_id, conversation_id) DO UPDATE SET read_up_to = excluded.read_up_to
    WHERE r.read_up_to IS DISTINCT FROM excluded.read_up_to
"""
MARK_UNREAD = """
INSERT INTO reads AS r (tenant_id, user_id, conversation_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, user_id, conversation_id) DO UPDATE SET read_up_to = NULL WHERE r.read_up_to IS NOT NULL
"""
READ = "SELECT read_json(r)::text FROM reads r WHERE r.tenant_id = $1 AND r.user_id = $2 AND r.conversation_id = $3"


async def mark_read(tx: TenantTx, user_id: UUID, conversation_id: UUID) -> str | None:
    """Note that a member has read all of a conversation; returns its mark as JSON text, None when that was so."""
    return await _marked(tx, MARK_READ, user_id, conversation_id)


async def mark_unread(tx: TenantTx, user_id: UUID, conversation_id: UUID) -> str | None:
    """Note that a conversation counts as unread to a member; returns its mark as JSON text, None when that was so."""
    return await _marked(tx, MARK_UNREAD, user_id, conversation_id)


async def _marked(tx: TenantTx, statement: str, user_id: UUID, conversation_id: UUID) -> str | None:
    if await tx.connection.execute(statement, tx.tenant_id, user_id, conversation_id) != "INSERT 0 1":
        return None
    mark: str = await tx.connection.fetchval(READ, tx.tenant_id, user_id, conversation_id)
    return mark


READS = """
SELECT read_json(r)::text AS json, r.updated_at AS moment, r.conversation_id AS id FROM reads r
WHERE r.tenant_id = $1 AND r.user_id = $2 AND r.updated_at >= $3 AND (r.updated_at, r.conversation_id) < ($4, $5)
ORDER BY r.updated_at DESC, r.conversation_id DESC LIMIT $6
"""


async def reads(tx: TenantTx, user_id: UUID, since: datetime, after: Position, limit: int) -> Page:
    """Return a page of a member's marks that changed since a moment, the latest first."""
    found = await tx.connection.fetch(READS, tx.tenant_id, user_id, since, after.moment, after.id, limit + 1)
    return page_of(found, limit)


ADD_MENTIONS = """
INSERT INTO mentions (tenant_id, user_id, message_id, conversation_id)
SELECT $1, u.id, $2, $3 FROM unnest($4::uuid[]) AS u (id) ON CONFLICT DO NOTHING
"""
DROP_MENTIONS = "DELETE FROM mentions WHERE tenant_id = $1 AND message_id = $2 AND user_id <> ALL ($3::uuid[])"


async def set_mentions(tx: TenantTx, message_id: UUID, conversation_id: UUID, members: Collection[UUID]) -> None:
    """Say whom a note calls; who was called before has seen it as before."""
    await tx.connection.execute(DROP_MENTIONS, tx.tenant_id, message_id, list(members))
    await tx.connection.execute(ADD_MENTIONS, tx.tenant_id, message_id, conversation_id, list(members))


MENTIONS = """
SELECT json_build_object('message', message_json(m), 'seen_at', iso(n.seen_at), 'created_at', iso(n.created_at))::text
    AS json, n.created_at AS moment, n.message_id AS id
FROM mentions n JOIN messages m ON m.tenant_id = n.tenant_id AND m.id = n.message_id
WHERE n.tenant_id = $1 AND n.user_id = $2 AND (n.created_at, n.message_id) < ($3, $4)
ORDER BY n.created_at DESC, n.message_id DESC LIMIT $5
"""


async def mentions(tx: TenantTx, user_id: UUID, after: Position, limit: int) -> Page:
    """Return a page of the notes that call a member, the latest first."""
    found = await tx.connection.fetch(MENTIONS, tx.tenant_id, user_id, after.moment, after.id, limit + 1)
    return page_of(found, limit)


UNSEEN = """
SELECT count(*) FROM (
    SELECT FROM mentions WHERE tenant_id = $1 AND user_id = $2 AND seen_at IS NULL LIMIT $3) found
"""


async def unseen(tx: TenantTx, user_id: UUID, limit: int) -> int:
    """Count the notes that call a member and that it has not seen, up to a limit."""
    found: int = await tx.connection.fetchval(UNSEEN, tx.tenant_id, user_id, limit)
    return found


SEE = """
UPDATE mentions SET seen_at = now()
WHERE tenant_id = $1 AND user_id = $2 AND seen_at IS NULL AND ($3::uuid IS NULL OR conversation_id = $3)
"""


async def see(tx: TenantTx, user_id: UUID, conversation_id: UUID | None) -> None:
    """Note that a member has seen the notes that call it: those of a conversation, or all."""
    await tx.connection.execute(SEE, tx.tenant_id, user_id, conversation_id)
