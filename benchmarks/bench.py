"""One run: the database, the tenants, the clients, and the servers that a measurement asks for."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

from benchmarks import accounts, database, machine
from benchmarks.client import hooks
from benchmarks.database import Database
from benchmarks.load import Driven, Load, Population
from benchmarks.plan import Plan
from benchmarks.progress import say
from benchmarks.server import Server, serving
from benchmarks.tenants import make_tenants

SERVE = ("-m", "gateway.cli.main", "serve", "--port", "0")
ONE_COMMIT_EACH = ("-m", "benchmarks.programs.one_commit_each", "serve", "--port", "0")
BARE_SOCKETS = ("-m", "benchmarks.programs.bare_sockets")
NOOP = ("-m", "benchmarks.programs.noop")
WARM_CONNECTIONS = 64
FIRST_GUESS = 6000.0  # posts per second, before anything was measured
RESERVE = 1.5  # more is prepared than the last round took
STATISTICS = "ANALYZE"  # autovacuum does it within a minute; rounds must not differ by whether it already has
PAUSE_SECONDS = 0.2  # what one side left to be done must not fall on the other


class Bench:
    """What measurements share. Servers are started when first asked for, and stay."""

    def __init__(
        self, plan: Plan, folder: Path, where: Database, tenants: list[hooks.Hook], stack: AsyncExitStack
    ) -> None:
        self.plan = plan
        self.folder = folder
        self.database = where
        self.tenants = tenants
        self._stack = stack
        self._servers: dict[Sequence[str], Server] = {}
        self._clients: dict[str, Load] = {}
        self._introduced: set[Population] = set()
        self._rate = FIRST_GUESS
        self.socket_accounts: list[Mapping[str, int]] = []

    @property
    def spread(self) -> Population:
        """Many tenants."""
        return Population(range(self.plan.tenants), self.plan.senders)

    @property
    def hot(self) -> Population:
        """A single tenant, another one, with as many customers as all the others together."""
        return Population(range(self.plan.tenants, self.plan.tenants + 1), self.plan.tenants * self.plan.senders)

    @property
    def watched(self) -> Population:
        """Those of the many tenants that somebody has a browser open on."""
        return Population(range(self.plan.watched), self.plan.senders)

    async def gateway(self) -> Server:
        """The whole gateway, as ``postgate serve`` runs it."""
        return await self._server(SERVE)

    async def gateway_with_one_commit_each(self) -> Server:
        """The same with a commit for each webhook."""
        return await self._server(ONE_COMMIT_EACH)

    async def noop(self) -> Server:
        """The application that does nothing."""
        return await self._server(NOOP)

    async def client(self) -> Load:
        """The client that posts."""
        return await self._client("client")

    async def audience(self) -> Load:
        """A second one, for browsers that are not to share a processor with the client."""
        return await self._client("audience")

    async def flooder(self) -> Load:
        """A third one, that posts beside the first."""
        return await self._client("flooder")

    async def acknowledged(self) -> list[str]:
        """Return the external ids of all posts that were answered 200, whoever posted them."""
        return [key for client in self._clients.values() for key in await client.acknowledged()]

    @asynccontextmanager
    async def fresh_gateway(self, name: str) -> AsyncIterator[Server]:
        """Run one more gateway, for as long as the ``async with`` lasts."""
        async with serving(SERVE, self.folder / f"{name}.log", self.gateway_environment) as server:
            yield server

    @asynccontextmanager
    async def fresh_bare_sockets(self, name: str) -> AsyncIterator[Server]:
        """Run one more server of bare websockets."""
        async with serving(BARE_SOCKETS, self.folder / f"{name}.log") as server:
            yield server

    @property
    def gateway_environment(self) -> Mapping[str, str]:
        """Ours without the settings of another gateway, and with those of this one."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("POSTGATE_")}
        return ours | dict(self.database.environment)

    async def warm(self, server: Server, who: Population) -> None:
        """Have all customers of a population write once, so that they and their conversations are there."""
        if who not in self._introduced:
            say(f"  {len(who.tenants) * who.senders:,} customers write for the first time")
            await (await self.client()).introduce(server.url, who, WARM_CONNECTIONS)
            await self.database.fetch(STATISTICS)
            self._introduced.add(who)

    async def prepare(self, who: Population, seconds: float, repeat_every: int = 0) -> None:
        """Sign as many posts as a round may take."""
        await (await self.client()).prepare(who, int(self._rate * seconds * RESERVE) + 100, repeat_every)

    async def ingest(self, server: Server, connections: int, seconds: float) -> Driven:
        """Post what was prepared to a gateway."""
        await asyncio.sleep(PAUSE_SECONDS)
        driven = await (await self.client()).drive(server.url, connections, seconds)
        self._rate = driven.rate
        return driven

    async def post_to_noop(self, connections: int, seconds: float) -> Driven:
        """Post what was prepared to the application that does nothing; it stays prepared."""
        url = (await self.noop()).url
        await asyncio.sleep(PAUSE_SECONDS)
        return await (await self.client()).drive(url, connections, seconds, recycle=True)

    @asynccontextmanager
    async def followed(
        self, load: Load, server: Server, tenants: range, *, record: bool = False
    ) -> AsyncIterator[None]:
        """Have a client follow tenants meanwhile; afterwards everything it saw is held against their logs."""
        ids = [UUID(self.tenants[place].tenant_id) for place in tenants]
        await load.follow(server.url, tenants, record=record)
        yield
        ends = await accounts.heads(self.database, ids)
        await load.wait_for(ends)
        seen = await load.unfollow()
        self.socket_accounts.append(await accounts.account_of_sockets(self.database, ids, ends, seen))

    async def _server(self, arguments: Sequence[str]) -> Server:
        if arguments not in self._servers:
            output = self.folder / f"{arguments[1]}.log"
            environment = None if arguments == NOOP else self.gateway_environment
            self._servers[arguments] = await self._stack.enter_async_context(serving(arguments, output, environment))
        return self._servers[arguments]

    async def _client(self, name: str) -> Load:
        if name not in self._clients:
            started = Load.started(self.folder / "hooks.json", secrets.token_hex(4), seed=len(self._clients))
            self._clients[name] = await self._stack.enter_async_context(started)
        return self._clients[name]


@asynccontextmanager
async def prepared(plan: Plan, folder: Path) -> AsyncIterator[Bench]:
    """Set up a run in an empty folder; leaving stops and deletes everything.

    Raises:
        NotMeasured: when something does not start.
    """
    machine.allow_many_sockets()
    async with AsyncExitStack() as stack:
        say("Starting Postgres")
        where = await stack.enter_async_context(database.running(folder / "postgres"))
        say(f"Making {plan.tenants + 1:,} tenants")
        tenants = await make_tenants(where.admin_url, where.master_key, plan.tenants + 1)
        hooks.write(tenants, folder / "hooks.json")
        yield Bench(plan, folder, where, tenants, stack)
