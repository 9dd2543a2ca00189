"""The worker that fetches what messages point at, against a provider on a real socket."""

import asyncio
import base64
import hashlib
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.events import Media
from channels.outbound import Refused
from channels.registry import ADAPTERS
from gateway.files import fetcher as fetcher_module
from gateway.files.disk import DiskStorage
from gateway.files.fetcher import Fetcher
from gateway.files.housekeeping import Housekeeping
from gateway.files.keeping import Files
from gateway.files.storage import Storage
from gateway.keys import Keyring
from gateway.model.ids import new_id as id_of
from gateway.model.ids import parse
from gateway.model.log import Entry
from gateway.outgoing.http import Calls
from gateway.store.pool import open_pool
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id
from tests.files.program import Connection
from tests.files.samples import HTML, PDF, opus, png

LIMIT = 2 * 1024 * 1024
LOOPBACK = [ip_network("127.0.0.0/8")]

ADD = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text, status,
    occurred_at, received_at)
VALUES ($1, $2, $3, $4, $5, 'inbound', $6, 'image', NULL, 'received', $7, $7)
"""
ADD_FILE = """
INSERT INTO attachments (tenant_id, id, message_id, position, type, provider_media_id, provider_url, mime_type, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending')
"""


@dataclass
class Provider:
    """What stands in for the providers: by path, a status, headers and a body, or a handler."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("Authorization") or request.headers.get("D360-API-KEY")))
        answer = self.answers.get(request.path, 404)
        if callable(answer):
            found: web.StreamResponse = await answer(request)
            return found
        if isinstance(answer, bytes):
            return web.Response(body=answer)
        if isinstance(answer, dict):
            return web.json_response(answer)
        if isinstance(answer, str):
            return web.Response(status=307, headers={"Location": answer})
        return web.Response(status=answer)


@dataclass
class Desk:
    """A fetcher's surroundings."""

    database: Database
    tenant: Tenant
    provider: Provider
    rows: Rows
    folder: Path
    storage: Storage
    entries: list[Entry] = field(default_factory=list)
    mails: Callable[[UUID, UUID, datetime, str], Any] = lambda *_: None
    gone: bool = False

    async def message(
        self, *files: tuple[str, str | None, str | None], provider: str = "twilio", medium: str = "mms",
        at: datetime | None = None,
    ) -> UUID:  # fmt: skip
        """Add a message with files that wait: type, media id, link."""
        conversation = parse("cnv", await self.rows.conversation())
        channel = parse("ch", self.tenant.integration(provider)["channels"][0]["id"])
        key, moment = new_id(), at or datetime.now(UTC)
        connection = await asyncpg.connect(self.database.admin_url)
        await connection.execute(ADD, self.tenant.id, key, conversation, channel, key.hex, medium, moment)
        for place, (kind, media_id, link) in enumerate(files):
            await connection.execute(ADD_FILE, self.tenant.id, new_id(), key, place, kind, media_id, link, None)
        await connection.close()
        return key

    async def state(self, message: UUID) -> list[Any]:
        """Return what the database says of a message's files."""
        return await self.database.fetch(
            "SELECT state, error, mime_type, type, width, size_bytes, tries, file_id, due_at FROM attachments"
            " WHERE message_id = $1 ORDER BY position", message
        )  # fmt: skip

    async def until(self, message: UUID, state: str) -> list[Any]:
        """Wait until all files of a message have a state."""
        async with asyncio.timeout(20):
            while True:
                found = await self.state(message)
                if all(row["state"] == state for row in found):
                    return found
                await asyncio.sleep(0.02)

    async def until_true(self, check: Callable[[], Any]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(20):
            while not check():
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def fetching(self, storage: Storage | None = None) -> AsyncIterator[Fetcher]:
        """Run a fetcher."""
        hook, app = await open_pool(self.database.hook_url, 1), await open_pool(self.database.app_url, 4)
        known = {parse("int", i["id"]): i for i in self.tenant.ready["integrations"]}

        async def route_of(key: UUID) -> Connection | None:
            if self.gone:
                return None
            adapter = ADAPTERS[known[key]["provider"]]
            credentials = adapter.credentials.model_validate(known[key]["credentials"])
            return Connection(adapter, credentials, {"base_url": self.provider.url})

        async def reread(*args: Any) -> Sequence[Media] | Refused | None:
            found: Sequence[Media] | Refused | None = self.mails(*args)
            return found

        async with Calls(LOOPBACK, connect_seconds=2, total_seconds=2) as calls:
            files = Files(storage or self.storage, app, Keyring(MASTER), lambda: datetime.now(UTC), id_of, LIMIT)
            fetcher = Fetcher(
                hook, app, files, calls, route_of, reread, self.entries.extend, lambda: datetime.now(UTC), id_of
            )
            fetcher.start()
            try:
                yield fetcher
            finally:
                await fetcher.stop()
        await hook.close()
        await app.close()


MASTER = base64.b64encode(b"m" * 32).decode()


@pytest.fixture
async def desk(database: Database, tenant: Tenant, rows: Rows, tmp_path: Path) -> AsyncIterator[Desk]:
    """A tenant, a provider, and a storage."""
    provider = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.handle)
    server = TestServer(app)
    await server.start_server()
    provider.url = str(server.make_url("")).rstrip("/")
    yield Desk(database, tenant, provider, rows, tmp_path / "files", DiskStorage(tmp_path / "files"))
    await server.close()


def link(place: str) -> str:
    """Return a link at Twilio."""
    return f"https://api.twilio.com/2010-04-01/{place}"


async def test_a_picture_is_fetched_stored_and_told(desk: Desk) -> None:
    desk.provider.answers["/2010-04-01/a"] = png(40, 30)
    message = await desk.message(("file", "ME1", link("a")))
    async with desk.fetching():
        (row,) = await desk.until(message, "stored")
        await desk.until_true(lambda: desk.entries)
    assert (row["mime_type"], row["type"], row["width"], row["size_bytes"]) == (
        "image/png",
        "image",
        40,
        len(png(40, 30)),
    )
    digest = hashlib.sha256(png(40, 30)).hexdigest()
    assert (desk.folder / desk.tenant.id.hex / digest[:2] / digest).read_bytes() == png(40, 30)
    assert await desk.database.value("SELECT expires_at FROM files WHERE id = $1", row["file_id"]) is None
    (entry,) = desk.entries
    assert entry.type == "attachment.updated"
    assert message.hex in entry.data
    assert '"state":"stored"' in entry.data.replace(" ", "")
    assert desk.provider.asked[0][1] is not None


async def test_a_redirect_is_followed_without_the_login(desk: Desk) -> None:
    desk.provider.answers |= {"/2010-04-01/a": "https://cdn.example.org/b", "/b": png()}
    message = await desk.message(("image", "ME1", link("a")))
    async with desk.fetching():
        await desk.until(message, "stored")
    (_, login), (path, none) = desk.provider.asked
    assert login is not None
    assert login.startswith("Basic ")
    assert (path, none) == ("/b", None)


async def test_a_redirect_in_circles_ends(desk: Desk) -> None:
    desk.provider.answers |= {"/2010-04-01/a": link("a")}
    message = await desk.message(("image", "ME1", link("a")))
    async with desk.fetching():
        (row,) = await desk.until(message, "failed")
    assert row["error"] == "The provider's link leads from one to the next."


async def test_a_whatsapp_file_is_asked_for_by_its_id(desk: Desk) -> None:
    place = {"url": "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7"}
    version = re.search(r"/(v[0-9.]+)", whatsapp_root(desk))
    assert version is not None
    desk.provider.answers |= {f"/{version[1]}/7": place, "/whatsapp_business/attachments/": opus()}
    message = await desk.message(("voice", "7", None), provider="whatsapp_cloud", medium="whatsapp")
    async with desk.fetching():
        (row,) = await desk.until(message, "stored")
    assert (row["mime_type"], row["type"]) == ("audio/ogg", "voice")
    assert [login and login.split()[0] for _, login in desk.provider.asked] == ["Bearer", "Bearer"]


def whatsapp_root(desk: Desk) -> str:
    """Return the URL under which Meta's API is called."""
    adapter = ADAPTERS["whatsapp_cloud"]
    credentials = adapter.credentials.model_validate(desk.tenant.integration("whatsapp_cloud")["credentials"])
    assert adapter.operations.download is not None
    return next(adapter.operations.download(Media(type="image", id="7"), credentials, datetime.now(UTC))).url


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        (404, "expired", "The provider no longer has the file."),
        (410, "expired", "The provider no longer has the file."),
        (401, "failed", "The provider does not hand out the file to this connection's credentials."),
        (400, "failed", "The provider did not hand out the file (it answered 400)."),
        (b"", "failed", "The file is empty."),
        (b"x" * (LIMIT + 1), "failed", f"The file is larger than the {LIMIT} bytes that are kept."),
    ],
    ids=["404", "410", "401", "400", "empty", "too large"],
)
async def test_what_can_never_be_had_is_said_in_words(desk: Desk, answer: Any, state: str, error: str) -> None:
    desk.provider.answers["/2010-04-01/a"] = answer
    message = await desk.message(("image", None, link("a")))
    async with desk.fetching():
        (row,) = await desk.until(message, state)
        await desk.until_true(lambda: desk.entries)
    assert row["error"] == error
    assert await desk.database.value("SELECT count(*) FROM files") == 0
    assert list((desk.folder / "incoming").iterdir()) == []


