"""Fixtures of the ingest tests."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import orjson
import pytest

from gateway.keys import Keyring, credentials_of, seal
from gateway.model.ids import parse, public
from gateway.store import provision
from tests.conftest import Database, Tenant, new_id

SharedApp = Callable[[Mapping[str, Tenant]], Awaitable[tuple[str, str]]]


@pytest.fixture
def shared_app(database: Database, master_key: str) -> SharedApp:
    """Makes a Meta app that tenants share; returns its path and its secret."""

    async def make(owners: Mapping[str, Tenant]) -> tuple[str, str]:
        app_id: UUID = new_id()
        secret = secrets.token_hex(16)
        async with provision.provisioning(database.admin_url) as connection:
            key, stored = await Keyring(master_key).new_data_key()
            credentials = orjson.dumps({"app_secret": secret, "verify_token": "token"})
            sealed = seal(key, credentials, credentials_of("app", app_id))
            await provision.add_app(
                connection, app_id, "whatsapp_cloud", "Shared", stored.wrapped, stored.master_key_id, sealed
            )
            for address, tenant in owners.items():
                integration_id = parse("int", tenant.integration("whatsapp_cloud")["id"])
                await provision.add_channel(
                    connection, tenant.id, new_id(), integration_id, "whatsapp_cloud", "whatsapp", address, address
                )
                await provision.add_app_route(connection, app_id, address, tenant.id, integration_id)
        return f"/hooks/apps/{public('app', app_id)}", secret

    return make
