"""The whole gateway, and a provider that does what a test tells it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from gateway.model.ids import parse
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.api.conftest import *  # noqa: F403 - the API's fixtures, here too
from tests.conftest import Database, MakeTenant, Tenant
from tests.ingest.posts import status, text, unique, whatsapp
from tests.strays import own_path

SECONDS = 60
MOVE = "UPDATE external_integrations SET config = config || $3::text::jsonb WHERE tenant_id = $1 AND id = $2"
HURRY = """
UPDATE sends SET next_attempt_at = now() WHERE state = 'queued' AND lease_token IS NULL;
UPDATE send_lanes SET due_at = now(), slowed_until = '-infinity', paced_until = '-infinity'
"""
Answer = Callable[[dict[str, Any]], Awaitable[web.Response]]


async def accepts(sent: dict[str, Any]) -> web.Response:
    """Answer as the Cloud API does when it takes a message."""
    return web.json_response({"messages": [{"id": external_id(sent)}]})


def external_id(sent: dict[str, Any]) -> str:
    """Return the provider's id of what was sent to it."""
    return f"wamid.{sent['biz_opaque_callback_data']}"


def refuses(http_status: int, code: int, **headers: str) -> Answer:
    """Answer with an error of the Cloud API."""

    async def answer(_sent: dict[str, Any]) -> web.Response:
        error = {"error": {"code": code, "message": "no"}}
        return web.json_response(error, status=http_status, headers=headers)

    return answer


@dataclass
class Provider:
    """A Cloud API: what it is sent, and how it answers; each planned answer once, then it accepts."""

    url: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    plan: list[Answer] = field(default_factory=list)
    always: Answer = accepts
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def hangs(self, sent: dict[str, Any]) -> web.Response:
        """Take the message, and answer only once the test says so."""
        await self.released.wait()
        return await accepts(sent)

    async def breaks(self, _sent: dict[str, Any]) -> web.Response:
        """Take the message, and hang up."""
        raise ConnectionResetError

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        if request.path.endswith("/media"):
            form = await request.post()
            part = form["file"]
            assert isinstance(part, web.FileField)
            self.sent.append({"file": part.file.read(), "type": form["type"], "name": part.filename})
            return web.json_response({"id": "4711"})
        if request.path.endswith("/debug_token"):
            return web.json_response({"error": {"code": 100, "message": "of no interest here"}}, status=400)
        is_json = request.content_type == "application/json"
        sent = orjson.loads(await request.read()) if is_json else dict(await request.post())
        self.sent.append(sent)
        answer = self.plan.pop(0) if self.plan else self.always
        try:
            return await answer(sent)
        except ConnectionResetError:
            if request.transport is not None:
                request.transport.abort()
            raise

    @property
    def texts(self) -> list[str]:
        """The texts that it was sent, in order."""
        return [one["text"]["body"] for one in self.sent if "text" in one]


@pytest.fixture
async def make_provider() -> AsyncIterator[Callable[[], Awaitable[Provider]]]:
    """Starts providers."""
    servers: list[tuple[Provider, TestServer]] = []

    async def make() -> Provider:
        provider = Provider()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        prefix = own_path()
        app.router.add_route("*", prefix + "/{path:.*}", provider.handle)
        server = TestServer(app)
        await server.start_server()
        provider.url = str(server.make_url(prefix)).rstrip("/")
        servers.append((provider, server))
        return provider

    yield make
    for provider, server in servers:
        provider.released.set()
        await server.close()