@pytest.mark.parametrize("answer", [429, 500, 503, 599])
async def test_trouble_that_passes_is_tried_again(desk: Desk, answer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher_module, "WAITS", (timedelta(0),) * 7)
    calls = iter([answer, answer])

    async def first_not(_request: web.Request) -> web.Response:
        status = next(calls, 200)
        return web.Response(status=status, body=png())

    desk.provider.answers["/2010-04-01/a"] = first_not
    message = await desk.message(("image", None, link("a")))
    async with desk.fetching():
        (row,) = await desk.until(message, "stored")
    assert row["tries"] == 3


async def test_a_file_that_breaks_off_is_not_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher_module, "WAITS", (timedelta(0),) * 7)
    calls = iter([True])

    async def half(request: web.Request) -> web.StreamResponse:
        if not next(calls, False):
            return web.Response(body=PDF)
        answer = web.StreamResponse(headers={"Content-Length": str(len(PDF))})
        await answer.prepare(request)
        await answer.write(PDF[:10])
        assert request.transport is not None
        request.transport.abort()
        return answer

    desk.provider.answers["/2010-04-01/a"] = half
    message = await desk.message(("file", None, link("a")))
    async with desk.fetching():
        (row,) = await desk.until(message, "stored")
    assert (row["size_bytes"], row["tries"], row["type"]) == (len(PDF), 2, "document")


