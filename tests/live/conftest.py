"""The live part alone on a real socket and a real database, with limits that a test may choose."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from gateway.live.limits import Limits
from gateway.live.neighbours import Neighbours
from gateway.live.radio import Radio
from gateway.live.service import Live
from gateway.store.pool import connect, open_pool
from tests.conftest import Database
from tests.live.serving import Serve, Served, application


@pytest.fixture
async def serve(database: Database) -> AsyncIterator[Serve]:
    """Starts the live part; may be called more than once, for several processes on one database."""
    async with AsyncExitStack() as stack:

        async def start(
            limits: Limits | None = None,
            radio: Radio | None = None,
            neighbours: Neighbours | None = None,
            *,
            listens: bool = True,
            channels: Mapping[str, Callable[[str], None]] | None = None,
        ) -> Served:
            pool = await open_pool(database.app_url, 4)
            stack.push_async_callback(pool.close)
            relay = await open_pool(database.relay_url, 2)
            stack.push_async_callback(relay.close)
            listener = partial(connect, database.relay_url) if listens else None
            live = Live(relay, listener, random.random, limits, radio, neighbours)
            await live.start(channels)
            stack.push_async_callback(live.stop)
            server = TestServer(await application(live, pool, database.hook_url, "here"))
            await server.start_server()
            stack.push_async_callback(server.close)
            client = await stack.enter_async_context(ClientSession(server.make_url("/")))
            return Served(live, pool, client)

        yield start


@pytest.fixture
async def served(serve: Serve) -> Served:
    """The live part with its usual limits."""
    return await serve()
