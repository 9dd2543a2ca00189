"""Files: their rows. The bytes lie in the storage, under ``storage_key``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.store.pool import TenantTx

#: Waits for everybody who stores or removes the same content of a tenant: what lies under a key is shared.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file whose bytes came in; ``uploaded_by`` is the member who uploaded it."""

    id: UUID
    sha256: str
    size: int
    mime_type: str
    filename: str | None
    storage_key: str
    width: int | None
    height: int | None
    duration_ms: int | None
    uploaded_by: UUID | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that can be read."""

    id: UUID
    sha256: str
    size: int
    mime_type: str
    filename: str | None
    storage_key: str
    width: int | None
    height: int | None
    duration_ms: int | None


SAME = """
SELECT EXISTS (
    SELECT FROM files
    WHERE tenant_id = $1 AND storage_key = $2 AND state = 'stored' AND (expires_at IS NULL OR expires_at > now()))
"""
ADD = """
INSERT INTO files (tenant_id, id, sha256, size_bytes, mime_type, filename, storage_key, state, width, height,
    duration_ms, uploaded_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""


async def add(tx: TenantTx, file: NewFile) -> bool:
    """Insert a file; True when the tenant has the same bytes already, so that it is stored with that."""
    await tx.connection.execute(LOCK, file.storage_key)
    known: bool = await tx.connection.fetchval(SAME, tx.tenant_id, file.storage_key)
    await tx.connection.execute(
        ADD, tx.tenant_id, file.id, file.sha256, file.size, file.mime_type, file.filename, file.storage_key,
        "stored" if known else "pending", file.width, file.height, file.duration_ms, file.uploaded_by,
        file.expires_at,
    )  # fmt: skip
    return known


SETTLE = "UPDATE files SET state = 'stored' WHERE tenant_id = $1 AND id = $2"


async def settle(tx: TenantTx, file_id: UUID) -> None:
    """Note that a file's bytes are in the storage."""
    await tx.connection.execute(SETTLE, tx.tenant_id, file_id)


GET = """
SELECT id, sha256, size_bytes, mime_type, filename, storage_key, width, height, duration_ms FROM files
WHERE tenant_id = $1 AND id = $2 AND state = 'stored' AND (expires_at IS NULL OR expires_at > now())
  AND EXISTS (SELECT FROM tenants t WHERE t.id = $1 AND t.status = 'active')
"""


async def get(tx: TenantTx, file_id: UUID) -> StoredFile | None:
    """Return a file that can be read; None when there is none, it has ended, or its tenant is suspended."""
    row = await tx.connection.fetchrow(GET, tx.tenant_id, file_id)
    return None if row is None else StoredFile(*row)


JSON = """
SELECT j.data::text FROM files f CROSS JOIN LATERAL file_json(f) j
WHERE f.tenant_id = $1 AND f.id = $2 AND f.state = 'stored' AND (f.expires_at IS NULL OR f.expires_at > now())
"""


async def json_of(tx: TenantTx, file_id: UUID) -> str | None:
    """Return FILE as JSON text; None as ``get`` does."""
    found: str | None = await tx.connection.fetchval(JSON, tx.tenant_id, file_id)
    return found


STALE = "SELECT tenant_id, id FROM stale_files($1)"


async def stale(pool: asyncpg.Pool, wanted: int) -> Sequence[tuple[UUID, UUID]]:
    """Return files of any tenant that no message has and whose time is over, with their tenants.

    Args:
        pool: of the role ``hook``.
        wanted: how many at most.
    """
    return [(row["tenant_id"], row["id"]) for row in await pool.fetch(STALE, wanted)]


KEY_OF = "SELECT storage_key FROM files WHERE tenant_id = $1 AND id = $2 AND expires_at <= now()"
KEEP_USED = """
UPDATE files f SET expires_at = NULL
WHERE f.tenant_id = $1 AND f.id = $2
  AND EXISTS (SELECT FROM attachments a WHERE a.tenant_id = f.tenant_id AND a.file_id = f.id)
RETURNING 1
"""
REMOVE = "DELETE FROM files WHERE tenant_id = $1 AND id = $2"
OTHERS = "SELECT EXISTS (SELECT FROM files WHERE tenant_id = $1 AND storage_key = $2)"


async def remove(tx: TenantTx, file_id: UUID) -> str | None:
    """Remove a file whose time is over; returns the key of its bytes if they are to go with it.

    Until the transaction ends nobody else stores something under that key: remove the bytes before.
    """
    key: str | None = await tx.connection.fetchval(KEY_OF, tx.tenant_id, file_id)
    if key is None:
        return None
    await tx.connection.execute(LOCK, key)
    if await tx.connection.fetchval(KEEP_USED, tx.tenant_id, file_id):
        return None
    await tx.connection.execute(REMOVE, tx.tenant_id, file_id)
    shared: bool = await tx.connection.fetchval(OTHERS, tx.tenant_id, key)
    return None if shared else key
