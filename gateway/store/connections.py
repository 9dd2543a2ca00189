"""Connections to providers, their channels, and the templates that providers list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from gateway.keys import WrappedKey
from gateway.store.pool import TenantTx


class KeyMissing(LookupError):
    """The tenant has no data key. Each tenant gets one when it is made, so this one is not there."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """A tenant's data key, as it is stored."""

    id: UUID
    wrapped: WrappedKey


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as it is stored.

    Attributes:
        credentials_sealed: with the data key ``key``; see ``gateway.keys``.
        settings: by name.
        channels: JSON text, a list.
    """

    id: UUID
    provider: str
    name: str
    status: str
    report_only: bool
    error_message: str | None
    silence: Literal["off", "low", "normal", "high"]
    settings: Mapping[str, Any]
    credentials_sealed: bytes
    key: DataKey
    created_at: datetime
    updated_at: datetime
    channels: str


DATA_KEY = """
SELECT id, wrapped_key, master_key_id FROM encryption_keys WHERE tenant_id = $1 AND shredded_at IS NULL
ORDER BY created_at DESC, id LIMIT 1
"""


async def data_key(tx: TenantTx) -> DataKey:
    """Return the newest data key of the tenant.

    Raises:
        KeyMissing: when there is none.
    """
    row = await tx.connection.fetchrow(DATA_KEY, tx.tenant_id)
    if row is None:
        raise KeyMissing(str(tx.tenant_id))
    return DataKey(row["id"], WrappedKey(row["wrapped_key"], row["master_key_id"]))


ALL = """
SELECT i.id, i.provider, i.name, i.status, i.report_only, i.error_message, i.silence, i.config::text AS settings,
    i.credentials_sealed, i.key_id, k.wrapped_key, k.master_key_id, i.created_at, i.updated_at, (
        SELECT coalesce(json_agg(j.data ORDER BY c.created_at, c.id), '[]')::text
        FROM channels c CROSS JOIN LATERAL channel_json(c) j
        WHERE c.tenant_id = i.tenant_id AND c.integration_id = i.id AND c.deleted_at IS NULL) AS channels
FROM external_integrations i
JOIN encryption_keys k ON k.tenant_id = i.tenant_id AND k.id = i.key_id
WHERE i.tenant_id = $1 AND i.deleted_at IS NULL AND ($2::uuid IS NULL OR i.id = $2)
ORDER BY i.created_at, i.id
"""


async def all_of(tx: TenantTx) -> Sequence[Connection]:
    """Return the connections, the oldest first."""
    return [_read(row) for row in await tx.connection.fetch(ALL, tx.tenant_id, None)]


async def get(tx: TenantTx, connection_id: UUID) -> Connection | None:
    """Return one connection."""
    row = await tx.connection.fetchrow(ALL, tx.tenant_id, connection_id)
    return None if row is None else _read(row)


LOCK = """
SELECT 1 FROM external_integrations WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE
"""


async def lock(tx: TenantTx, connection_id: UUID) -> Connection | None:
    """Return one connection, which nobody else changes until the transaction ends."""
    if await tx.connection.fetchval(LOCK, tx.tenant_id, connection_id) is None:
        return None
    return await get(tx, connection_id)


ADD = """
INSERT INTO external_integrations (
    tenant_id, id, provider, name, key_id, credentials_sealed, config, report_only, status)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, 'active')
"""


async def add(
    tx: TenantTx,
    connection_id: UUID,
    provider: str,
    name: str,
    key_id: UUID,
    credentials_sealed: bytes,
    settings: Mapping[str, Any],
    *,
    report_only: bool,
) -> None:
    """Make a connection; its credentials are sealed with the data key ``key_id``."""
    config = orjson.dumps(settings).decode()
    await tx.connection.execute(
        ADD, tx.tenant_id, connection_id, provider, name, key_id, credentials_sealed, config, report_only
    )


CHANGE = """
UPDATE external_integrations
SET name = $3, status = $4, report_only = $5, config = $6::jsonb, credentials_sealed = $7,
    error_message = CASE WHEN status = $4 THEN error_message END
