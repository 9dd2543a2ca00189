"""Labels: words in colours, for conversations and customers."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from gateway.store.pool import TenantTx

ALL = """
SELECT label_json(l)::text AS json FROM labels l WHERE l.tenant_id = $1 AND l.deleted_at IS NULL
ORDER BY lower(l.name), l.id
"""


async def all_of(tx: TenantTx) -> Sequence[str]:
    """Return all labels as JSON texts, by name."""
    return [row["json"] for row in await tx.connection.fetch(ALL, tx.tenant_id)]


GET = "SELECT label_json(l)::text FROM labels l WHERE l.tenant_id = $1 AND l.id = $2 AND l.deleted_at IS NULL"
LOCK = "SELECT FROM labels WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE"
SHOWN = "SELECT label_json(l)::text FROM labels l WHERE l.tenant_id = $1 AND l.id = $2"


async def get(tx: TenantTx, label_id: UUID) -> str | None:
    """Return a label as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, label_id)
    return found


async def lock(tx: TenantTx, label_id: UUID) -> str | None:
    """Make everybody else who changes a label wait; returns it as it is now."""
    await tx.connection.execute(LOCK, tx.tenant_id, label_id)
    return await get(tx, label_id)


async def shown(tx: TenantTx, label_id: UUID) -> str:
    """Return a label as the log tells it, also one that was removed."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, label_id)
    return found


ADD = "INSERT INTO labels (tenant_id, id, name, color, description) VALUES ($1, $2, $3, $4, $5)"


async def add(tx: TenantTx, label_id: UUID, name: str, color: str, description: str | None) -> bool:
    """Add a label; False when there is one of that name: then nothing more can be done in this transaction."""
    try:
        await tx.connection.execute(ADD, tx.tenant_id, label_id, name, color, description)
    except asyncpg.UniqueViolationError:
        return False
    return True


CHANGE = """
UPDATE labels SET name = coalesce($3, name), color = coalesce($4, color),
    description = CASE WHEN $5 THEN $6 ELSE description END
WHERE tenant_id = $1 AND id = $2
"""


async def change(
    tx: TenantTx, label_id: UUID, name: str | None, color: str | None, *, describe: bool, description: str | None
) -> bool:
    """Change a locked label; False when another has that name: then nothing more can be done in this transaction."""
    try:
        await tx.connection.execute(CHANGE, tx.tenant_id, label_id, name, color, describe, description)
    except asyncpg.UniqueViolationError:
        return False
    return True


REMOVE = "UPDATE labels SET deleted_at = now() WHERE tenant_id = $1 AND id = $2"


async def remove(tx: TenantTx, label_id: UUID) -> None:
    """Remove a locked label; it is taken off conversations and customers afterwards."""
    await tx.connection.execute(REMOVE, tx.tenant_id, label_id)
