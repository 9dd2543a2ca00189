"""Fixtures of the customers' tests."""

from collections.abc import AsyncIterator

import pytest

from gateway.store.pool import open_pool
from tests.conftest import Database, Tenant
from tests.customers.people import World, world_of


@pytest.fixture
async def world(database: Database, tenant: Tenant) -> AsyncIterator[World]:
    """A tenant's customers."""
    pool = await open_pool(database.app_url, 4)
    made = await world_of(database, pool, tenant)
    yield made
    await made.admin.close()
    await pool.close()
