"""Connections over which nothing comes are closed, and there are never too many; nor do too many wait for Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from gateway import protocol_errors
from gateway.problems import answer_to
from gateway.protocol_errors import Runner
from gateway.store.pool import WAITING_FOR_EACH, DatabaseBusy, open_pool, tenant_tx
from tests.conftest import Database, new_id


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Runner, int]]:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = Runner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner, runner.addresses[0][1]
    await runner.cleanup()


async def test_a_head_that_comes_drop_by_drop_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol_errors, "IDLE_SECONDS", 0.1)
    async with served() as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: gateway.test\r\nX-Slow: ")
        assert await reader.read() == b""
        writer.close()


async def test_connections_beyond_what_files_allow_are_told_to_come_back() -> None:
    async with served() as (runner, port), asyncio.timeout(20):
        assert runner.server is not None
        runner.server.most = 1  # type: ignore[attr-defined]  # of our own server
        first, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
        assert (await first.readline()).startswith(b"HTTP/1.1 200 ")
        second, other = await asyncio.open_connection("127.0.0.1", port)
        answer = await second.read()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 2" in answer
        other.close()
        writer.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: much\r\nConnection: close\r\n\r\n", 417),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", 400),
    ],
)
async def test_what_reaches_no_handler_is_answered_as_a_problem(sent: bytes, status: int) -> None:
    async with served() as (_, port), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert head.split()[1] == str(status).encode()
    assert b"application/problem+json" in head
    assert orjson.loads(body)["status"] == status
    if status == 400:  # nobody else adds headers to these
        assert b"default-src 'none'" in head
        assert b"aiohttp" not in head


async def test_only_so_many_wait_for_a_connection_to_the_database(database: Database) -> None:
    tenant, entered, gate = new_id(), asyncio.Event(), asyncio.Event()
    pool = await open_pool(database.app_url, 1)

    async def ask() -> None:
        async with tenant_tx(pool, tenant):
            entered.set()
            await gate.wait()

    first = asyncio.create_task(ask())
    await asyncio.wait_for(entered.wait(), 20)
    waiting = [asyncio.create_task(ask()) for _ in range(WAITING_FOR_EACH)]
    await asyncio.sleep(0)
    with pytest.raises(DatabaseBusy) as refused:
        await ask()
    assert answer_to(refused.value).status == 503
    gate.set()
    async with asyncio.timeout(20):
        await asyncio.gather(first, *waiting)
        await ask()
    await pool.close()
