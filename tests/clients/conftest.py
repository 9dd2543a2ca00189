"""A gateway, a receiver that it may call, and the client for Python."""

from collections.abc import AsyncIterator

import pytest

from gateway.running import Running
from postgate_client import Postgate
from tests.conftest import Tenant
from tests.delivery.conftest import receiver, settings  # noqa: F401 - fixtures


@pytest.fixture
async def postgate(gateway: Running, tenant: Tenant) -> AsyncIterator[Postgate]:
    """The client, with the tenant's key."""
    async with Postgate(gateway.url, tenant.ready["api_key"]) as client:
        yield client
