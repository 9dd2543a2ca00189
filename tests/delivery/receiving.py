"""A receiver of webhooks: a real server that verifies, counts and answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDictProxy
from standardwebhooks.webhooks import Webhook

from tests.strays import own_path

Respond = Callable[["Receipt"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Receipt:
    """A request that came."""

    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """What it tells of."""
        event: dict[str, Any] = orjson.loads(self.body)
        return event


async def fine(_receipt: Receipt) -> web.StreamResponse:
    """Take it."""
    return web.Response(status=204)


@dataclass
class Receiver:
    """What came, in order; ``respond`` may be changed at any time."""

    url: str = ""
    respond: Respond = fine
    receipts: list[Receipt] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Count a request, and answer it."""
        receipt = Receipt(request.headers, await request.read())
        self.receipts.append(receipt)
        async with self.came:
            self.came.notify_all()
        return await self.respond(receipt)

    async def wait_for(self, enough: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until something holds of what came."""
        async with asyncio.timeout(seconds), self.came:
            await self.came.wait_for(enough)

    async def wait_for_count(self, count: int, seconds: float = 30.0) -> None:
        """Wait for so many requests."""
        await self.wait_for(lambda: len(self.receipts) >= count, seconds)

    def seqs(self) -> list[int]:
        """Return the positions of the events that came."""
        return [int(one.headers["postgate-seq"]) for one in self.receipts if "postgate-seq" in one.headers]


def verify(receipt: Receipt, secret: str) -> dict[str, Any]:
    """Verify a request as an integrator would, with the reference library; returns the event."""
    event: dict[str, Any] = Webhook(secret).verify(receipt.body, dict(receipt.headers))
    return event


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    path = own_path()
    app.router.add_post(path, receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
    try:
        yield receiver
    finally:
        await runner.cleanup()