@pytest.fixture
async def provider(make_provider: Callable[[], Awaitable[Provider]]) -> Provider:
    """A provider."""
    return await make_provider()


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A gateway that may call this machine."""
    networks = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    return settings.model_copy(update={"allow_private": networks, "files_dir": tmp_path / "files"})


@dataclass(frozen=True)
class Desk:
    """A tenant whose WhatsApp is at a provider of the test, with one conversation in it."""

    client: ClientSession
    database: Database
    tenant: Tenant
    provider: Provider
    conversation: str

    async def post(self, path: str, body: Any, status_code: int, **headers: str) -> Any:
        """Post to the API; returns the JSON of the answer."""
        headers = {**self.tenant.auth, **headers}
        async with self.client.post(path, json=body, headers=headers) as answer:
            found = await answer.json(content_type=None)
            assert answer.status == status_code, found
            return found

    async def write(self, words: str, **more: Any) -> str:
        """Send a text; returns the message's id."""
        path = f"/api/v1/conversations/{self.conversation}/messages"
        message = await self.post(path, {"text": words, **more}, 201)
        assert message["status"] == "queued"
        return str(message["id"])

    async def message(self, key: str) -> dict[str, Any]:
        """Return a message as the API shows it."""
        path = f"/api/v1/conversations/{self.conversation}/messages?limit=200"
        async with self.client.get(path, headers=self.tenant.auth) as answer:
            found = {one["id"]: one for one in (await answer.json())["data"]}
        return dict(found[key])

    async def until(self, key: str, *statuses: str) -> dict[str, Any]:
        """Wait for a message to have one of some statuses."""
        async with asyncio.timeout(SECONDS):
            while (message := await self.message(key))["status"] not in statuses:
                await asyncio.sleep(0.02)  # between two looks
        return message

    async def until_sent(self, number: int) -> None:
        """Wait for the provider to have been sent that many."""
        async with asyncio.timeout(SECONDS):
            while len(self.provider.sent) < number:
                await asyncio.sleep(0.01)  # between two looks

    async def until_waits(self, attempts: int) -> None:
        """Wait until a message waits for its next attempt."""
        waiting = "SELECT count(*) FROM sends WHERE state = 'queued' AND lease_token IS NULL AND attempts = $1"
        async with asyncio.timeout(SECONDS):
            while not await self.database.value(waiting, attempts):
                await asyncio.sleep(0.02)  # between two looks

    async def hurry(self) -> None:
        """Make everything due that waits."""
        await self.database.script(HURRY)

    async def told(self, key: str, word: str, at: int = 1767225700, *, ref: str | None = None) -> None:
        """Have the provider tell the status of a message; ``ref``: the reference that it knows it by."""
        about = {**status(key, word, at), **({"biz_opaque_callback_data": ref} if ref else {})}
        assert await whatsapp(self.tenant.integration("whatsapp_cloud"), statuses=[about]).send(self.client) == 200

    async def events(self) -> list[tuple[str, str]]:
        """Return type and status of what was logged of messages of ours."""
        rows = await self.database.fetch(
            "SELECT type, data ->> 'status' AS status FROM events WHERE tenant_id = $1 AND type LIKE 'message.%'"
            " AND data ->> 'direction' = 'outbound' ORDER BY seq",
            self.tenant.id,
        )
        return [(row["type"], row["status"]) for row in rows]


MakeDesk = Callable[[str], Awaitable[Desk]]


@pytest.fixture
async def make_desk(
    settings: Settings, database: Database, make_tenant: MakeTenant,
    make_provider: Callable[[], Awaitable[Provider]],
) -> AsyncIterator[MakeDesk]:  # fmt: skip
    """Makes tenants at one gateway, each with a provider of its own."""
    async with run_gateway(settings) as gateway, ClientSession(gateway.url) as client:

        async def make(slug: str) -> Desk:
            return await desk_of(client, database, await make_tenant(slug), await make_provider())

        yield make


async def move(database: Database, tenant: Tenant, name: str, provider: Provider) -> None:
    """Have a tenant's connection call a provider of the test."""
    key = parse("int", tenant.integration(name)["id"])
    await database.fetch(MOVE, tenant.id, key, orjson.dumps({"base_url": provider.url}).decode())


async def desk_of(client: ClientSession, database: Database, tenant: Tenant, provider: Provider) -> Desk:
    """Move a tenant's WhatsApp to a provider, and let a customer write."""
    connection = tenant.integration("whatsapp_cloud")
    await move(database, tenant, "whatsapp_cloud", provider)
    inbound = text(unique(), "Hello", at=int(asyncio.get_running_loop().time()) + 4_000_000_000)
    assert await whatsapp(connection, [inbound]).send(client) == 200
    async with client.get("/api/v1/conversations", headers=tenant.auth) as answer:
        [conversation] = (await answer.json())["data"]
    return Desk(client, database, tenant, provider, conversation["id"])


@pytest.fixture
async def desk(make_desk: MakeDesk) -> Desk:
    """A tenant."""
    return await make_desk("acme")
