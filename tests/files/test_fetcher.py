"""The worker among others: hung providers, full storages, killed processes, messages that are taken back."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from channels.events import Media
from channels.outbound import Refused
from gateway.files import fetcher as fetcher_module
from gateway.files.disk import DiskStorage
from gateway.files.housekeeping import Housekeeping
from gateway.files.sweeping import Sweeper
from gateway.store.pool import open_pool
from tests.files.desk import LIMIT, MASTER, Desk, link
from tests.files.samples import PDF, png


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
    with capture_logs() as lines:
        async with desk.fetching():
            await begun.wait()
            await desk.database.fetch("UPDATE messages SET deleted_at = now() WHERE id = $1", message)
            go_on.set()
            await desk.until_true(lambda: [line for line in lines if line["event"] == "files.fetched"])
    assert await desk.database.value("SELECT count(*) FROM files") == 0
    assert [path for path in desk.folder.rglob("*") if path.is_file()] == []
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
    await Sweeper(desk.storage.spool, lambda: tomorrow).sweep()
    assert not left.exists()
    housekeeping = Housekeeping(hook, app, desk.storage)
    assert await housekeeping.tidy() == 0
    await desk.database.fetch("UPDATE messages SET deleted_at = now() WHERE id = $1", second)
    assert await housekeeping.tidy() == 2
    kept = [path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()]
    assert kept == [png()]
    assert await desk.database.value("SELECT count(*) FROM files") == 1
    await hook.close()
    await app.close()
