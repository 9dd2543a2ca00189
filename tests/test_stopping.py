"""A server stops at once, although somebody connects in that very moment."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from aiohttp import web

from gateway.protocol_errors import Runner

#: Longer than any test may take: whoever waits for it has failed.
FOR_REQUESTS = 600.0


class Arriving(asyncio.Protocol):
    """Hands a connection on to its handler, and does something just before and just after."""

    def __init__(self, handler: asyncio.Protocol, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._handler, self._before, self._after = handler, before, after

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._before()
        self._handler.connection_made(transport)
        self._after()

    def data_received(self, data: bytes) -> None:
        self._handler.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._handler.connection_lost(exc)


async def nothing_is_done(_request: web.Request) -> web.Response:
    return web.Response()


@pytest.mark.parametrize("stops", ["before", "after"])
async def test_a_connection_of_the_last_moment_does_not_keep_the_server(stops: str) -> None:
    app = web.Application()
    app.router.add_get("/", nothing_is_done)
    runner = Runner(app, shutdown_timeout=FOR_REQUESTS)
    await runner.setup()
    server = runner.server
    assert server is not None
    steps = {"before": lambda: None, "after": lambda: None} | {stops: server.pre_shutdown}
    theirs, ours = socket.socketpair()
    with theirs:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: Arriving(server(), **steps), ours)
        async with asyncio.timeout(10):
            await server.shutdown(FOR_REQUESTS)
        assert server.connections == []
    await runner.cleanup()
