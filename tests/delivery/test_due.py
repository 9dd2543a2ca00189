"""What is found due at endpoints that keep order, however much waits."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from gateway.store import deliveries
from gateway.store.deliveries import Due, Place, Wanted
from gateway.store.pool import open_pool
from tests.conftest import Database, Tenant
from tests.delivery.registered import Registered

LEASE = timedelta(minutes=5)
HEADS = """
SELECT DISTINCT ON (conversation_id) id FROM webhook_deliveries WHERE next_attempt_at IS NOT NULL
ORDER BY conversation_id, seq
"""
# One conversation has all but the first two of the events, and they wait longest.
LONG_TAIL = """
UPDATE webhook_deliveries SET next_attempt_at = next_attempt_at - interval '1 hour',
    conversation_id = (SELECT max(conversation_id::text)::uuid FROM webhook_deliveries)
WHERE seq > (SELECT min(seq) + 1 FROM webhook_deliveries)
"""


@dataclass(frozen=True)
class Looking:
    """A worker that looks for what is due at an endpoint, and does nothing with it."""

    pool: asyncpg.Pool
    place: Place
    database: Database

    async def look(self, after: UUID | None = None, known: Collection[UUID] = (), most: int = 16) -> Due:
        """Look once."""
        wanted = Wanted(self.place, most, only_pings=False, ordered=True, after=after)
        found = await deliveries.due(self.pool, datetime.now(UTC), [wanted], list(known))
        return found[self.place.endpoint_id]

    async def heads(self) -> set[UUID]:
        """Return what is first in its conversation."""
        return {row["id"] for row in await self.database.fetch(HEADS)}


@pytest.fixture
async def looking(database: Database, tenant: Tenant, master_key: str) -> AsyncIterator[Looking]:
    """An endpoint that keeps order, with 900 events of 300 conversations, leased."""
    registered = Registered(database, tenant, master_key)
    await registered.endpoint("https://integrator.example.org/hooks", ordering="conversation")
    await registered.happen(900, conversations=300)
    pool = await open_pool(database.hook_url, 1)
    while any((await deliveries.dispatch(pool, datetime.now(UTC), None, 500)).left.values()):
        pass  # there is more
    [claimed] = await deliveries.claim(pool, datetime.now(UTC), LEASE, 10)
    yield Looking(pool, claimed.place, database)
    await pool.close()


async def test_each_conversation_has_its_turn_and_only_its_first_goes(looking: Looking) -> None:
    heads = await looking.heads()
    assert len(heads) == 300
    seen: set[UUID] = set()
    after: UUID | None = None
    for _ in range(20):
        found = await looking.look(after, seen, most=64)
        assert {row.id for row in found.rows} <= heads - seen
        seen |= {row.id for row in found.rows}
        after = found.after
    assert seen == heads


async def test_a_conversation_with_a_long_tail_hides_no_other(looking: Looking) -> None:
    await looking.database.script(LONG_TAIL)
    found = await looking.look()
    assert {row.id for row in found.rows} == await looking.heads()
    assert len(found.rows) == 3
    assert found.after is None
