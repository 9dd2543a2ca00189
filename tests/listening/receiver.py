"""A developer's program: takes events, and refuses some."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.http import Headers
from channels.standard_webhooks import verify


@dataclass(frozen=True)
class Program:
    """Checks what it gets as its documentation says.

    Attributes:
        got: the headers of each request that is signed as it should be.
        status: what a request is answered with, by its seq and the number of the try.
    """

    secret: str
    status: Callable[[int, int], int]
    got: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Verify, note and answer."""
        body = await request.read()
        verify(Headers(request.headers.items()), body, [self.secret.encode()], datetime.now(UTC))
        self.got.append(request.headers)
        self.bodies.append(body)
        return web.Response(
            status=self.status(int(request.headers["postgate-seq"]), int(request.headers["postgate-attempt"]))
        )


@asynccontextmanager
async def serving(program: Program) -> AsyncIterator[str]:
    """Serve it; the value is its URL."""
    app = web.Application()
    app.router.add_post("/hooks", program.handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/hooks"))
