"""Fetching what messages point at, against a provider on a real socket."""

import asyncio
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from channels.events import Media
from channels.registry import ADAPTERS
from gateway.files import fetcher as fetcher_module
from tests.files.desk import LIMIT, Desk, link
from tests.files.samples import HTML, PDF, opus, png


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
        async with asyncio.timeout(30):
            while (await desk.state(message))[0]["due_at"] < datetime.now(UTC) + timedelta(seconds=2900):
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
