"""What names erased messages from outside, as digests: so that what was erased is known when it is told again.

A digest is half an HMAC-SHA256 of a provider's id, or of a reference that we sent a message with, under a key of the
tenant that lies sealed in the database. Without that key nobody can tell which id a digest is of, not even by trying.
"""

import hmac
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from gateway.keys import Keyring, KeyShredded, WrappedKey, seal, unseal
from gateway.store.pool import TenantTx

KEY_BYTES = 32
DIGEST_BYTES = 16


class Name(NamedTuple):
    """What names a message: its channel, whether it is a provider's ``id`` or our ``reference``, and that."""

    channel_id: UUID
    kind: str
    value: str


def digest_of(key: bytes, name: Name) -> UUID:
    """Return the digest of a name."""
    said = b"%s%s\0%s" % (name.channel_id.bytes, name.kind.encode(), name.value.encode("utf-8", "replace"))
    return UUID(bytes=hmac.digest(key, said, "sha256")[:DIGEST_BYTES])


def place_of(tenant_id: object) -> str:
    """Name what the key of a tenant's digests is sealed for; see ``gateway.keys``."""
    return f"{tenant_id}/erasures"


KEY = """
SELECT e.sealed, k.wrapped_key, k.master_key_id FROM erasure_keys e
JOIN encryption_keys k ON k.tenant_id = e.tenant_id AND k.id = e.key_id WHERE e.tenant_id = $1
"""
DATA_KEY = """
SELECT id, wrapped_key, master_key_id FROM encryption_keys
WHERE tenant_id = $1 AND shredded_at IS NULL ORDER BY created_at DESC, id LIMIT 1
"""
KEEP_KEY = """
INSERT INTO erasure_keys (tenant_id, key_id, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
REMEMBERS = "UPDATE tenant_heads SET remembers = true WHERE tenant_id = $1 AND NOT remembers"


async def own_key(tx: TenantTx, keyring: Keyring) -> bytes:
    """Return the key of a tenant's digests; with the first one the tenant remembers from the commit on.

    Raises:
        KeyShredded: when the tenant's keys were destroyed.
        KeyUnusable: when the master key that it was sealed under is not here.
        KeysUnavailable: when the service that has it does not answer.
    """
    found = await _opened(await tx.connection.fetchrow(KEY, tx.tenant_id), keyring, tx.tenant_id)
    if found is None:
        sealed = await _made(await tx.connection.fetchrow(DATA_KEY, tx.tenant_id), keyring, tx.tenant_id)
        await tx.connection.execute(KEEP_KEY, tx.tenant_id, *sealed)
        await tx.connection.execute(REMEMBERS, tx.tenant_id)
        found = await _opened(await tx.connection.fetchrow(KEY, tx.tenant_id), keyring, tx.tenant_id)
    if found is None:
        raise LookupError("the key that was just stored is gone")
    return found


ADD = """
INSERT INTO erased_messages (tenant_id, digest) SELECT DISTINCT $1::uuid, d FROM unnest($2::uuid[]) d ORDER BY 2
ON CONFLICT DO NOTHING
"""


async def remember(tx: TenantTx, key: bytes, names: Iterable[Name]) -> None:
    """Keep the digests of some names."""
    await tx.connection.execute(ADD, tx.tenant_id, [digest_of(key, name) for name in names])


KEY_OF = "SELECT sealed, wrapped_key, master_key_id FROM erasure_key_of($1)"
DATA_KEY_OF = "SELECT id, wrapped_key, master_key_id FROM data_key_of($1)"
KEEP_KEY_OF = "SELECT keep_erasure_key($1, $2, $3)"


async def key_of(pool: asyncpg.Pool, keyring: Keyring, tenant_id: UUID) -> bytes | None:
    """Return the key of a tenant's digests; None when it has erased nothing. The pool is of the role ``hook``.

    Raises:
        KeyShredded: when the tenant's keys were destroyed.
        KeyUnusable: when the master key that it was sealed under is not here.
        KeysUnavailable: when the service that has it does not answer.
    """
    return await _opened(await pool.fetchrow(KEY_OF, tenant_id, timeout=10), keyring, tenant_id)


async def key_to_remember_with(pool: asyncpg.Pool, keyring: Keyring, tenant_id: UUID) -> bytes:
    """Return the key of a tenant's digests, as ``own_key`` does; the tenant remembers once this returns.

    Raises:
        KeyShredded: when the tenant's keys were destroyed.
        KeyUnusable: when the master key that it was sealed under is not here.
        KeysUnavailable: when the service that has it does not answer.
    """
    found = await key_of(pool, keyring, tenant_id)
    if found is None:
        sealed = await _made(await pool.fetchrow(DATA_KEY_OF, tenant_id), keyring, tenant_id)
        await pool.execute(KEEP_KEY_OF, tenant_id, *sealed)
        found = await key_of(pool, keyring, tenant_id)
    if found is None:
        raise LookupError("the key that was just stored is gone")
    return found


FORGET = "SELECT forget_erased($1, $2, $3)"


async def forget(pool: asyncpg.Pool, tenant_id: UUID, before: datetime, most: int) -> int:
    """Remove some digests of before a moment; returns how many. The pool is of the role ``hook``."""
    gone: int = await pool.fetchval(FORGET, tenant_id, before, most)
    return gone


async def _opened(row: Sequence[bytes] | None, keyring: Keyring, tenant_id: UUID) -> bytes | None:
    if row is None:
        return None
    sealed, wrapped, master_key_id = row
    return unseal(await keyring.unwrap(WrappedKey(wrapped, str(master_key_id))), sealed, place_of(tenant_id))


async def _made(data_key: Sequence[bytes] | None, keyring: Keyring, tenant_id: UUID) -> tuple[object, bytes]:
    """Make a key; returns the data key's id, and the new key sealed with it."""
    if data_key is None:
        raise KeyShredded("the tenant's data keys were destroyed")
    key_id, wrapped, master_key_id = data_key
    key = await keyring.unwrap(WrappedKey(wrapped, str(master_key_id)))
    return key_id, seal(key, os.urandom(KEY_BYTES), place_of(tenant_id))
