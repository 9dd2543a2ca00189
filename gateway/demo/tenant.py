"""The demo tenant: one connection per provider, with secrets made for this installation alone."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from argon2 import PasswordHasher

from gateway.access import new_api_key, token_hash
from gateway.keys import Keyring
from gateway.model.ids import public
from gateway.store import provision

EMAIL = "demo@postgate.test"
TENANT_EXISTS = "SELECT EXISTS (SELECT FROM tenants WHERE id = $1)"
SECRET_BYTES = 32

Demo = Mapping[str, Any]


def load_or_make(path: Path, new_id: Callable[[], UUID]) -> Demo:
    """Return the demo tenant's facts, kept in a file that only its owner may read; made at the first start."""
    if path.exists():
        found: Demo = orjson.loads(path.read_bytes())
        return found
    made = _make(new_id)
    unfinished = path.with_suffix(".new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    unfinished.rename(path)
    return made


async def ensure(admin_url: str, keyring: Keyring, demo: Demo, new_id: Callable[[], UUID]) -> None:
    """Make the demo tenant in the database, unless it is there."""
    tenant_id = UUID(demo["tenant_id"])
    async with provision.provisioning(admin_url) as connection:
        if await connection.fetchval(TENANT_EXISTS, tenant_id):
            return
        await provision.add_tenant(connection, tenant_id, "demo", "Demo", new_id())
        await provision.add_member(
            connection, tenant_id, UUID(demo["user_id"]), demo["email"], "Demo owner",
            PasswordHasher().hash(demo["password"]), "owner",
        )  # fmt: skip
        prefix = demo["api_key"].split("_")[1]
        await provision.add_api_key(
            connection, tenant_id, new_id(), prefix, token_hash(demo["api_key"]), "Demo key", []
        )
        key_id = new_id()
        data_key = await provision.add_data_key(connection, tenant_id, key_id, keyring)
        for integration in demo["integrations"]:
            integration_id = UUID(integration["id"])
            await provision.add_integration(
                connection, tenant_id, integration_id, integration["provider"], integration["name"], key_id,
                data_key, integration["credentials"],
            )  # fmt: skip
            for channel in integration["channels"]:
                await provision.add_channel(
                    connection, tenant_id, UUID(channel["id"]), integration_id, integration["provider"],
                    channel["kind"], channel["address"], channel["name"],
                )  # fmt: skip


def ready(demo: Demo, base_url: str, database_url: str) -> dict[str, Any]:
    """Return what a newcomer, a script or a test needs to use the demo tenant; ids as the API shows them."""
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
                "hook_url": f"{base_url}/hooks/{public('int', UUID(integration['id']))}",
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


def _make(new_id: Callable[[], UUID]) -> Demo:
    tenant_id = new_id()
    return {
        "tenant_id": str(tenant_id),
        "user_id": str(new_id()),
        "email": EMAIL,
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