WHERE tenant_id = $1 AND id = $2
"""


async def change(
    tx: TenantTx,
    connection_id: UUID,
    *,
    name: str,
    status: str,
    report_only: bool,
    settings: Mapping[str, Any],
    credentials_sealed: bytes,
) -> None:
    """Store a connection anew; the credentials are sealed with the data key that it has."""
    config = orjson.dumps(settings).decode()
    await tx.connection.execute(
        CHANGE, tx.tenant_id, connection_id, name, status, report_only, config, credentials_sealed
    )


REMOVE = """
UPDATE external_integrations SET deleted_at = now(), status = 'disabled', credentials_sealed = ''
WHERE tenant_id = $1 AND id = $2
"""
REMOVE_CHANNELS = """
UPDATE channels SET deleted_at = now() WHERE tenant_id = $1 AND integration_id = $2 AND deleted_at IS NULL RETURNING id
"""
REMOVE_TEMPLATES = "DELETE FROM message_templates WHERE tenant_id = $1 AND integration_id = $2"


async def remove(tx: TenantTx, connection_id: UUID) -> Sequence[UUID]:
    """Remove a connection from view and destroy its credentials; returns its channels, which go with it.

    The rows stay: messages and conversations refer to them.
    """
    await tx.connection.execute(REMOVE, tx.tenant_id, connection_id)
    await tx.connection.execute(REMOVE_TEMPLATES, tx.tenant_id, connection_id)
    rows = await tx.connection.fetch(REMOVE_CHANNELS, tx.tenant_id, connection_id)
    return [row["id"] for row in rows]


ADD_CHANNEL = """
INSERT INTO channels (tenant_id, id, integration_id, provider, kind, address, name)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, integration_id, kind, address) DO UPDATE SET name = excluded.name, deleted_at = NULL
WHERE channels.deleted_at IS NOT NULL
RETURNING id
"""


async def add_channel(
    tx: TenantTx, connection: Connection, channel_id: UUID, kind: str, address: str, name: str
) -> UUID | None:
    """Add an address to a connection; None when it has it already.

    One that was removed comes back under its former id, with its conversations.
    """
    found: UUID | None = await tx.connection.fetchval(
        ADD_CHANNEL, tx.tenant_id, channel_id, connection.id, connection.provider, kind, address, name
    )
    return found


RENAME_CHANNEL = "UPDATE channels SET name = $3 WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"
REMOVE_CHANNEL = """
UPDATE channels SET deleted_at = now() WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING integration_id
"""
CHANNELS = """
SELECT j.data::text AS json FROM channels c CROSS JOIN LATERAL channel_json(c) j
WHERE c.tenant_id = $1 AND c.id = ANY ($2::uuid[]) ORDER BY c.created_at, c.id
"""
CHANNELS_OF = """
SELECT id FROM channels WHERE tenant_id = $1 AND integration_id = $2 AND deleted_at IS NULL ORDER BY created_at, id
"""


async def rename_channel(tx: TenantTx, channel_id: UUID, name: str) -> bool:
    """Name a channel anew; False when there is none."""
    done: str = await tx.connection.execute(RENAME_CHANNEL, tx.tenant_id, channel_id, name)
    return done == "UPDATE 1"


async def remove_channel(tx: TenantTx, channel_id: UUID) -> UUID | None:
    """Take a channel off its connection, which is returned; None when there is no such channel."""
    found: UUID | None = await tx.connection.fetchval(REMOVE_CHANNEL, tx.tenant_id, channel_id)
    return found


async def channels_json(tx: TenantTx, channels: Sequence[UUID]) -> Sequence[str]:
    """Return channels as JSON texts, removed ones too."""
    return [row["json"] for row in await tx.connection.fetch(CHANNELS, tx.tenant_id, list(channels))]


ALL_CHANNELS = """
SELECT j.data::text AS json FROM channels c CROSS JOIN LATERAL channel_json(c) j
WHERE c.tenant_id = $1 AND c.deleted_at IS NULL ORDER BY c.created_at, c.id
"""


async def all_channels(tx: TenantTx) -> Sequence[str]:
    """Return the channels of all connections as JSON texts, the oldest first."""
    return [row["json"] for row in await tx.connection.fetch(ALL_CHANNELS, tx.tenant_id)]


async def channels_of(tx: TenantTx, connection_id: UUID) -> Sequence[UUID]:
    """Return the channels of a connection, the oldest first."""
    return [row["id"] for row in await tx.connection.fetch(CHANNELS_OF, tx.tenant_id, connection_id)]


# The ledger has no index by connection, which each webhook would have to pay for.
LAST_WEBHOOKS = """
SELECT newest.integration_id, max(newest.received_at) AS moment
FROM (
    SELECT w.integration_id, w.received_at FROM inbound_webhooks w
    WHERE w.tenant_id = $1 ORDER BY w.received_at DESC, w.id DESC LIMIT 1000) newest
