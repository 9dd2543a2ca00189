"""A gateway under one address that can be taken away and brought back, and what providers post to it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import ClientSession

from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Tenant
from tests.ingest.posts import Post
from tests.ingest.reading import messages, until


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
