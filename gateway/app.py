"""The whole server, wired: who gets which connection, and who tells whom.

Only here are the clock, chance and the environment's services taken; everything else is given them.
"""

import os
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from aiohttp import web
from pydantic import SecretStr

from gateway.api import routes as api_routes
from gateway.api.services import Services
from gateway.ingest.service import Ingest
from gateway.keys import Keyring
from gateway.model.ids import new_id
from gateway.model.log import Entry
from gateway.openapi import Api
from gateway.problems import problems
from gateway.request_log import request_log
from gateway.response_headers import add_headers
from gateway.settings import Settings
from gateway.store.pool import open_pool

HOOK_POOL_SIZE = 3
RELAY_POOL_SIZE = 3


@asynccontextmanager
async def assembled(settings: Settings, public_url: str) -> AsyncIterator[web.Application]:
    """Put the server together and start its parts; leaving stops them, the newest first.

    Args:
        settings: of the server.
        public_url: the base URL that providers and browsers use.

    Raises:
        RoleTooPowerful: when a database role could see past row-level security.
        KeyUnusable: when the master key is none.
    """
    keyring = keyring_of(settings)
    async with AsyncExitStack() as stack:
        app_pool = await _pool(stack, settings.database_url, settings.pool_size)
        ingest = await _ingest(stack, settings, keyring, app_pool, lambda _e: None, lambda: ())
        services = Services(
            pool=app_pool,
            public_url=public_url,
            assets=settings.assets_dir,
            clock=now,
            new_id=new_id,
            secret=os.urandom,
            announce=lambda _e: None,
            replay=ingest.replay,
            session_ended=lambda _h: None,
            demo=lambda _tenant: settings.simulator,
        )
        application = web.Application(middlewares=[request_log, problems])
        api = Api(application)
        api_routes.open_gate(application, services)
        ingest.mount(application, public_url)
        api_routes.add_routes(application, api, services)
        api_routes.add_last_routes(application, api, services)
        add_headers(application, public_url)
        yield application


@asynccontextmanager
async def ingest_alone(settings: Settings) -> AsyncIterator[Ingest]:
    """Start what stores webhooks, and nothing that serves; for errands. Serving processes notice by themselves."""
    async with AsyncExitStack() as stack:
        app_pool = await _pool(stack, settings.database_url, 1)
        yield await _ingest(stack, settings, keyring_of(settings), app_pool, lambda _entries: None, lambda: ())


def keyring_of(settings: Settings) -> Keyring:
    """Return the master keys.

    Raises:
        KeyUnusable: when one is not 32 bytes of base64.
    """
    previous = settings.previous_master_keys.get_secret_value() if settings.previous_master_keys else ""
    return Keyring(settings.master_key.get_secret_value(), [key for key in previous.split(",") if key.strip()])


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


async def _ingest(
    stack: AsyncExitStack,
    settings: Settings,
    keyring: Keyring,
    app_pool: asyncpg.Pool,
    announce: Callable[[Sequence[Entry]], None],
    echo_tenants: Callable[[], Collection[UUID]],
) -> Ingest:
    hook_pool = await _pool(stack, settings.hook_database_url, HOOK_POOL_SIZE)
    ingest = Ingest(
        settings.hook_database_url.get_secret_value(),
        hook_pool,
        app_pool,
        keyring,
        announce,
        echo_tenants,
        settings.queue_limit,
        now,
        new_id,
    )
    await ingest.start()
    stack.push_async_callback(ingest.stop)
    return ingest


async def _pool(stack: AsyncExitStack, url: SecretStr, size: int) -> asyncpg.Pool:
    pool = await open_pool(url.get_secret_value(), size)
    stack.push_async_callback(pool.close)
    return pool
