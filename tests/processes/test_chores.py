"""Chores are done by one process of all, when they are due, whoever dies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from prometheus_client import REGISTRY

from gateway.chores import Chore, Chores
from gateway.store.pool import open_pool
from tests.conftest import Database

NOW_DUE = "UPDATE chores SET next_at = now()"
STATE = "SELECT succeeded_at IS NOT NULL AS done, failures, extract(epoch FROM next_at - now()) AS wait FROM chores"

Process = Callable[[Callable[[], Awaitable[object]]], Awaitable[Chores]]


@pytest.fixture
async def process(database: Database) -> AsyncIterator[Process]:
    """Makes what a process does of chores; it has one, called ``sweep``, each hour."""
    async with AsyncExitStack() as stack:

        async def make(work: Callable[[], Awaitable[object]]) -> Chores:
            pool = await open_pool(database.hook_url, 2)
            stack.push_async_callback(pool.close)
            chores = Chores(pool, [Chore("sweep", 3600, work)])
            stack.push_async_callback(chores.stop)
            return chores

        yield make


async def test_one_of_all_processes_does_a_chore_each_time_it_is_due(database: Database, process: Process) -> None:
    done: list[int] = []
    begun, finish = asyncio.Event(), asyncio.Event()

    def worker(number: int) -> Callable[[], Awaitable[object]]:
        async def work() -> None:
            done.append(number)
            begun.set()
            await finish.wait()

        return work

    first, second = await process(worker(1)), await process(worker(2))
    await first.look()
    await begun.wait()
    assert 50 < await second.look() <= 60  # the other's, for as long as its lease is
    await second.idle()
    assert done == [1]
    finish.set()
    await first.idle()
    assert 50 < await second.look() <= 60
    await second.idle()
    assert done == [1]
    assert REGISTRY.get_sample_value("postgate_chore_last_success_timestamp_seconds", {"chore": "sweep"})
    await database.script(NOW_DUE)
    await second.look()
    await second.idle()
    assert done == [1, 2]


async def test_a_chore_that_fails_is_tried_again_soon_and_by_anybody(database: Database, process: Process) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def work() -> None:
        return

    first, second = await process(fail), await process(work)
    await first.look()
    await first.idle()
    (row,) = await database.fetch(STATE)
    assert (row["done"], row["failures"]) == (False, 1)
    assert 50 < row["wait"] <= 60
    await database.script(NOW_DUE)
    await second.look()
    await second.idle()
    (row,) = await database.fetch(STATE)
    assert (row["done"], row["failures"]) == (True, 0)
    assert row["wait"] > 3590


async def test_a_chore_of_a_process_that_dies_is_anothers(database: Database, process: Process) -> None:
    begun, never, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        begun.set()
        await never.wait()

    async def work() -> None:
        done.set()

    first, second = await process(hang), await process(work)
    await first.look()
    await begun.wait()
    await database.script(NOW_DUE)  # its lease has ended: nobody kept it
    await second.look()
    await second.idle()
    assert done.is_set()
    await first.stop()
    (row,) = await database.fetch(STATE)
    assert (row["done"], row["failures"]) == (True, 0)  # whoever lost it has nothing to say


async def test_a_chore_of_a_process_that_stops_is_due_at_once(database: Database, process: Process) -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        begun.set()
        await never.wait()

    first = await process(hang)
    await first.look()
    await begun.wait()
    await first.stop()
    (row,) = await database.fetch(STATE)
    assert not row["done"]
    assert row["wait"] <= 0
