"""Which keys there are, and the end of a tenant's. Over the connection of ``provisioning``, but for the last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

STOCK = """
SELECT k.place, k.master_key_id, count(*) AS keys FROM (
    SELECT 'tenants' AS place, master_key_id FROM encryption_keys WHERE shredded_at IS NULL
    UNION ALL SELECT 'shared apps', master_key_id FROM provider_apps
    UNION ALL SELECT 'second factors', master_key_id FROM second_factors) k
GROUP BY 1, 2 ORDER BY 1, 2
"""
IN_USE = "SELECT * FROM master_keys_in_use()"
OLDER = """
SELECT count(*) FROM encryption_keys k WHERE k.shredded_at IS NULL AND EXISTS (
    SELECT FROM encryption_keys n WHERE n.tenant_id = k.tenant_id AND n.shredded_at IS NULL
        AND (n.created_at, k.id) > (k.created_at, n.id))
"""
SHREDDED = """
SELECT t.slug FROM tenants t
WHERE EXISTS (SELECT FROM encryption_keys k WHERE k.tenant_id = t.id AND k.shredded_at IS NOT NULL) ORDER BY t.slug
"""
ROTATIONS = """
SELECT created_at, finished_at, data_keys, step, counts::text AS counts FROM key_rotations
ORDER BY created_at DESC LIMIT 1
"""
SHRED = """
UPDATE encryption_keys SET wrapped_key = '', master_key_id = 'shredded', shredded_at = now()
WHERE tenant_id = $1 AND shredded_at IS NULL
"""
SUSPEND = "UPDATE tenants SET status = 'suspended' WHERE id = $1"
EMPTY_CREDENTIALS = "UPDATE external_integrations SET credentials_sealed = '', status = 'disabled' WHERE tenant_id = $1"
END_SESSIONS = "DELETE FROM sessions WHERE tenant_id = $1"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """How many data keys are wrapped under a name, of tenants, of shared apps or of second factors."""

    place: str
    master_key_id: str
    keys: int


@dataclass(frozen=True, slots=True)
class LastRotation:
    """The last exchange of keys; ``finished_at`` is None while it is not done."""

    created_at: datetime
    finished_at: datetime | None
    data_keys: bool
    step: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stock:
    """All data keys.

    Attributes:
        wrapped: by what wraps them.
        older: those of tenants that another one took the place of.
        shredded: the tenants whose keys were destroyed, by slug.
        last: the last exchange; None when there was none.
    """

    wrapped: Sequence[Wrapped]
    older: int
    shredded: Sequence[str]
    last: LastRotation | None


async def stock(connection: asyncpg.Connection) -> Stock:
    """Return what keys there are."""
    last = await connection.fetchrow(ROTATIONS)
    return Stock(
        [Wrapped(**row) for row in await connection.fetch(STOCK)],
        await connection.fetchval(OLDER),
        [row["slug"] for row in await connection.fetch(SHREDDED)],
        None if last is None else LastRotation(**{**last, "counts": _counts(last["counts"])}),
    )


async def shred(connection: asyncpg.Connection, tenant_id: UUID) -> int:
    """Destroy the data keys of a tenant, and suspend it; returns how many keys there were.

    Nobody logs in any more, nothing is taken in or sent. What is sealed stays as it is: nobody can read it.
    """
    done: str = await connection.execute(SHRED, tenant_id)
    await connection.execute(SUSPEND, tenant_id)
    await connection.execute(EMPTY_CREDENTIALS, tenant_id)
    await connection.execute(END_SESSIONS, tenant_id)
    return int(done.removeprefix("UPDATE "))


async def wipe(admin_url: str) -> None:
    """Write the table of keys anew: the rows that were changed are gone from its file then.

    Raises:
        PostgresError: when the role may not, or others are in the way for two seconds.
    """
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        await connection.execute("SET lock_timeout = '2s'")
        await connection.execute("SET ROLE postgate_owner")
        await connection.execute("VACUUM (FULL) encryption_keys")
    finally:
        await connection.close()


def _counts(text: str) -> Mapping[str, int]:
    found: dict[str, Any] = orjson.loads(text)
    return found


async def master_keys_in_use(pool: asyncpg.Pool) -> Mapping[str, int]:
    """Return by which master keys the newest data keys are wrapped, and of how many tenants and shared apps.

    Args:
        pool: of the role ``hook``.

    Raises:
        DatabaseUnavailable: when the database can't be reached.
    """
    try:
        return {row["master_key_id"]: row["used"] for row in await pool.fetch(IN_USE)}
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error
