"""Several processes on one database: waking each other, and doing without."""

import asyncio
import re
from contextlib import suppress
from pathlib import Path

import asyncpg

from gateway.live import wakeup
from gateway.live.limits import Limits
from gateway.live.listener import Listener
from gateway.store.pool import DatabaseUnavailable, connect
from tests.conftest import Database, Tenant
from tests.live.serving import Serve, Served

ROOT = Path(__file__).parents[2]
NO_POLL = Limits(poll_seconds=600)
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND query = 'SELECT pg_notification_queue_usage()'"
KILL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


async def test_a_commit_of_one_process_is_seen_at_once_by_another(serve: Serve, tenant: Tenant) -> None:
    here, there = await serve(NO_POLL), await serve(NO_POLL)
    reader = await there.reader(tenant)
    await heard(there.live.listener)
    for last in (1, 2, 502):
        await here.announce(tenant, last - (reader.seqs[-1] if reader.seqs else 0))
        await reader.until_seq(last)
    assert reader.seqs == list(range(1, 503))


async def heard(listener: Listener | None) -> None:
    """Wait until a listener listens."""
    assert listener is not None
    async with asyncio.timeout(10):
        await listener.listening.wait()


async def test_a_listener_that_was_cut_off_comes_back_and_misses_nothing(
    serve: Serve, tenant: Tenant, database: Database
) -> None:
    served = await serve(NO_POLL)
    reader = await served.reader(tenant)
    await heard(served.live.listener)
    [(pid,)] = await database.fetch(LISTENERS, database.name)
    await served.commit(tenant)  # nobody is told
    await database.fetch("SELECT pg_terminate_backend($1)", pid)
    assert await reader.until_seq(1) == [1]
    await heard(served.live.listener)
    assert (await database.fetch(LISTENERS, database.name)) != [(pid,)]


async def test_all_connections_are_lost_and_nothing_else(serve: Serve, tenant: Tenant, database: Database) -> None:
    here, there = await serve(Limits(poll_seconds=0.1)), await serve(Limits(poll_seconds=0.1))
    reader = await there.reader(tenant)
    await here.announce(tenant)
    await reader.until_seq(1)
    await database.value(KILL, database.name)
    async with asyncio.timeout(20):
        while len(reader.seqs) < 3:
            await try_to_announce(here, tenant)
            await asyncio.sleep(0.05)
            await reader.until_seq(min(len(reader.seqs) + 1, await database.value("SELECT max(seq) FROM events")))
    assert reader.seqs == list(range(1, len(reader.seqs) + 1))


async def try_to_announce(served: Served, tenant: Tenant) -> None:
    """Commit, unless this is the moment in which the connection turns out to be lost."""
    with suppress(DatabaseUnavailable):
        await served.announce(tenant)


async def test_extra_channels_are_heard(database: Database) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    listener = Listener(lambda: connect(database.relay_url), {"postgate_connections": told.put_nowait}, lambda: None)
    running = asyncio.create_task(listener.run())
    await heard(listener)
    await database.fetch("SELECT pg_notify('postgate_connections', 'int_1')")
    async with asyncio.timeout(10):
        assert await told.get() == "int_1"
    running.cancel()


async def test_a_listener_keeps_trying(database: Database) -> None:
    failures = 3

    async def connect_late() -> asyncpg.Connection:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OSError("no route")
        return await connect(database.relay_url)

    connected = asyncio.Event()
    listener = Listener(connect_late, {wakeup.CHANNEL: print}, connected.set, retry_seconds=(0.01,))
    running = asyncio.create_task(listener.run())
    async with asyncio.timeout(10):
        await connected.wait()
    running.cancel()


def test_only_the_notifier_notifies() -> None:
    """NOTIFY in a transaction that writes would hold a lock of the whole cluster across its commit."""
    sent = re.compile(r"pg_notify|\bNOTIFY\s+\w+\s*[,;]", re.IGNORECASE)
    found = [
        str(path.relative_to(ROOT))
        for folder, kind in (("gateway", "*.py"), ("migrations", "*.sql"))
        for path in sorted((ROOT / folder).rglob(kind))
        if sent.search(without_comments(path.read_text("utf-8")))
    ]
    # A command that exchanges keys tells of them between its transactions.
    assert found == ["gateway/live/notifier.py", "gateway/rekeying.py"]


def without_comments(text: str) -> str:
    """Drop what follows -- and # to the end of each line."""
    return re.sub(r"(--|#).*", "", text)
