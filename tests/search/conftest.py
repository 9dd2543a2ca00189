"""The API's fixtures, here too."""

import pytest

from tests.api.conftest import *  # noqa: F403 - whatever the API's fixtures ask for
from tests.api.conftest import Served
from tests.conftest import Database, Tenant
from tests.search.writing import Writing


@pytest.fixture
async def writing(database: Database, served: Served, tenant: Tenant) -> Writing:
    """Writes as the tenant."""
    return Writing(database, served.pool, tenant)


@pytest.fixture(params=["log", "index"])
def read_from(request: pytest.FixtureRequest) -> str:
    """Where the words are when they are searched: in the log only, or in the index."""
    place: str = request.param
    return place
