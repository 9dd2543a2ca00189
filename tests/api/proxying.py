"""A reverse proxy that changes what it passes on, between a gateway and whoever posts to it."""

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web
from yarl import URL

from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Tenant

Change = Callable[[web.Request, dict[str, Any]], None]


@dataclass
class Proxy:
    """A reverse proxy on a socket; ``change`` may alter what it is about to pass on."""

    url: str = ""
    target: str = ""
    change: Change = lambda _request, _sent: None
    answer: Callable[[], Awaitable[web.StreamResponse]] | None = None
    passed: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on."""
        if self.answer is not None:
            return await self.answer()
        sent: dict[str, Any] = {
            "path": request.raw_path,
            "headers": dict(request.headers),
            "data": await request.read(),
        }
        self.change(request, sent)
        self.passed.append(sent["path"])
        sent["headers"].pop("Content-Length", None)
        url = URL(self.target + sent["path"], encoded=True)
        async with (
            ClientSession(auto_decompress=False) as session,
            session.request(request.method, url, headers=sent["headers"], data=sent["data"]) as answer,
        ):
            return web.Response(status=answer.status, body=await answer.read(), content_type=answer.content_type)


@asynccontextmanager
async def proxying(context: ssl.SSLContext | None = None) -> AsyncIterator[Proxy]:
    """Serve a proxy on a free port."""
    proxy = Proxy()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", proxy.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener, ssl_context=context).start()
    proxy.url = f"http{'s' if context else ''}://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield proxy
    finally:
        await runner.cleanup()


@asynccontextmanager
async def behind(settings: Settings, public_url: str, proxy: Proxy | None = None) -> AsyncIterator[ClientSession]:
    """Run a gateway that believes in a public URL; the client goes past the proxy."""
    async with run_gateway(settings.model_copy(update={"public_url": public_url})) as gateway:
        if proxy is not None:
            proxy.target = gateway.url
        async with ClientSession(gateway.url) as client:
            yield client


async def probe_of(client: ClientSession, tenant: Tenant, provider: str = "twilio", **more: Any) -> dict[str, Any]:
    """Run the self-test; returns its checks by name, and ``all`` for the verdict."""
    path = f"/api/v1/connections/{tenant.integration(provider)['id']}/self-test"
    async with client.post(path, headers={**tenant.auth, **more}) as answer:
        assert answer.status == 200, await answer.text()
        found = await answer.json()
    assert found["ok"] is all(check["ok"] for check in found["checks"])
    for check in found["checks"]:
        assert check["sentence"]
        assert check["ok"] or check["hint"], check
    return {check["name"]: check for check in found["checks"]}


def without(name: str) -> Change:
    """Drop a header."""

    def change(_request: web.Request, sent: dict[str, Any]) -> None:
        sent["headers"] = {key: value for key, value in sent["headers"].items() if key.lower() != name}

    return change


def forwarded(**headers: str) -> Change:
    """Say what a proxy says of itself."""
    return lambda _request, sent: sent["headers"].update({k.replace("_", "-"): v for k, v in headers.items()})


def rewrite(key: str, by: Callable[[Any], Any]) -> Change:
    """Alter the path or the body."""
    return lambda _request, sent: sent.update({key: by(sent[key])})


def host(name: str) -> Change:
    """Pass another Host on."""
    return lambda _request, sent: sent["headers"].update({"Host": name})
