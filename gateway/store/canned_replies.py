"""Canned replies: everybody's, and each member's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from gateway.store.pool import TenantTx

ALL = """
SELECT canned_reply_json(r)::text AS json FROM canned_replies r
WHERE r.tenant_id = $1 AND r.deleted_at IS NULL AND (r.owner_id IS NULL OR r.owner_id = $2)
ORDER BY r.shortcut, r.id
"""


async def all_of(tx: TenantTx, user_id: UUID | None) -> Sequence[str]:
    """Return those that a member can use as JSON texts, by shortcut."""
    return [row["json"] for row in await tx.connection.fetch(ALL, tx.tenant_id, user_id)]


GET = """
SELECT r.owner_id, r.text, canned_reply_json(r)::text AS json FROM canned_replies r
WHERE r.tenant_id = $1 AND r.id = $2 AND r.deleted_at IS NULL AND (r.owner_id IS NULL OR r.owner_id = $3)
"""
LOCK = "SELECT FROM canned_replies WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE"
SHOWN = "SELECT canned_reply_json(r)::text FROM canned_replies r WHERE r.tenant_id = $1 AND r.id = $2"


@dataclass(frozen=True, slots=True)
class Reply:
    """A canned reply; ``json`` is how the API shows it."""

    owner_id: UUID | None
    text: str
    json: str


async def get(tx: TenantTx, reply_id: UUID, user_id: UUID | None) -> Reply | None:
    """Return one that a member can use."""
    row = await tx.connection.fetchrow(GET, tx.tenant_id, reply_id, user_id)
    return None if row is None else Reply(**row)


async def lock(tx: TenantTx, reply_id: UUID, user_id: UUID | None) -> Reply | None:
    """Make everybody else who changes one wait; returns it as it is now."""
    await tx.connection.execute(LOCK, tx.tenant_id, reply_id)
    return await get(tx, reply_id, user_id)


async def shown(tx: TenantTx, reply_id: UUID) -> str:
    """Return one as the log tells it, also when it was removed."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, reply_id)
    return found


ADD = "INSERT INTO canned_replies (tenant_id, id, owner_id, shortcut, name, text) VALUES ($1, $2, $3, $4, $5, $6)"


async def add(tx: TenantTx, reply_id: UUID, owner_id: UUID | None, shortcut: str, name: str, text: str) -> bool:
    """Add one; False when its shortcut is taken: then nothing more can be done in this transaction."""
    try:
        await tx.connection.execute(ADD, tx.tenant_id, reply_id, owner_id, shortcut, name, text)
    except asyncpg.UniqueViolationError:
        return False
    return True


CHANGE = """
UPDATE canned_replies SET shortcut = coalesce($3, shortcut), name = coalesce($4, name), text = coalesce($5, text)
WHERE tenant_id = $1 AND id = $2
"""


async def change(tx: TenantTx, reply_id: UUID, shortcut: str | None, name: str | None, text: str | None) -> bool:
    """Change a locked one; False when its shortcut is taken: then nothing more can be done in this transaction."""
    try:
        await tx.connection.execute(CHANGE, tx.tenant_id, reply_id, shortcut, name, text)
    except asyncpg.UniqueViolationError:
        return False
    return True


REMOVE = "UPDATE canned_replies SET deleted_at = now() WHERE tenant_id = $1 AND id = $2"


async def remove(tx: TenantTx, reply_id: UUID) -> None:
    """Remove a locked one."""
    await tx.connection.execute(REMOVE, tx.tenant_id, reply_id)


# By the names that variables have.
VALUES = """
SELECT k.name AS "customer.name", (
        SELECT i.value FROM customer_identities i WHERE i.tenant_id = k.tenant_id AND i.customer_id = k.id
        ORDER BY i.kind = 'bsuid', i.position LIMIT 1) AS "customer.address",
    k.business_name AS "customer.business_name", k.customer_code AS "customer.code",
    c.subject AS "conversation.subject", h.name AS "channel.name", h.address AS "channel.address",
    t.name AS "workspace.name", u.name AS "agent.name", u.email AS "agent.email"
FROM conversations c
JOIN customers k ON k.tenant_id = c.tenant_id AND k.id = c.customer_id
JOIN channels h ON h.tenant_id = c.tenant_id AND h.id = c.channel_id
JOIN tenants t ON t.id = c.tenant_id
LEFT JOIN users u ON u.id = $3
WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL
"""


async def values(tx: TenantTx, conversation_id: UUID, user_id: UUID | None) -> Mapping[str, str | None] | None:
    """Return what variables stand for in a conversation; None when there is no such conversation."""
    row = await tx.connection.fetchrow(VALUES, tx.tenant_id, conversation_id, user_id)
    return None if row is None else dict(row)
