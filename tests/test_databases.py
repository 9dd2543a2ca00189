"""The databases of the tests themselves."""

import asyncpg

from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Database
from tests.databases import UNCHANGED


async def test_a_gateway_leaves_a_database_that_can_be_used_again(settings: Settings, database: Database) -> None:
    async with run_gateway(settings):
        pass
    connection = await asyncpg.connect(database.admin_url)
    try:
        assert await connection.fetchval(UNCHANGED), "every test would make its database anew: a third of a second each"
    finally:
        await connection.close()