async def test_tries_end_with_what_the_provider_keeps(desk: Desk) -> None:
    desk.provider.answers["/2010-04-01/a"] = 503
    kept = ADAPTERS["twilio"].operations.download_kept
    message = await desk.message(("image", None, link("a")), at=datetime.now(UTC) - kept)
    async with desk.fetching():
        (row,) = await desk.until(message, "expired")
    assert row["error"] == "The provider did not hand out the file yet."


async def test_a_wait_that_the_provider_asks_for_is_kept(desk: Desk) -> None:
    async def slow_down(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "3000"})

    desk.provider.answers["/2010-04-01/a"] = slow_down
    message = await desk.message(("image", None, link("a")))
    async with desk.fetching():
        await desk.until_true(lambda: desk.provider.asked)
        async with asyncio.timeout(10):
            while (await desk.state(message))[0]["due_at"] > datetime.now(UTC) + timedelta(seconds=3100):
                await asyncio.sleep(0.02)  # the lease still
    (row,) = await desk.state(message)
    assert timedelta(seconds=2900) < row["due_at"] - datetime.now(UTC) < timedelta(seconds=3001)


async def test_bytes_decide_what_a_file_is(desk: Desk) -> None:
    desk.provider.answers |= {"/2010-04-01/a": HTML, "/2010-04-01/b": png()}
    message = await desk.message(("image", None, link("a")), ("document", None, link("b")))
    async with desk.fetching():
        page, picture = await desk.until(message, "stored")
    assert (page["type"], page["mime_type"]) == ("file", "application/octet-stream")
    assert (picture["type"], picture["mime_type"]) == ("image", "image/png")


