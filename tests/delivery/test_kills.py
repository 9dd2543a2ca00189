"""Workers that are killed at each step, and two at once: nothing is lost, and what came twice is accounted for."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from aiohttp import web

from tests.conftest import Database, Start, Tenant
from tests.delivery.receiving import Receipt, Receiver, fine, receiving
from tests.delivery.registered import Registered

SECONDS = 30.0
END_LEASES = """
UPDATE webhook_lanes SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL
"""
CLAIMED = "SELECT count(*) > 0 FROM webhook_lanes WHERE lease_token IS NOT NULL"
WAITS_FOR = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'"
ATTEMPTS = "SELECT count(*) FROM webhook_attempts"
WRITTEN = "SELECT count(*) FROM (SELECT delivery_id, number FROM webhook_attempts GROUP BY 1, 2 HAVING count(*) > 1) d"


@pytest.fixture
def registered(database: Database, tenant: Tenant, master_key: str) -> Registered:
    """The tenant's endpoints."""
    return Registered(database, tenant, master_key)


async def until(database: Database, question: str, *arguments: Any) -> None:
    """Wait until the database answers a question with yes."""
    async with asyncio.timeout(SECONDS):
        while not await database.value(question, *arguments):
            await asyncio.sleep(0.02)  # between two looks


async def until_all_succeeded(registered: Registered, count: int) -> None:
    """Wait until so many deliveries succeeded, and none is left."""
    async with asyncio.timeout(SECONDS):
        while await registered.states() != {"SUCCESS": count}:
            await asyncio.sleep(0.05)  # between two looks


@asynccontextmanager
async def locked(database: Database, table: str) -> AsyncIterator[None]:
    """Keep everybody away from a table."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def kill(process: asyncio.subprocess.Process) -> None:
    """Kill a worker as a crash would."""
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def test_killed_after_the_claim_everything_arrives_once(
    start_worker: Start, registered: Registered, receiver: Receiver, database: Database
) -> None:
    await registered.endpoint(receiver.url)
    await registered.happen(20)
    async with locked(database, "encryption_keys"):  # it claims, and can't read what it takes to go on
        worker = await start_worker()
        await until(database, CLAIMED)
        await kill(worker)
    assert receiver.receipts == []
    await database.script(END_LEASES)
    await start_worker()
    await until_all_succeeded(registered, 20)
    assert Counter(receiver.seqs()) == dict.fromkeys(receiver.seqs(), 1)


async def test_killed_in_its_attempts_they_are_made_again(
    start_worker: Start, registered: Registered, receiver: Receiver, database: Database
) -> None:
    async def hang(_receipt: Receipt) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    receiver.respond = hang
    await registered.endpoint(receiver.url, max_in_flight=4)
    await registered.happen(12)
    worker = await start_worker()
    await receiver.wait_for_count(4)
    await kill(worker)
    assert await registered.states() == {"PENDING": 12}
    receiver.respond = fine
    await database.script(END_LEASES)
    await start_worker()
    await until_all_succeeded(registered, 12)
    assert Counter(Counter(receiver.seqs()).values()) == {2: 4, 1: 8}, "only what was under way came twice"


async def test_killed_before_its_record_the_same_is_sent_under_the_same_id(
    start_worker: Start, registered: Registered, receiver: Receiver, database: Database
) -> None:
    await registered.endpoint(receiver.url)
    await registered.happen(1)
    async with locked(database, "webhook_minutes"):  # the last thing that a record writes
        worker = await start_worker()
        await receiver.wait_for_count(1)
        await until(database, WAITS_FOR, "record_attempts")
        await kill(worker)
    await database.script(END_LEASES)
    await start_worker()
    await until_all_succeeded(registered, 1)
    ids = {one.headers["webhook-id"] for one in receiver.receipts}
    assert len(ids) == 1
    assert await database.value(ATTEMPTS) <= len(receiver.receipts) <= 2


async def test_two_workers_share_the_endpoints_and_double_nothing(
    start_worker: Start, registered: Registered, receiver: Receiver, database: Database
) -> None:
    async with receiving() as other:
        for _ in range(3):
            await registered.endpoint(receiver.url)
            await registered.endpoint(other.url, ordering="conversation")
        await asyncio.gather(start_worker(), start_worker())
        for _ in range(10):
            await registered.happen(20, conversations=4)
        await until_all_succeeded(registered, 200 * 6)
        for came in (receiver, other):
            assert set(Counter(came.seqs()).values()) == {3}, "each endpoint got each event once"
    assert await database.value(ATTEMPTS) == 200 * 6
    assert await database.value(WRITTEN) == 0


async def test_workers_that_die_at_any_moment_lose_nothing_and_keep_the_order(
    start_worker: Start, registered: Registered, receiver: Receiver, database: Database
) -> None:
    await registered.endpoint(receiver.url, ordering="conversation")
    workers = [await start_worker(), await start_worker()]
    total = 0
    for round_ in range(2):
        await registered.happen(50, conversations=5)
        total += 50
        await receiver.wait_for_count(total - 40)
        await kill(workers[round_ % 2])
        await database.script(END_LEASES)
        workers[round_ % 2] = await start_worker()
    await until_all_succeeded(registered, total)
    assert len(set(receiver.seqs())) == total
    firsts: dict[str, list[int]] = {}
    for one in receiver.receipts:
        numbers = firsts.setdefault(one.event["conversation_id"], [])
        number = int(one.headers["postgate-conversation-sequence"])
        if number not in numbers:
            numbers.append(number)
    assert all(numbers == sorted(numbers) for numbers in firsts.values())
    assert await database.value(WRITTEN) == 0
