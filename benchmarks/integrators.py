"""A gateway whose tenants have endpoints, on a database of its own: the other rows account for theirs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from aiohttp import ClientSession

from benchmarks.bench import SERVE, Bench
from benchmarks.client.hooks import Hook
from benchmarks.database import ROLES
from benchmarks.errors import NotMeasured
from benchmarks.server import Server, serving
from benchmarks.tenants import make_tenants
from benchmarks.worker import Worker
from gateway.migrate import migrate

NAME = "integrators"
#: With what is around it, about 900 bytes.
TEXT = "x" * 640
# As the writers of the product's log do: the head is locked, then the entries are there.
APPEND = """
WITH head AS (
    UPDATE tenant_heads SET last_seq = last_seq + $2 WHERE tenant_id = $1 RETURNING last_seq - $2 AS base
)
INSERT INTO events (tenant_id, seq, id, type, data)
SELECT $1, head.base + n, gen_random_uuid(), 'label.updated', json_build_object('id', n, 'name', $3::text)
FROM head, generate_series(1, $2::bigint) n
"""
OWED = """
SELECT count(*) FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
WHERE d.next_attempt_at IS NOT NULL AND e.deleted_at IS NULL
"""
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint, and who may change it."""

    id: str
    tenant: Hook


class Integrators:
    """The gateway, its tenants, and the receiver of all of them."""

    def __init__(
        self,
        server: Server,
        connection: asyncpg.Connection,
        session: ClientSession,
        tenants: Sequence[Hook],
        sink: Worker,
    ) -> None:
        self.server = server
        self.tenants = tenants
        self.sink = sink
        self.database = connection
        self._session = session

    async def register(self, tenant: Hook, path: str, **terms: Any) -> Endpoint:
        """Register the receiver for a tenant."""
        url = await self.sink.do("url") + path
        made = await self.ask(tenant, "POST", "/webhook-endpoints", {"url": url, "event_types": ["label.*"], **terms})
        return Endpoint(made["id"], tenant)

    async def switch(self, endpoints: Sequence[Endpoint], *, on: bool) -> None:
        """Enable or disable endpoints."""
        body = {"status": "enabled" if on else "disabled"}
        for one in endpoints:
            await self.ask(one.tenant, "PATCH", f"/webhook-endpoints/{one.id}", body)

    async def remove(self, endpoints: Sequence[Endpoint]) -> None:
        """Delete endpoints."""
        for one in endpoints:
            await self.ask(one.tenant, "DELETE", f"/webhook-endpoints/{one.id}")

    async def append(self, tenant: Hook, count: int) -> None:
        """Let so much happen to a tenant at once."""
        await self.database.execute(APPEND, UUID(tenant.tenant_id), count, TEXT)

    async def owed(self, count: int) -> None:
        """Wait until exactly so many deliveries are owed.

        Raises:
            NotMeasured: when that does not come.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await self.database.fetchval(OWED) != count:
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise NotMeasured(f"{await self.database.fetchval(OWED)} deliveries are owed, not {count}") from None

    async def ask(self, tenant: Hook, method: str, path: str, body: Any = None) -> Any:
        """Make a request of the API.

        Raises:
            NotMeasured: when it is refused.
        """
        headers = {"Authorization": f"Bearer {tenant.api_key}"}
        async with self._session.request(method, f"/api/v1{path}", json=body, headers=headers) as answer:
            if answer.status >= 300:
                raise NotMeasured(f"{method} {path}: {answer.status} {await answer.text()}")
            return None if answer.status == 204 else await answer.json()


@asynccontextmanager
async def integrators(bench: Bench, tenants: int) -> AsyncIterator[Integrators]:
    """Make them; leaving drops the database."""
    superuser = bench.database.superuser
    async with AsyncExitStack() as stack:
        await _administer(superuser.url(), f'CREATE DATABASE "{NAME}"')
        stack.push_async_callback(_administer, superuser.url(), f'DROP DATABASE "{NAME}" WITH (FORCE)')
        await migrate(superuser.url(NAME), {})  # passwords belong to the server: those of the other database stay
        hooks = await make_tenants(superuser.url(NAME), bench.database.master_key, tenants)
        sink = await Worker.start("sink")
        stack.push_async_callback(sink.stop)
        urls = {role: bench.database.urls[role].rsplit("/", 1)[0] + f"/{NAME}" for role in ROLES}
        environment = {
            **bench.gateway_environment,
            "POSTGATE_DATABASE_URL": urls["postgate_app"],
            "POSTGATE_HOOK_DATABASE_URL": urls["postgate_hook"],
            "POSTGATE_RELAY_DATABASE_URL": urls["postgate_relay"],
            "POSTGATE_ALLOW_PRIVATE": "127.0.0.0/8",
        }
        output = bench.folder / "integrators.log"
        server = await stack.enter_async_context(serving(SERVE, output, environment))
        connection = await asyncpg.connect(superuser.url(NAME))
        stack.push_async_callback(connection.close)
        session = await stack.enter_async_context(ClientSession(server.url))
        yield Integrators(server, connection, session, hooks, sink)


async def _administer(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
