"""Providers for tests: an adapter whose operations ask a server of the test, and that server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.adapter import Adapter
from channels.registry import ADAPTERS
from gateway.ingest import routing
from tests.strays import own_path


def install(monkeypatch: pytest.MonkeyPatch, provider: str, **changes: Any) -> Adapter:
    """Let the gateway know a provider whose adapter differs from the real one in some respects."""
    adapter = replace(ADAPTERS[provider], **changes)
    monkeypatch.setattr(routing, "ADAPTERS", {**ADAPTERS, provider: adapter})
    return adapter


class Asked:
    """A server that answers as it is told, and counts. ``hold`` makes it wait before it does."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"content"
        self.paths: list[str] = []
        self.hold: asyncio.Event | None = None
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.paths.append(f"/{request.match_info['path']}")
        if self.hold is not None:
            await self.hold.wait()
        return web.Response(status=self.status, body=self.body)


@asynccontextmanager
async def asked_server() -> AsyncIterator[Asked]:
    """Start such a server."""
    asked = Asked()
    app = web.Application()
    prefix = own_path()
    app.router.add_get(prefix + "/{path:.*}", asked.answer)
    server = TestServer(app)
    await server.start_server()
    asked.url = str(server.make_url(prefix)).rstrip("/")
    try:
        yield asked
    finally:
        if asked.hold is not None:
            asked.hold.set()
        await server.close()


Install = Callable[..., Adapter]
