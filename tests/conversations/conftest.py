"""Two processes' worth of workers over one database."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import pytest

from gateway.conversations.doing import Doer
from gateway.conversations.errands import Errands
from gateway.model.ids import new_id, parse
from gateway.model.log import Entry
from gateway.store.pool import open_pool
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

EVENTS = "SELECT seq, type, data::text FROM events WHERE tenant_id = $1 ORDER BY seq"
SLEEP = "UPDATE conversations SET status = 'snoozed', snoozed_until = $2 WHERE id = $1"


@dataclass
class Workers:
    """Workers, and what they announced."""

    database: Database
    tenant: Tenant
    workers: list[Errands] = field(default_factory=list)
    announced: list[Entry] = field(default_factory=list)

    def announce(self, entries: Sequence[Entry]) -> None:
        self.announced += entries

    async def look(self) -> list[float]:
        """Let all look at once."""
        return await asyncio.gather(*(worker.look() for worker in self.workers))

    async def events(self) -> list[tuple[str, Any]]:
        """Return type and data of each entry of the log, which has no hole and was announced."""
        rows = await self.database.fetch(EVENTS, self.tenant.id)
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        assert sorted(entry.seq for entry in self.announced) == [row["seq"] for row in rows]
        return [(row["type"], orjson.loads(row["data"])) for row in rows]

    async def lay_down(self, conversation: str, until: datetime) -> None:
        """Let a conversation sleep."""
        await self.database.fetch(SLEEP, parse("cnv", conversation), until)


@pytest.fixture
async def workers(database: Database, tenant: Tenant) -> AsyncIterator[Workers]:
    """Two workers that look when they are told to."""
    found = Workers(database, tenant)
    pools = []
    for _ in range(2):
        pools += [await open_pool(database.app_url, 2), await open_pool(database.hook_url, 1)]
        found.workers.append(Errands(pools[-1], Doer(pools[-2], found.announce, new_id)))
    yield found
    for pool in pools:
        await pool.close()


@pytest.fixture
def rows(database: Database, tenant: Tenant) -> Rows:
    """Puts rows of the tenant into the database."""
    return Rows(database, tenant)
