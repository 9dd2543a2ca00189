"""Making many tenants, by the same functions by which the product makes one."""

import os
import secrets
import time
from uuid import UUID

import asyncpg
import orjson

from benchmarks.client.hooks import Hook
from gateway.access import new_api_key, token_hash
from gateway.keys import Keyring, credentials_of, seal
from gateway.model.ids import new_id, public
from gateway.store import provision

PROVIDER = "whatsapp_cloud"
SECRET_BYTES = 32


async def make_tenants(admin_url: str, master_key: str, count: int) -> list[Hook]:
    """Make tenants, each with one WhatsApp number and an API key."""
    keyring = Keyring(master_key)
    async with provision.provisioning(admin_url) as connection:
        return [await _make(connection, keyring, place) for place in range(count)]


async def _make(connection: asyncpg.Connection, keyring: Keyring, place: int) -> Hook:
    tenant_id, key_id, integration_id = _id(), _id(), _id()
    api_key = new_api_key(tenant_id, os.urandom(SECRET_BYTES))
    address = f"106{place:012d}"
    secret = secrets.token_hex(16)
    await provision.add_tenant(connection, tenant_id, f"bench-{place}", f"Bench {place}", _id())
    await provision.add_api_key(
        connection, tenant_id, _id(), api_key.split("_")[1], token_hash(api_key), "First key", []
    )
    data_key, stored = await keyring.new_data_key()
    await provision.add_data_key(connection, tenant_id, key_id, stored.wrapped, stored.master_key_id)
    credentials = {"app_secret": secret, "verify_token": "verify", "access_token": "access"}
    sealed = seal(data_key, orjson.dumps(credentials), credentials_of(tenant_id, integration_id))
    await provision.add_integration(connection, tenant_id, integration_id, PROVIDER, "WhatsApp", key_id, sealed)
    await provision.add_channel(connection, tenant_id, _id(), integration_id, PROVIDER, "whatsapp", address, "WhatsApp")
    return Hook(str(tenant_id), f"/hooks/{public('int', integration_id)}", secret, address, api_key)


def _id() -> UUID:
    return new_id(time.time_ns() // 1_000_000)
