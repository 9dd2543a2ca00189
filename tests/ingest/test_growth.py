"""What one message costs does not grow with the messages that are there, on a database that has just been made too."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from channels.http import Headers, HttpRequest
from gateway.app import ingest_alone
from gateway.ingest.receive import Receiver
from gateway.ingest.routing import Route
from gateway.ingest.writer import Writer
from gateway.model.ids import new_id
from gateway.parts import now
from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.ingest.posts import text, whatsapp

GROUP = 64
ROWS_READ = """
    SELECT sum(idx_tup_read) FROM pg_stat_user_indexes
    WHERE relname IN ('conversations', 'messages', 'customers', 'customer_identities', 'external_message_mappings')
"""


@pytest.fixture
def new_database() -> bool:
    """Rows are counted as they are read."""
    return True


@asynccontextmanager
async def writer_and_connection(database: Database) -> AsyncIterator[tuple[Writer, list[Any]]]:
    """Run a writer; its connection is in the list."""
    opened: list[Any] = []

    async def connect() -> asyncpg.Connection:
        opened.append(await asyncpg.connect(database.hook_url))
        return opened[-1]

    writer = Writer(connect, lambda entries: None, list, queue_limit=1000)
    await writer.start()
    yield writer, opened
    await writer.stop()


async def post(receiver: Receiver, route: Route, tenant: Tenant, first: int) -> None:
    """Store a group of messages of as many customers, who have written before unless this is their first group."""
    integration = tenant.integration("whatsapp_cloud")
    posts = [
        whatsapp(integration, [text(f"wamid.G{number}", sender=f"1202555{number % 512:04d}")])
        for number in range(first, first + GROUP)
    ]
    requests = [HttpRequest("POST", f"http://gateway.test{p.path}", Headers.of(p.headers), p.body) for p in posts]
    await asyncio.gather(*(receiver.store(route, request, now(), verified=True) for request in requests))


async def test_the_cost_of_a_message_stays_the_same(settings: Settings, database: Database, tenant: Tenant) -> None:
    async with ingest_alone(settings) as ingest, writer_and_connection(database) as (writer, opened):
        route = await ingest.directory.route(UUID(tenant.facts["integrations"][0]["id"]))
        assert route is not None
        receiver = Receiver(writer, writer, writer, lambda: None, cast("Any", None), cast("Any", None), now, new_id)
        for group in range(16):
            await post(receiver, route, tenant, group * GROUP)
        await opened[0].execute("SELECT pg_stat_force_next_flush()")
        before = await database.value(ROWS_READ)
        await post(receiver, route, tenant, 16 * GROUP)
        await opened[0].execute("SELECT pg_stat_force_next_flush()")
        read = await database.value(ROWS_READ) - before
    assert 0 < read / GROUP < 40, f"{read / GROUP} index entries read for one message"