GROUP BY newest.integration_id
"""


async def last_webhooks(tx: TenantTx) -> Mapping[UUID, datetime]:
    """Tell when each connection's last webhook came, among the tenant's newest thousand."""
    return {row["integration_id"]: row["moment"] for row in await tx.connection.fetch(LAST_WEBHOOKS, tx.tenant_id)}


PUT_TEMPLATES = """
INSERT INTO message_templates AS t
    (tenant_id, id, integration_id, name, language, status, category, body, components, external_id)
SELECT $1, wanted.id, $2, wanted.name, wanted.language, wanted.status, wanted.category, wanted.body, wanted.components,
    wanted.external_id
FROM jsonb_to_recordset($3::jsonb) AS wanted
    (id uuid, name text, language text, status text, category text, body text, components jsonb, external_id text)
ON CONFLICT (tenant_id, integration_id, name, language) DO UPDATE
SET status = excluded.status, category = excluded.category, body = excluded.body, components = excluded.components,
    external_id = excluded.external_id
"""
DROP_TEMPLATES = "DELETE FROM message_templates WHERE tenant_id = $1 AND integration_id = $2 AND updated_at < now()"
TEMPLATES = """
SELECT json_build_object('id', public_id('tpl_', t.id), 'name', t.name, 'language', t.language, 'status', t.status,
    'category', t.category, 'body', t.body, 'components', t.components, 'external_id', t.external_id,
    'synced_at', iso(t.updated_at))::text AS json
FROM message_templates t WHERE t.tenant_id = $1 AND t.integration_id = $2 ORDER BY t.name, t.language
"""


async def replace_templates(tx: TenantTx, connection_id: UUID, listed: str) -> None:
    """Store what a provider lists now, and forget what it lists no more.

    Args:
        tx: a transaction in which nothing else was written to the templates.
        connection_id: of the connection.
        listed: a JSON list of objects with the columns' names; each name and language once.
    """
    await tx.connection.execute(PUT_TEMPLATES, tx.tenant_id, connection_id, listed)
    await tx.connection.execute(DROP_TEMPLATES, tx.tenant_id, connection_id)


async def templates_json(tx: TenantTx, connection_id: UUID) -> Sequence[str]:
    """Return the templates of a connection as JSON texts, by name and language."""
    return [row["json"] for row in await tx.connection.fetch(TEMPLATES, tx.tenant_id, connection_id)]


NOW = "SELECT clock_timestamp()"


async def database_time(tx: TenantTx) -> datetime:
    """Return the time by the database's clock."""
    found: datetime = await tx.connection.fetchval(NOW)
    return found


def _read(row: Any) -> Connection:  # Any: asyncpg ships no types
    key = DataKey(row["key_id"], WrappedKey(row["wrapped_key"], row["master_key_id"]))
    return Connection(
        row["id"],
        row["provider"],
        row["name"],
        row["status"],
        row["report_only"],
        row["error_message"],
        row["silence"],
        orjson.loads(row["settings"]),
        row["credentials_sealed"],
        key,
        row["created_at"],
        row["updated_at"],
        row["channels"],
    )
