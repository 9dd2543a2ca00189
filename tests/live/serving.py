"""A running live part, and what tests do with it."""

import itertools
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from aiohttp import ClientSession, ClientWebSocketResponse, web

from gateway.access import GATE, Gate, new_session_token, token_hash
from gateway.answering import problems
from gateway.audit.access import AUDITOR, Auditor
from gateway.audit.recorder import Recorder
from gateway.live.routes import add_routes
from gateway.live.service import Live
from gateway.model.log import Entry
from gateway.openapi import Api
from gateway.store import log, sessions
from gateway.store.pool import open_pool, tenant_tx
from tests.conftest import Tenant, new_id
from tests.live.clients import ORIGIN, Reader


@dataclass(frozen=True)
class Served:
    """A running live part: one process of several, as far as others can tell."""

    live: Live
    pool: asyncpg.Pool
    client: ClientSession

    async def commit(
        self, tenant: Tenant, count: int = 1, data: str = "{}", kind: str = "message.created"
    ) -> Sequence[Entry]:
        """Append entries to a tenant's log, and tell nobody."""
        async with tenant_tx(self.pool, tenant.id) as tx:
            await log.lock_head(tx)
            return [await log.append(tx, kind, None, data, new_id()) for _ in range(count)]

    async def announce(
        self, tenant: Tenant, count: int = 1, data: str = "{}", kind: str = "message.created"
    ) -> Sequence[Entry]:
        """Append entries, and tell everybody, as every feature does."""
        entries = await self.commit(tenant, count, data, kind)
        self.live.announce(entries)
        return entries

    async def log_in(self, tenant: Tenant, user_id: UUID | None = None) -> str:
        """Make a session of a browser, the owner's or another member's; returns its cookie."""
        token = new_session_token(tenant.id, os.urandom(32))
        ends = datetime.now(UTC) + timedelta(hours=1)
        user_id = user_id or UUID(tenant.facts["user_id"])
        session = sessions.Session(token_hash(token), new_id(), user_id, "", ends)
        async with tenant_tx(self.pool, tenant.id) as tx:
            await sessions.add(tx, session, datetime.now(UTC))
        return token

    async def open(self, tenant: Tenant) -> ClientWebSocketResponse:
        """Open a websocket with the tenant's API key."""
        return await self.client.ws_connect("/api/v1/stream", headers=tenant.auth)

    async def open_as_browser(self, cookie: str) -> ClientWebSocketResponse:
        """Open a websocket as the gateway's own page does."""
        return await self.client.ws_connect(
            "/api/v1/stream", headers={"Cookie": f"postgate_session={cookie}", **ORIGIN}
        )

    async def reader(self, tenant: Tenant, after: int | None = None) -> Reader:
        """Open a websocket and resume from a position."""
        reader = Reader(await self.open(tenant))
        await reader.resume(after)
        return reader


_sessions = itertools.count(1)


async def application(live: Live, pool: asyncpg.Pool, hook_url: str, process: str) -> web.Application:
    """Mount the live part; no two processes have the same name."""
    app = web.Application(middlewares=[problems])
    hook_pool = await open_pool(hook_url, 1)
    recorder = Recorder(hook_pool)
    recorder.start()

    async def stop(_app: web.Application) -> None:
        await recorder.stop()
        await hook_pool.close()

    app.on_cleanup.append(stop)
    app[AUDITOR] = Auditor(recorder, lambda: datetime.now(UTC))
    app[GATE] = Gate(pool, "http://gateway.test", lambda: datetime.now(UTC))
    add_routes(Api(app), live, pool, "http://gateway.test", lambda: f"ses_{process}{next(_sessions)}")
    return app


Serve = Callable[..., Awaitable[Served]]
