"""Fixtures of the tests of privacy."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.keys import Keyring
from tests.conftest import Database, Tenant
from tests.privacy.customer import Town

NAME = "UPDATE api_keys SET scopes = '{write,customers.privacy}' WHERE tenant_id = $1"


@pytest.fixture
async def town(client: ClientSession, tenant: Tenant, database: Database, master_key: str, tmp_path: Path) -> Town:
    """A tenant with a customer of whom something stands everywhere; its key may do what has to be named, too."""
    await database.fetch(NAME, tenant.id)
    return Town(client, tenant, database, Keyring(master_key), tmp_path / "files")