async def test_the_same_picture_twice_lies_there_once(desk: Desk) -> None:
    desk.provider.answers |= {"/2010-04-01/a": png(), "/2010-04-01/b": png()}
    message = await desk.message(("image", None, link("a")), ("image", None, link("b")))
    async with desk.fetching():
        rows = await desk.until(message, "stored")
    assert rows[0]["file_id"] != rows[1]["file_id"]
    assert await desk.database.value("SELECT count(DISTINCT storage_key) FROM files") == 1


async def test_a_provider_that_hangs_holds_up_nobody_else(desk: Desk) -> None:
    release = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await release.wait()
        return web.Response(status=503)

    for number in range(40):
        desk.provider.answers[f"/2010-04-01/h{number}"] = hang
        await desk.message(("image", None, link(f"h{number}")))
    desk.provider.answers["/v"] = png()
    other = await desk.message(("image", None, "https://media.telnyx.test/v"), provider="telnyx")
    async with desk.fetching():
        await desk.until(other, "stored")
        assert len([path for path, _ in desk.provider.asked if "/h" in path]) <= fetcher_module.AT_ONCE_PER_CONNECTION
        release.set()


class FullStorage(DiskStorage):
    """A disk without room, until somebody makes some."""

    full = True

    async def put(self, key: str, spooled: Path) -> None:
        if self.full:
            from gateway.files.errors import StorageUnavailable  # noqa: PLC0415

            raise StorageUnavailable("no room")
        await super().put(key, spooled)


async def test_a_full_storage_leaves_files_pending_and_costs_no_try(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher_module, "STORAGE_WAIT", timedelta(0))
    desk.provider.answers["/2010-04-01/a"] = png()
    message = await desk.message(("image", None, link("a")))
    storage = FullStorage(desk.folder)
    async with desk.fetching(storage):
        await desk.until_true(lambda: len(desk.provider.asked) > 2)
        assert (await desk.state(message))[0]["state"] == "pending"
        storage.full = False
        (row,) = await desk.until(message, "stored")
    assert row["tries"] == 1


async def test_a_message_that_was_taken_back_meanwhile_keeps_nothing(desk: Desk) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        begun.set()
        await go_on.wait()
        return web.Response(body=png())

    desk.provider.answers["/2010-04-01/a"] = slow
    message = await desk.message(("image", None, link("a")))
    async with desk.fetching():
        await begun.wait()
        await desk.database.fetch("UPDATE messages SET deleted_at = now() WHERE id = $1", message)
        go_on.set()
        async with asyncio.timeout(10):
            while not await desk.database.value("SELECT count(*) FROM files WHERE state = 'stored'"):
                await asyncio.sleep(0.02)
    (row,) = await desk.state(message)
    assert (row["state"], row["file_id"], desk.entries) == ("expired", None, [])


async def test_a_lease_that_ended_is_taken_up_by_another(desk: Desk) -> None:
    desk.provider.answers["/2010-04-01/a"] = png()
    message = await desk.message(("image", None, link("a")))
    claimed = await desk.database.fetch("SELECT * FROM claim_files('{}', interval '15 minutes')")
    assert len(claimed) == 1
    assert await desk.database.fetch("SELECT * FROM claim_files('{}', interval '15 minutes')") == []
    await desk.database.script("UPDATE attachments SET due_at = now() WHERE state = 'pending'")
    async with desk.fetching():
        await desk.until(message, "stored")


