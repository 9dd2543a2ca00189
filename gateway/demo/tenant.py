"""The demo tenant: one connection per provider, with secrets made for this installation alone."""

import os
import secrets
from collections.abc import Callable, Collection, Container, Mapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from channels.registry import ADAPTERS
from gateway.access import new_api_key, token_hash
from gateway.demo.accounts import Account, account_at
from gateway.keys import Keyring, WrappedKey, credentials_of, seal
from gateway.model.ids import public
from gateway.passwords import hash_password
from gateway.store import provision
from gateway.store.pool import open_pool, tenant_tx

TENANT_EXISTS = "SELECT EXISTS (SELECT FROM tenants WHERE id = $1)"
CONNECTED = "SELECT id FROM external_integrations WHERE tenant_id = $1"
DATA_KEY = """
SELECT id, wrapped_key, master_key_id FROM encryption_keys WHERE tenant_id = $1 AND shredded_at IS NULL
ORDER BY created_at DESC, id LIMIT 1
"""
#: Where somebody entered another address, it stays.
LEAD_TO = """
UPDATE external_integrations SET config = config || jsonb_build_object('base_url', $3::text)
WHERE tenant_id = $1 AND id = ANY ($2) AND coalesce(config ->> 'base_url', '') ~ '^(http://127[.]0[.]0[.]1:[0-9]+)?$'
"""
SECRET_BYTES = 32

Demo = Mapping[str, Any]


async def ensure(admin_url: str, keyring: Keyring, demo: Demo, new_id: Callable[[], UUID]) -> None:
    """Make the demo tenant in the database, or what it lacks there; one that was removed is not made again."""
    tenant_id = UUID(demo["tenant_id"])
    async with provision.provisioning(admin_url) as connection:
        if not await connection.fetchval(TENANT_EXISTS, tenant_id):
            await _make_tenant(connection, keyring, demo, new_id)
        there = {row["id"] for row in await connection.fetch(CONNECTED, tenant_id)}
        missing = [one for one in demo["integrations"] if UUID(one["id"]) not in there]
        if missing:
            await _connect(connection, keyring, tenant_id, missing)


async def lead_to(app_url: str, demo: Demo, providers: Container[str], base_url: str) -> None:
    """Let the connections to some providers call another address than the provider's, from now on.

    Args:
        app_url: the database, as the role ``app``.
        demo: the tenant's facts.
        providers: whose connections.
        base_url: of a simulator on this machine, whose port may be another one at each start.
    """
    tenant_id = UUID(demo["tenant_id"])
    led = [UUID(one["id"]) for one in demo["integrations"] if one["provider"] in providers]
    pool = await open_pool(app_url, 1)
    try:
        async with tenant_tx(pool, tenant_id) as tx:
            await tx.connection.execute(LEAD_TO, tenant_id, led, base_url)
    finally:
        await pool.close()


async def _make_tenant(
    connection: asyncpg.Connection, keyring: Keyring, demo: Demo, new_id: Callable[[], UUID]
) -> None:
    tenant_id = UUID(demo["tenant_id"])
    await provision.add_tenant(connection, tenant_id, demo["slug"], demo["name"], new_id())
    await provision.add_member(
        connection, tenant_id, UUID(demo["user_id"]), demo["email"], f"{demo['name']} owner",
        hash_password(demo["password"]), "owner",
    )  # fmt: skip
    prefix = demo["api_key"].split("_")[1]
    await provision.add_api_key(connection, tenant_id, new_id(), prefix, token_hash(demo["api_key"]), "First key", [])
    _, stored = await keyring.new_data_key()
    await provision.add_data_key(connection, tenant_id, new_id(), stored.wrapped, stored.master_key_id)


async def _connect(
    connection: asyncpg.Connection, keyring: Keyring, tenant_id: UUID, integrations: Collection[Mapping[str, Any]]
) -> None:
    key = await connection.fetchrow(DATA_KEY, tenant_id)
    data_key = await keyring.unwrap(WrappedKey(key["wrapped_key"], key["master_key_id"]))

    def sealed(one: Mapping[str, Any]) -> bytes:
        return seal(data_key, orjson.dumps(one["credentials"]), credentials_of(tenant_id, UUID(one["id"])))

    made = [(UUID(one["id"]), one["provider"], one["name"], sealed(one)) for one in integrations]
    await provision.add_integrations(connection, tenant_id, key["id"], made)
    channels = [
        (UUID(channel["id"]), UUID(one["id"]), one["provider"], channel["kind"], channel["address"], channel["name"])
        for one in integrations
        for channel in one["channels"]
    ]
    await provision.add_channels(connection, tenant_id, channels)


def ready(demo: Demo, base_url: str, database_url: str, public_url: str | None = None) -> dict[str, Any]:
    """Return what a newcomer, a script or a test needs to use the demo tenant; ids as the API shows them.

    Args:
        demo: the tenant's facts.
        base_url: where this machine reaches the gateway.
        database_url: of the role ``app``.
        public_url: where providers reach it, if elsewhere; some sign this address.
    """
    hooks = f"{public_url or base_url}/hooks"
    return {
        "base_url": base_url,
        "email": demo["email"],
        "password": demo["password"],
        "api_key": demo["api_key"],
        "tenant_id": demo["tenant_id"],
        "database_url": database_url,
        "integrations": [
            {
                "id": public("int", UUID(integration["id"])),
                "provider": integration["provider"],
                "hook_url": f"{hooks}/{public('int', UUID(integration['id']))}",
                "credentials": integration["credentials"],
                "signing_keys": integration.get("signing_keys", {}),
                "channels": [
                    {
                        "id": public("ch", UUID(channel["id"])),
                        "address": channel["address"],
                        "kind": channel["kind"],
                        "name": channel["name"],
                    }
                    for channel in integration["channels"]
                ],
            }
            for integration in demo["integrations"]
        ],
    }


def make(new_id: Callable[[], UUID], slug: str) -> Demo:
    """Make up a tenant's ids and secrets: an owner, an API key, and a connection to each provider."""
    tenant_id = new_id()
    bare = {
        "tenant_id": str(tenant_id),
        "slug": slug,
        "name": slug.capitalize(),
        "user_id": str(new_id()),
        "email": f"{slug}@postgate.test",
        "password": secrets.token_urlsafe(12),
        "api_key": new_api_key(tenant_id, os.urandom(SECRET_BYTES)),
        "integrations": [],
    }
    return completed(bare, new_id)


def completed(demo: Demo, new_id: Callable[[], UUID]) -> Demo:
    """Return a tenant's facts with a connection to each provider that it had none to; the same when none is missing."""
    known = {integration["provider"] for integration in demo["integrations"]}
    missing = [provider for provider in ADAPTERS if provider not in known]
    if not missing:
        return demo
    integrations = [*demo["integrations"]]
    for provider in missing:
        taken = {channel["address"] for one in integrations for channel in one["channels"]}
        integrations.append(_integration(provider, account_at(ADAPTERS[provider], taken), new_id))
    return {**demo, "integrations": integrations}


def _integration(provider: str, account: Account, new_id: Callable[[], UUID]) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "provider": provider,
        "name": account.name,
        "credentials": dict(account.credentials),
        "signing_keys": dict(account.signing_keys),
        "channels": [
            {"id": str(new_id()), "kind": kind, "address": address, "name": name}
            for kind, address, name in account.channels
        ],
    }
