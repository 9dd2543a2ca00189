"""A gateway under one address that can be taken away and brought back, and what providers post to it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import ClientConnectionError, ClientSession
from pydantic import SecretStr

from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Tenant
from tests.ingest.posts import Post
from tests.ingest.reading import messages, until

START_SECONDS = 30.0


class Site:
    """A gateway in this process, on real sockets.

    Args:
        settings: with the port and the address that all its starts have in common.
        tenant: whose page is looked at.
    """

    def __init__(self, settings: Settings, tenant: Tenant) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self.tenant = tenant
        self.url = str(settings.public_url)

    async def start(self) -> None:
        """Serve."""
        self._stack = AsyncExitStack()
        running = await self._stack.enter_async_context(run_gateway(self._settings))
        self.url = running.url

    async def stop(self) -> None:
        """Be gone."""
        await self._stack.aclose()

    @asynccontextmanager
    async def another(self) -> AsyncIterator["Site"]:
        """Run one more gateway on the same database, where providers reach it and the page doesn't."""
        other = Site(self._settings.model_copy(update={"port": 0}), self.tenant)
        await other.start()
        yield other
        await other.stop()

    async def post(self, *posts: Post) -> None:
        """Deliver webhooks, one after the other; each must be accepted."""
        async with ClientSession(self.url) as client:
            for post in posts:
                assert await post.send(client) == 200, post.path

    async def stored(self, count: int) -> None:
        """Wait until the tenant has so many messages: mails are parsed after they are accepted."""
        async with ClientSession(self.url) as client:
            await until(lambda: messages(client, self.tenant), lambda found: len(found) == count)


class KillableSite(Site):
    """A gateway as a process of its own, ``postgate serve``, which can be killed."""

    _process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; returns once it serves."""
        command = [sys.executable, "-m", "gateway.cli.main", "serve"]
        quiet = asyncio.subprocess.DEVNULL
        environment = os.environ | _environment(self._settings)
        self._process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=quiet, stderr=quiet)
        async with asyncio.timeout(START_SECONDS), ClientSession(self.url) as client:
            while not await self._serves(client):
                assert self._process.returncode is None, "it ended before it served"
                await asyncio.sleep(0.05)  # between two looks

    async def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Be gone, however."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    async def _serves(self, client: ClientSession) -> bool:
        try:
            async with client.get("/readyz") as answer:
                return answer.status == 200
        except ClientConnectionError:
            return False


def _environment(settings: Settings) -> dict[str, str]:
    """Return what tells a process the settings that are not as usual."""
    told = {name: getattr(settings, name) for name in settings.model_fields_set}
    return {f"POSTGATE_{name.upper()}": _written(value) for name, value in told.items()}


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
