"""A tenant's API keys; of each only the hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.store.pool import TenantTx

#: When a key was last used is written down no more often than this.
USED_EVERY = timedelta(minutes=15)

KNOWN = """
SELECT k.id, k.scopes, k.last_used_at FROM api_keys k JOIN tenants t ON t.id = k.tenant_id AND t.status = 'active'
WHERE k.tenant_id = $1 AND k.key_hash = $2 AND k.revoked_at IS NULL
"""
USED = "UPDATE api_keys SET last_used_at = $3 WHERE tenant_id = $1 AND key_hash = $2"
ALL = """
SELECT id, name, prefix, scopes, created_by, created_at, last_used_at
FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL ORDER BY created_at DESC, id DESC
"""
ADD = """
INSERT INTO api_keys (tenant_id, key_hash, id, prefix, name, scopes, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
REVOKE = """
UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING key_hash
"""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as its tenant sees it."""

    id: UUID
    name: str
    prefix: str
    scopes: Sequence[str]
    created_by: UUID | None
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """An API key that somebody uses, and what it is limited to."""

    id: UUID
    scopes: frozenset[str]


async def known(tx: TenantTx, key_hash: bytes, now: datetime) -> Known | None:
    """Return an API key, and note that it is used; None when there is no such key."""
    row = await tx.connection.fetchrow(KNOWN, tx.tenant_id, key_hash)
    if row is None:
        return None
    if row["last_used_at"] is None or row["last_used_at"] <= now - USED_EVERY:
        await tx.connection.execute(USED, tx.tenant_id, key_hash, now)
    return Known(row["id"], frozenset(row["scopes"]))


async def all_of(tx: TenantTx) -> Sequence[Key]:
    """Return the keys that count, the newest first."""
    return [Key(**row) for row in await tx.connection.fetch(ALL, tx.tenant_id)]


async def add(tx: TenantTx, key: Key, key_hash: bytes) -> None:
    """Store a key."""
    await tx.connection.execute(
        ADD, tx.tenant_id, key_hash, key.id, key.prefix, key.name, list(key.scopes), key.created_by, key.created_at
    )


async def revoke(tx: TenantTx, key_id: UUID, now: datetime) -> bytes | None:
    """Let a key count no more; returns its hash, None when there is none."""
    key_hash: bytes | None = await tx.connection.fetchval(REVOKE, tx.tenant_id, key_id, now)
    return key_hash
