"""The API's fixtures, here too, and the worker that looks for personal data, which looks when it is told to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import asyncpg
import pytest

from gateway.detection import reading
from gateway.detection.reading import Detection
from gateway.model.log import Entry
from tests.api.conftest import *  # noqa: F403 - whatever the API's fixtures ask for
from tests.api.conftest import Served
from tests.conftest import Database, Tenant, new_id
from tests.search.writing import Writing


@dataclass
class Looking:
    """The worker, and what it announced."""

    look: Callable[[], Awaitable[bool]]
    announced: list[Entry] = field(default_factory=list)


@pytest.fixture
async def writing(database: Database, served: Served, tenant: Tenant) -> Writing:
    """Writes as the tenant."""
    return Writing(database, served.pool, tenant)


@pytest.fixture
async def looking(database: Database, served: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Looking]:
    """A worker that looks when it is told to."""
    monkeypatch.setattr(reading, "REST", 0)  # nobody else is to have the processors
    announced: list[Entry] = []
    pool = await asyncpg.create_pool(database.hook_url, min_size=0, max_size=1)
    detection = Detection(pool, served.pool, announced.extend, new_id)
    yield Looking(detection.look, announced)
    await pool.close()
