"""Teams: who is in them, which channels are theirs, and how they hand out conversations."""

from collections.abc import Collection, Sequence
from uuid import UUID

import asyncpg

from gateway.store.pool import TenantTx

ALL = """
SELECT team_json(t)::text AS json FROM teams t WHERE t.tenant_id = $1 AND t.deleted_at IS NULL
ORDER BY lower(t.name), t.id
"""


async def all_of(tx: TenantTx) -> Sequence[str]:
    """Return all teams as JSON texts, by name."""
    return [row["json"] for row in await tx.connection.fetch(ALL, tx.tenant_id)]


GET = "SELECT team_json(t)::text FROM teams t WHERE t.tenant_id = $1 AND t.id = $2 AND t.deleted_at IS NULL"
LOCK = "SELECT FROM teams WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE"
SHOWN = "SELECT team_json(t)::text FROM teams t WHERE t.tenant_id = $1 AND t.id = $2"


async def get(tx: TenantTx, team_id: UUID) -> str | None:
    """Return a team as JSON text."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, team_id)
    return found


async def lock(tx: TenantTx, team_id: UUID) -> str | None:
    """Make everybody else who changes a team wait; returns it as it is now."""
    await tx.connection.execute(LOCK, tx.tenant_id, team_id)
    return await get(tx, team_id)


async def shown(tx: TenantTx, team_id: UUID) -> str:
    """Return a team as the log tells it, also one that was removed."""
    found: str = await tx.connection.fetchval(SHOWN, tx.tenant_id, team_id)
    return found


ADD = "INSERT INTO teams (tenant_id, id, name, auto_assign, capacity) VALUES ($1, $2, $3, $4, $5)"


async def add(tx: TenantTx, team_id: UUID, name: str, *, auto_assign: bool, capacity: int | None) -> bool:
    """Add a team; False when there is one of that name: then nothing more can be done in this transaction."""
    try:
        await tx.connection.execute(ADD, tx.tenant_id, team_id, name, auto_assign, capacity)
    except asyncpg.UniqueViolationError:
        return False
    return True


CHANGE = """
UPDATE teams SET name = coalesce($3, name), auto_assign = coalesce($4, auto_assign),
    capacity = CASE WHEN $5 THEN $6 ELSE capacity END
WHERE tenant_id = $1 AND id = $2
"""


async def change(
    tx: TenantTx, team_id: UUID, name: str | None, *, auto_assign: bool | None, limit: bool, capacity: int | None
) -> bool:
    """Change a locked team; False when another has that name: then nothing more can be done in this transaction."""
    try:
        await tx.connection.execute(CHANGE, tx.tenant_id, team_id, name, auto_assign, limit, capacity)
    except asyncpg.UniqueViolationError:
        return False
    return True


REMOVE = "UPDATE teams SET deleted_at = now() WHERE tenant_id = $1 AND id = $2"
FREE_CHANNELS = "UPDATE channels SET team_id = NULL WHERE tenant_id = $1 AND team_id = $2"


async def remove(tx: TenantTx, team_id: UUID) -> None:
    """Remove a locked team; conversations are taken from it afterwards."""
    await tx.connection.execute(REMOVE, tx.tenant_id, team_id)
    await tx.connection.execute(FREE_CHANNELS, tx.tenant_id, team_id)


ADD_MEMBERS = """
INSERT INTO team_members (tenant_id, team_id, user_id) SELECT $1, $2, unnest($3::uuid[]) ON CONFLICT DO NOTHING
"""
REMOVE_MEMBERS = "DELETE FROM team_members WHERE tenant_id = $1 AND team_id = $2 AND user_id <> ALL ($3::uuid[])"


async def set_members(tx: TenantTx, team_id: UUID, members: Collection[UUID]) -> None:
    """Say who is in a locked team. Whoever was in it before keeps the place in the row."""
    await tx.connection.execute(REMOVE_MEMBERS, tx.tenant_id, team_id, list(members))
    await tx.connection.execute(ADD_MEMBERS, tx.tenant_id, team_id, list(members))


CHANNELS = """
SELECT id, team_id FROM channels WHERE tenant_id = $1 AND deleted_at IS NULL AND (id = ANY ($3::uuid[]) OR team_id = $2)
ORDER BY id FOR NO KEY UPDATE
"""
SET_CHANNELS = """
UPDATE channels SET team_id = CASE WHEN id = ANY ($3::uuid[]) THEN $2::uuid END
WHERE tenant_id = $1 AND (id = ANY ($3::uuid[]) OR team_id = $2)
"""


async def set_channels(tx: TenantTx, team_id: UUID, channels: Collection[UUID]) -> Collection[UUID] | None:
    """Say which channels are a locked team's; returns the other teams that lose one, or None when one is not there."""
    found = await tx.connection.fetch(CHANNELS, tx.tenant_id, team_id, list(channels))
    if not set(channels) <= {row["id"] for row in found}:
        return None
    await tx.connection.execute(SET_CHANNELS, tx.tenant_id, team_id, list(channels))
    return {row["team_id"] for row in found if row["team_id"] not in {None, team_id}}