async def test_a_worker_that_is_killed_leaves_nothing_half_and_another_goes_on(desk: Desk) -> None:
    begun = asyncio.Event()

    async def half_of_it(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(LIMIT)})
        await answer.prepare(request)
        await answer.write(b"x" * (LIMIT // 2))
        begun.set()
        await asyncio.Event().wait()
        return answer

    desk.provider.answers["/2010-04-01/a"] = half_of_it
    message = await desk.message(("image", None, link("a")))
    told = {
        "hook_url": desk.database.hook_url, "app_url": desk.database.app_url, "folder": str(desk.folder),
        "provider_url": desk.provider.url, "integrations": desk.tenant.ready["integrations"], "master_key": MASTER,
        "limit": LIMIT,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.files.program", stdin=asyncio.subprocess.PIPE
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(told).encode())
    process.stdin.close()
    async with asyncio.timeout(60):
        await begun.wait()
        await desk.until_true(lambda: any(path.stat().st_size for path in (desk.folder / "incoming").iterdir()))
    process.kill()
    await process.wait()
    (row,) = await desk.state(message)
    assert (row["state"], row["tries"]) == ("pending", 1)
    assert await desk.database.value("SELECT count(*) FROM files") == 0
    desk.provider.answers["/2010-04-01/a"] = png()
    await desk.database.script("UPDATE attachments SET due_at = now() WHERE state = 'pending'")
    async with desk.fetching():
        (row,) = await desk.until(message, "stored")
    assert row["tries"] == 2


async def test_a_mails_files_come_out_of_its_original(desk: Desk) -> None:
    asked: list[Any] = []

    def original(*args: Any) -> Sequence[Media]:
        asked.append(args)
        return [Media(type="image", content=png(), mime_type="image/png"), Media(type="document", content=PDF)]

    desk.mails = original
    message = await desk.message(("image", None, None), ("document", None, None), provider="postmark", medium="email")
    async with desk.fetching():
        rows = await desk.until(message, "stored")
    assert [row["mime_type"] for row in rows] == ["image/png", "application/pdf"]
    assert len(asked) == 1
    assert desk.provider.asked == []


@pytest.mark.parametrize(
    ("original", "state", "error"),
    [
        (None, "expired", "The original of this mail is no longer kept."),
        ([], "failed", "The original of this mail does not hold the file."),
        (Refused("gone", "It is gone.", retryable=False), "failed", "It is gone."),
    ],
    ids=["gone", "another", "refused"],
)
async def test_a_mail_whose_original_is_gone_says_so(desk: Desk, original: Any, state: str, error: str) -> None:
    desk.mails = lambda *_: original
    message = await desk.message(("image", None, None), provider="postmark", medium="email")
    async with desk.fetching():
        (row,) = await desk.until(message, state)
    assert row["error"] == error


async def test_files_of_a_connection_that_is_gone_wait(desk: Desk) -> None:
    desk.gone = True
    message = await desk.message(("image", None, link("a")))
    async with desk.fetching(), asyncio.timeout(10):
        while (await desk.state(message))[0]["due_at"] < datetime.now(UTC) + timedelta(minutes=30):
            await asyncio.sleep(0.02)
    (row,) = await desk.state(message)
    assert (row["state"], row["tries"]) == ("pending", 0)


async def test_what_no_message_has_is_removed_with_its_bytes(desk: Desk) -> None:
    desk.provider.answers |= {"/2010-04-01/a": png(), "/2010-04-01/b": png(), "/2010-04-01/c": PDF}
    first = await desk.message(("image", None, link("a")))
    second = await desk.message(("image", None, link("b")), ("file", None, link("c")))
    async with desk.fetching():
        await desk.until(first, "stored")
        await desk.until(second, "stored")
    hook, app = await open_pool(desk.database.hook_url, 1), await open_pool(desk.database.app_url, 1)
    left = desk.folder / "incoming" / "incoming-left"
    left.write_bytes(b"half")
    tomorrow = left.stat().st_mtime + 25 * 3600
    housekeeping = Housekeeping(hook, app, desk.storage, lambda: tomorrow)
    assert await housekeeping.tidy() == 0
    assert not left.exists()
    await desk.database.fetch("UPDATE messages SET deleted_at = now() WHERE id = $1", second)
    assert await housekeeping.tidy() == 2
    kept = [path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()]
    assert kept == [png()]
    assert await desk.database.value("SELECT count(*) FROM files") == 1
    await hook.close()
    await app.close()
