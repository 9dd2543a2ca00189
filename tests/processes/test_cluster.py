"""A whole installation: gateways and workers behind a pooler, with a Redis; parts of it die, and nothing is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.api.rows import Rows
from tests.api.writing import conversation
from tests.conftest import Database, Tenant
from tests.delivery.receiving import Receiver, receiving
from tests.delivery.registered import Registered
from tests.faults.browser import Browser
from tests.processes.loading import Trickle, more
from tests.processes.pgbouncer import MISSING, find, pgbouncer
from tests.processes.programs import Program, Programs, programs
from tests.sending.conftest import Provider, make_provider, move, provider
from tests.valkey import Valkey, running_valkey

__all__ = ["make_provider", "provider"]

END_LEASES = "UPDATE webhook_lanes SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL"
SENT = "SELECT count(*) FROM messages WHERE direction = 'outbound' AND status = 'sent'"
MESSAGES = "SELECT count(*) FROM messages WHERE direction = 'inbound'"


@dataclass
class Installation:
    """The processes, and what they share."""

    first: Program
    second: Program
    worker: Program
    other: Program
    valkey: Valkey


@pytest.fixture
async def installation(database: Database, master_key: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Two gateways (one with two workers) that serve only, and two workers, one of them without housekeeping."""
    path = find()
    if path is None:
        assert os.environ.get("CI") != "true", MISSING
        pytest.skip(MISSING)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(pgbouncer(path, database.app_url))
        valkey = await stack.enter_async_context(running_valkey())
        direct = f":{urlsplit(database.app_url).port}/"
        app, hook, relay = (url.replace(direct, f":{port}/") for url in _urls(database))
        started = await stack.enter_async_context(
            programs(
                {
                    "DATABASE_URL": app,
                    "HOOK_DATABASE_URL": hook,
                    "RELAY_DATABASE_URL": relay,
                    "WRITER_DATABASE_URL": database.hook_url,
                    "LISTENER_DATABASE_URL": database.relay_url,
                    "DATABASE_POOLER": "true",
                    "REDIS_URL": valkey.url,
                    "MASTER_KEY": master_key,
                    "PUBLIC_URL": "http://gateway.test",
                    "ALLOW_PRIVATE": "127.0.0.0/8",
                    "FILES_DIR": str(tmp_path / "files"),
                }
            )
        )
        yield await _started(started, valkey)


def _urls(database: Database) -> tuple[str, str, str]:
    return database.app_url, database.hook_url, database.relay_url


async def _started(started: Programs, valkey: Valkey) -> Installation:
    first = await started.start("serve", "--workers", "2", "--roles", "none")
    second = await started.start("serve", ROLES="none")
    worker = await started.start("work")
    other = await started.start("work", "--roles", "sending,delivery")
    installation = Installation(first, second, worker, other, valkey)
    assert set(await first.ready(2)) == {"database", "keys", "leaving", "log", "workers"}
    assert set(await second.ready()) == {"database", "keys", "leaving", "log"}
    for one in (worker, other):
        assert set(await one.ready()) == {"database", "keys", "leaving", "log", "sending", "delivery"}
    return installation


@pytest.mark.timeout(300)
async def test_parts_of_an_installation_die_and_nothing_is_lost(
    installation: Installation, database: Database, tenant: Tenant, master_key: str, provider: Provider
) -> None:
    async with AsyncExitStack() as stack:
        receiver: Receiver = await stack.enter_async_context(receiving())
        endpoint = Registered(database, tenant, master_key)
        await endpoint.endpoint(receiver.url)
        await move(database, tenant, "whatsapp_cloud", provider)
        written = await conversation(database, tenant, Rows(database, tenant), "whatsapp_cloud", "whatsapp")
        gateways = (installation.first, installation.second)
        browsers = [Browser(gateway.url, tenant.ready["api_key"]) for gateway in gateways]
        loads = [Trickle(tenant.integration("whatsapp_cloud"), gateway.url) for gateway in gateways]
        for browser in browsers:
            browser.start()
            stack.push_async_callback(browser.stop)
        for load in loads:
            load.start()
            stack.push_async_callback(load.stop)

        await more(loads)
        before = installation.first.children
        installation.first.signal(signal.SIGHUP)  # a rolling deploy
        while installation.first.children & before:
            await more(loads)
        assert [load.refused for load in loads] == [[], []]
        told = await installation.first.text("/metrics")
        assert told.count("postgate_worker_up{") == 2
        assert told.count("\nprocess_resident_memory_bytes{worker=") == 2

        os.kill(min(installation.first.children), signal.SIGKILL)
        await more(loads)
        await installation.valkey.stop()
        await more(loads)
        await write(installation.second, tenant, written, "One")
        await sent(database, 1)
        await installation.valkey.start()
        installation.worker.signal(signal.SIGKILL)
        await installation.worker.ended()
        await database.script(END_LEASES)
        await more(loads)
        await write(installation.first, tenant, written, "Two")
        for load in loads:
            await load.stop()

        await sent(database, 2)
        assert provider.texts == ["One", "Two"]
        acknowledged = {key for load in loads for key in load.acknowledged}  # both were sent the same
        assert len(acknowledged) <= await database.value(MESSAGES) <= len(acknowledged) + 8  # some answers got lost
        last = await settled(database)
        await receiver.wait_for(lambda: set(receiver.seqs()) >= set(range(1, last + 1)), 60)
        for browser in browsers:
            await browser.wait_for(partial(seen, browser, last))
            assert [event["seq"] for event in browser.events][:last] == list(range(1, last + 1))
        left = (installation.first, installation.second, installation.other)
        for program in left:
            program.signal(signal.SIGTERM)
        assert [await program.ended() for program in left] == [0, 0, 0]


def seen(browser: Browser, seq: int) -> bool:
    """Tell whether a browser was sent an entry of the log."""
    return bool(browser.events) and browser.events[-1]["seq"] >= seq


async def write(gateway: Program, tenant: Tenant, conversation_id: str, words: str) -> None:
    """Send a message to a customer."""
    async with aiohttp.ClientSession(gateway.url, headers=tenant.auth) as session:
        path = f"/api/v1/conversations/{conversation_id}/messages"
        async with session.post(path, json={"text": words}) as answer:
            assert answer.status == 201, await answer.text()


async def sent(database: Database, number: int) -> None:
    """Wait until so many messages were sent to customers."""
    async with asyncio.timeout(60):
        while await database.value(SENT) < number:
            await asyncio.sleep(0.05)  # between two looks


async def settled(database: Database) -> int:
    """Return the head of the log once it does not grow any more."""
    statement = "SELECT last_seq FROM tenant_heads"
    async with asyncio.timeout(60):
        while True:
            head = int(await database.value(statement))
            waiting = await database.value("SELECT count(*) FROM sends WHERE state IN ('queued', 'calling')")
            if not waiting and head == await database.value(statement):
                return head
            await asyncio.sleep(0.1)  # between two looks


async def test_workers_that_cannot_start_end_their_supervisor(database: Database) -> None:
    settings = {"DATABASE_URL": database.app_url, "HOOK_DATABASE_URL": database.hook_url, "MASTER_KEY": "none"}
    async with programs({**settings, "RELAY_DATABASE_URL": database.relay_url}) as started:
        program = await started.start("serve", "--workers", "1")
        assert await program.ended() == 1
