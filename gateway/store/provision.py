"""Making tenants, people, keys and connections. Runs over the admin connection, acting as the role ``writer``."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson

ADD_TENANT = "INSERT INTO tenants (id, slug, name) VALUES ($1, $2, $3)"
ADD_HEAD = "INSERT INTO tenant_heads (tenant_id, epoch) VALUES ($1, $2)"
ADD_KEY = "INSERT INTO encryption_keys (tenant_id, id, wrapped_key, master_key_id) VALUES ($1, $2, $3, $4)"
# The operator vouches for the address.
ADD_USER = "INSERT INTO users (id, email, name, password_hash, verified_at) VALUES ($1, lower($2), $3, $4, now())"
ADD_MEMBER = "INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3)"
ADD_API_KEY = """
INSERT INTO api_keys (tenant_id, id, prefix, key_hash, name, scopes) VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_INTEGRATION = """
INSERT INTO external_integrations (
    tenant_id, id, provider, name, key_id, credentials_sealed, config, report_only, status)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, 'active')
"""
ADD_CHANNEL = """
INSERT INTO channels (tenant_id, id, integration_id, provider, kind, address, name) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
ADD_APP = """
INSERT INTO provider_apps (id, provider, name, wrapped_key, master_key_id, credentials_sealed)
VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_APP_ROUTE = "INSERT INTO app_routes (app_id, address, tenant_id, integration_id) VALUES ($1, $2, $3, $4)"


@asynccontextmanager
async def provisioning(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a transaction in which tenants can be made; it commits at the end."""
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE postgate_writer")
            yield connection
    finally:
        await connection.close()


async def add_tenant(connection: asyncpg.Connection, tenant_id: UUID, slug: str, name: str, epoch: UUID) -> None:
    """Make a tenant with an empty log."""
    await connection.execute(ADD_TENANT, tenant_id, slug, name)
    await connection.execute(ADD_HEAD, tenant_id, epoch)


async def add_data_key(
    connection: asyncpg.Connection, tenant_id: UUID, key_id: UUID, wrapped_key: bytes, master_key_id: str
) -> None:
    """Store a tenant's data key, wrapped."""
    await connection.execute(ADD_KEY, tenant_id, key_id, wrapped_key, master_key_id)


async def add_member(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    user_id: UUID,
    email: str,
    name: str,
    password_hash: str,
    role: str,
) -> None:
    """Make a user who belongs to a tenant."""
    await connection.execute(ADD_USER, user_id, email, name, password_hash)
    await connection.execute(ADD_MEMBER, tenant_id, user_id, role)


async def add_api_key(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    key_id: UUID,
    prefix: str,
    key_hash: bytes,
    name: str,
    scopes: Sequence[str],
) -> None:
    """Store an API key's hash; the key itself is shown once, by whoever made it."""
    await connection.execute(ADD_API_KEY, tenant_id, key_id, prefix, key_hash, name, list(scopes))


async def add_integration(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    integration_id: UUID,
    provider: str,
    name: str,
    key_id: UUID,
    credentials_sealed: bytes,
    *,
    config: Mapping[str, Any] | None = None,
    report_only: bool = False,
) -> None:
    """Make a connection to a provider; its credentials are sealed with the data key ``key_id``."""
    settings = orjson.dumps(config or {}).decode()
    await connection.execute(
        ADD_INTEGRATION, tenant_id, integration_id, provider, name, key_id, credentials_sealed, settings, report_only
    )


async def add_integrations(
    connection: asyncpg.Connection, tenant_id: UUID, key_id: UUID, made: Iterable[tuple[UUID, str, str, bytes]]
) -> None:
    """Make many connections in one round trip: the id, provider, name and sealed credentials of each."""
    rows = [(tenant_id, one, provider, name, key_id, sealed, "{}", False) for one, provider, name, sealed in made]
    await connection.executemany(ADD_INTEGRATION, rows)


async def add_channel(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    channel_id: UUID,
    integration_id: UUID,
    provider: str,
    kind: str,
    address: str,
    name: str,
) -> None:
    """Add an address to a connection."""
    await connection.execute(ADD_CHANNEL, tenant_id, channel_id, integration_id, provider, kind, address, name)


async def add_channels(
    connection: asyncpg.Connection, tenant_id: UUID, made: Iterable[tuple[UUID, UUID, str, str, str, str]]
) -> None:
    """Add many addresses in one round trip: the id, connection, provider, kind, address and name of each."""
    await connection.executemany(ADD_CHANNEL, [(tenant_id, *one) for one in made])


async def add_app(
    connection: asyncpg.Connection,
    app_id: UUID,
    provider: str,
    name: str,
    wrapped_key: bytes,
    master_key_id: str,
    credentials_sealed: bytes,
) -> None:
    """Make an app that tenants share, with a data key of its own."""
    await connection.execute(ADD_APP, app_id, provider, name, wrapped_key, master_key_id, credentials_sealed)


async def add_app_route(
    connection: asyncpg.Connection, app_id: UUID, address: str, tenant_id: UUID, integration_id: UUID
) -> None:
    """Let an address of a shared app belong to a tenant's connection."""
    await connection.execute(ADD_APP_ROUTE, app_id, address, tenant_id, integration_id)
