"""Saved views: everybody's, and each member's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.store.pool import TenantTx

ALL = """
SELECT v.id, v.owner_id, v.filters::text AS filters, view_json(v)::text AS json FROM views v
WHERE v.tenant_id = $1 AND v.deleted_at IS NULL AND (v.owner_id IS NULL OR v.owner_id = $2)
ORDER BY lower(v.name), v.id
"""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view; ``json`` is how the API shows it, ``filters`` is JSON text."""

    id: UUID
    owner_id: UUID | None
    filters: str
    json: str


async def all_of(tx: TenantTx, user_id: UUID | None) -> Sequence[View]:
    """Return those that a member can use, by name."""
    return [View(**row) for row in await tx.connection.fetch(ALL, tx.tenant_id, user_id)]


GET = """
SELECT v.id, v.owner_id, v.filters::text AS filters, view_json(v)::text AS json FROM views v
WHERE v.tenant_id = $1 AND v.id = $2 AND v.deleted_at IS NULL AND (v.owner_id IS NULL OR v.owner_id = $3)
"""
LOCK = "SELECT FROM views WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE"
SHOWN = "SELECT view_json(v)::text FROM views v WHERE v.tenant_id = $1 AND v.id = $2"


async def get(tx: TenantTx, view_id: UUID, user_id: UUID | None) -> View | None:
    """Return one that a member can use."""
    row = await tx.connection.fetchrow(GET, tx.tenant_id, view_id, user_id)
    return None if row is None else View(**row)


async def lock(tx: TenantTx, view_id: UUID, user_id: UUID | None) -> View | None:
    """Make everybody else who changes one wait; returns it as it is now."""
    await tx.connection.execute(LOCK, tx.tenant_id, view_id)
    return await get(tx, view_id, user_id)


async def shown(tx: TenantTx, view_id: UUID) -> str:
    """Return one as the log tells it, also when it was removed."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, view_id)
    return found


ADD = "INSERT INTO views (tenant_id, id, owner_id, name, filters) VALUES ($1, $2, $3, $4, $5::text::jsonb)"


async def add(tx: TenantTx, view_id: UUID, owner_id: UUID | None, name: str, filters: str) -> None:
    """Add one."""
    await tx.connection.execute(ADD, tx.tenant_id, view_id, owner_id, name, filters)


CHANGE = """
UPDATE views SET owner_id = $3, name = coalesce($4, name), filters = coalesce($5::text::jsonb, filters)
WHERE tenant_id = $1 AND id = $2
"""


async def change(tx: TenantTx, view_id: UUID, owner_id: UUID | None, name: str | None, filters: str | None) -> None:
    """Change a locked one; whose it is then is always said."""
    await tx.connection.execute(CHANGE, tx.tenant_id, view_id, owner_id, name, filters)


REMOVE = "UPDATE views SET deleted_at = now() WHERE tenant_id = $1 AND id = $2"


async def remove(tx: TenantTx, view_id: UUID) -> None:
    """Remove a locked one."""
    await tx.connection.execute(REMOVE, tx.tenant_id, view_id)
