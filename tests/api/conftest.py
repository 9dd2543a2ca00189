"""The API alone on a real socket, with a clock and neighbours that tests can look at."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer

from channels.http import HttpRequest, HttpResponse
from gateway.answering import problems
from gateway.api.routes import add_last_routes, add_routes, open_gate
from gateway.api.services import Services
from gateway.audit.access import Auditor
from gateway.audit.recorder import Recorder
from gateway.demo import routes as demo_routes
from gateway.demo.sample_poster import SamplePoster
from gateway.files.disk import DiskStorage
from gateway.files.keeping import Files
from gateway.keys import Keyring
from gateway.live import routes as live_routes
from gateway.live.service import Live
from gateway.model.ids import new_id, public
from gateway.model.log import Entry
from gateway.openapi import Api
from gateway.outgoing.egress import Guard
from gateway.outgoing.registration import UrlVerdict, judge
from gateway.people.letters import Letter
from gateway.people.single_sign_on import SingleSignOn
from gateway.request_log import request_log
from gateway.response_headers import add_headers
from gateway.store.pool import open_pool
from tests.api.rows import Rows
from tests.conftest import Database, MakeTenant, Tenant
from tests.described import frame_faults, log_faults

PUBLIC_URL = "http://gateway.test"
ORIGIN = {"Origin": PUBLIC_URL}
FILE_LIMIT = 1024 * 1024


@dataclass
class Neighbours:
    """What stands in for the other features: it notes what it was told."""

    announced: list[Entry] = field(default_factory=list)
    ended: list[bytes] = field(default_factory=list)
    changed: list[UUID] = field(default_factory=list)
    called: list[HttpRequest] = field(default_factory=list)
    provider: HttpResponse = field(default_factory=lambda: HttpResponse(200, b'{"data": []}'))
    replayed: list[tuple[UUID, UUID]] = field(default_factory=list)
    ahead: timedelta = timedelta()
    connection_gone: bool = False
    letters: list[Letter] = field(default_factory=list)
    mail_server: bool = True
    posted: asyncio.Event = field(default_factory=asyncio.Event)
    own: list[tuple[UUID, UUID, str, str]] = field(default_factory=list)
    queued: int = 0
    endpoints: list[UUID] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)

    def announce(self, entries: Sequence[Entry]) -> None:
        self.announced += entries

    async def post(self, letter: Letter) -> bool:
        if self.mail_server:
            self.letters.append(letter)
            self.posted.set()
        return self.mail_server

    async def written(self, count: int = 1) -> None:
        """Wait until so many letters were sent."""
        async with asyncio.timeout(10):
            while len(self.letters) < count:
                self.posted.clear()
                await self.posted.wait()

    def tell_own(self, *told: Any) -> None:
        self.own.append(told)

    def message_queued(self) -> None:
        self.queued += 1

    async def replay(self, tenant_id: UUID, webhook_id: UUID) -> bool:
        self.replayed.append((tenant_id, webhook_id))
        return not self.connection_gone

    async def call(self, request: HttpRequest, _limit: int) -> HttpResponse:
        self.called.append(request)
        return self.provider

    async def check_url(self, url: str) -> UrlVerdict:
        """Judge a URL with names that mean a public address, unless ``names`` says otherwise."""
        return await judge(url, Guard(), Guard(public=False), self.addresses)

    async def addresses(self, host: str) -> list[str]:
        return self.names.get(host, ["1.1.1.1"])

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Served:
    """A running API."""

    url: str
    api: Api
    neighbours: Neighbours
    pool: asyncpg.Pool
    client: ClientSession

    async def problem(self, method: str, path: str, status: int, code: str, **sent: Any) -> dict[str, Any]:
        """Send a request that must be refused; returns the problem, after looking at its form."""
        async with self.client.request(method, path, **sent) as answer:
            text = await answer.text()
            assert (answer.status, method, path) == (status, method, path), text
            assert answer.content_type == "application/problem+json", text
            problem: dict[str, Any] = await answer.json(content_type=None)
        assert problem["code"] == code
        assert problem["status"] == status
        assert problem["type"] == f"/docs/problems#{code}"
        return problem

    async def get(self, path: str, tenant: Tenant) -> Any:
        """Return the JSON at a path."""
        async with self.client.get(path, headers=tenant.auth) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def log_in(self, tenant: Tenant) -> str:
        """Log in as the tenant's owner; returns the cookie's value."""
        body = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
        async with self.client.post("/api/v1/login", json=body, headers=ORIGIN) as answer:
            assert answer.status == 200, await answer.text()
            return answer.cookies["postgate_session"].value


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """The folder of a built page."""
    folder = tmp_path / "assets"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Postgate</title>" + " " * 2000)
    (folder / "assets" / "index-Ab12_-9z.js").write_text("console.log(1);" * 100)
    (folder / "assets" / "theme.js").write_text("0")
    return folder


@pytest.fixture
def single_sign_on() -> SingleSignOn | None:
    """The identity provider; the tests of signing in have one."""
    return None


@pytest.fixture
def public_url() -> str:
    """The address of the page; the tests of https have another one."""
    return PUBLIC_URL


@pytest.fixture
def live() -> Live | None:
    """The live part; the tests of the whole API have one."""
    return None


@pytest.fixture
async def served(
    database: Database,
    assets: Path,
    master_key: str,
    single_sign_on: SingleSignOn | None,
    live: Live | None,
    public_url: str,
) -> AsyncIterator[Served]:
    """The API on a socket."""
    neighbours = Neighbours()
    pool = await open_pool(database.app_url, 3)
    hook_pool = await open_pool(database.hook_url, 1)
    recorder = Recorder(hook_pool)
    recorder.start()
    app = web.Application(middlewares=[request_log, problems])
    keyring = Keyring(master_key)
    services = Services(
        pool=pool,
        public_url=public_url,
        assets=assets,
        clock=neighbours.now,
        new_id=new_id,
        secret=os.urandom,
        announce=neighbours.announce,
        keyring=keyring,
        files=Files(DiskStorage(assets.parent / "files"), pool, keyring, neighbours.now, new_id, FILE_LIMIT),
        auditor=Auditor(recorder, neighbours.now),
        connection_changed=neighbours.changed.append,
        refusals=lambda _connection: None,
        call=neighbours.call,
        check_url=neighbours.check_url,
        replay=neighbours.replay,
        login_ended=neighbours.ended.append,
        message_queued=neighbours.message_queued,
        endpoint_changed=neighbours.endpoints.append,
        demo=lambda _tenant: True,
        tell_own=neighbours.tell_own,
        post=neighbours.post,
        single_sign_on=single_sign_on,
    )
    open_gate(app, services)
    api = Api(app)
    add_routes(app, api, services)
    if live is not None:
        live_routes.add_routes(api, live, pool, public_url, lambda: public("ses", new_id(0)))
        demo_routes.add_routes(
            api, SamplePoster(assets.parent / "ready.json", random.Random(), neighbours.now), lambda: new_id(0)
        )
    add_last_routes(app, api, services)
    add_headers(app, public_url)
    server = TestServer(app)
    await server.start_server()
    url = str(server.make_url("/")).rstrip("/")
    async with ClientSession(url, cookie_jar=CookieJar(unsafe=True)) as client:
        yield Served(url, api, neighbours, pool, client)
    assert log_faults(neighbours.announced) == []
    for _, _, what, data in neighbours.own:
        assert frame_faults({"type": "own", "what": what, "data": orjson.loads(data)}, "hear") == []
    await server.close()
    await recorder.stop()
    await hook_pool.close()
    await pool.close()


@pytest.fixture
def rows(database: Database, tenant: Tenant) -> Rows:
    """Puts rows of the tenant into the database."""
    return Rows(database, tenant)


@pytest.fixture
async def other(make_tenant: MakeTenant) -> Tenant:
    """Another tenant of the same database."""
    return await make_tenant("umbrella")
