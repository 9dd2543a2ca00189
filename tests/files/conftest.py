"""The API's fixtures, for the tests of files too; and a desk with a provider and a storage."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.files.disk import DiskStorage
from tests.api.conftest import assets, live, other, public_url, rows, served, single_sign_on
from tests.api.rows import Rows
from tests.conftest import Database, Tenant
from tests.files.desk import Desk, Provider
from tests.strays import own_path

__all__ = ["assets", "live", "other", "public_url", "rows", "served", "single_sign_on"]


@pytest.fixture
async def desk(
    database: Database,
    tenant: Tenant,
    rows: Rows,
    tmp_path: Path,
) -> AsyncIterator[Desk]:
    """A tenant, a provider, and a storage."""
    provider = Provider()
    app = web.Application()
    prefix = own_path()
    app.router.add_route("*", prefix + "/{path:.*}", provider.handle)
    server = TestServer(app)
    await server.start_server()
    provider.url = str(server.make_url(prefix)).rstrip("/")
    yield Desk(database, tenant, provider, rows, tmp_path / "files", DiskStorage(tmp_path / "files"))
    await server.close()
