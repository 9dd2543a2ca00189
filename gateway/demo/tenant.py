"""The demo tenant: one connection per provider, with secrets made for this installation alone."""

import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from argon2 import PasswordHasher

from gateway.access import new_api_key, token_hash
from gateway.keys import Keyring, credentials_of, seal
from gateway.model.ids import public
from gateway.store import provision

TENANT_EXISTS = "SELECT EXISTS (SELECT FROM tenants WHERE id = $1)"
SECRET_BYTES = 32

Demo = Mapping[str, Any]


async def ensure(admin_url: str, keyring: Keyring, demo: Demo, new_id: Callable[[], UUID]) -> None:
    """Make the demo tenant in the database, unless it is there."""
    tenant_id = UUID(demo["tenant_id"])
    async with provision.provisioning(admin_url) as connection:
        if await connection.fetchval(TENANT_EXISTS, tenant_id):
            return
        await provision.add_tenant(connection, tenant_id, demo["slug"], demo["name"], new_id())
        await provision.add_member(
            connection, tenant_id, UUID(demo["user_id"]), demo["email"], f"{demo['name']} owner",
            PasswordHasher().hash(demo["password"]), "owner",
        )  # fmt: skip
        prefix = demo["api_key"].split("_")[1]
        await provision.add_api_key(
            connection, tenant_id, new_id(), prefix, token_hash(demo["api_key"]), "First key", []
        )
        key_id = new_id()
        data_key, stored = keyring.new_data_key()
        await provision.add_data_key(connection, tenant_id, key_id, stored.wrapped, stored.master_key_id)
        for integration in demo["integrations"]:
            integration_id = UUID(integration["id"])
            place = credentials_of(tenant_id, integration_id)
            sealed = seal(data_key, orjson.dumps(integration["credentials"]), place)
            await provision.add_integration(
                connection, tenant_id, integration_id, integration["provider"], integration["name"], key_id, sealed
            )
            for channel in integration["channels"]:
                await provision.add_channel(
                    connection, tenant_id, UUID(channel["id"]), integration_id, integration["provider"],
                    channel["kind"], channel["address"], channel["name"],
                )  # fmt: skip


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
    return {
        "tenant_id": str(tenant_id),
        "slug": slug,
        "name": slug.capitalize(),
        "user_id": str(new_id()),
        "email": f"{slug}@postgate.test",
        "password": secrets.token_urlsafe(12),
        "api_key": new_api_key(tenant_id, os.urandom(SECRET_BYTES)),
        "integrations": [
            {"id": str(new_id()), **integration, "channels": [{"id": str(new_id()), **c} for c in channels]}
            for integration, channels in _connections()
        ],
    }


def _connections() -> list[tuple[dict[str, Any], list[dict[str, str]]]]:
    number = "+12025550110"
    return [
        (
            {
                "provider": "whatsapp_cloud",
                "name": "WhatsApp",
                "credentials": {
                    "app_secret": secrets.token_hex(16),
                    "verify_token": secrets.token_urlsafe(16),
                    "access_token": secrets.token_urlsafe(32),
                },
            },
            [{"kind": "whatsapp", "address": "106000000000001", "name": "WhatsApp"}],
        ),
        (
            {
                "provider": "twilio",
                "name": "Twilio",
                "credentials": {
                    "account_sid": f"AC{secrets.token_hex(16)}",
                    "auth_token": secrets.token_hex(16),
                },
            },
            [
                {"kind": "sms", "address": number, "name": "SMS"},
                {"kind": "whatsapp", "address": number, "name": "WhatsApp by Twilio"},
            ],
        ),
        (
            {
                "provider": "postmark",
                "name": "Postmark",
                "credentials": {
                    "username": "postmark",
                    "password": secrets.token_urlsafe(16),
                    "server_token": secrets.token_hex(16),
                },
            },
            [{"kind": "email", "address": "support@demo.postgate.test", "name": "Support mailbox"}],
        ),
    ]
