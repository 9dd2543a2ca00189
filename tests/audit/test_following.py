"""What is told live, pulled from the log, and read by a link stands in the audit, too."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.audit import recorder
from gateway.model.ids import parse
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

ROWS = """
SELECT actor, operation, action, table_name, record_ids, first_seq, last_seq, request_id FROM data_access_audit
WHERE tenant_id = $1 ORDER BY created_at, id
"""


async def test_whoever_follows_the_log_is_written_down_with_the_entries_that_they_were_told(
    settings: Settings, database: Database, tenant: Tenant, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "FLUSH_SECONDS", 3600.0)  # so that what is there was not waited for
    conversation = await rows.conversation(unread=1)

    async def found(count: int) -> Sequence[Any]:
        """Wait for so many rows; they are those that must not be lost."""
        async with asyncio.timeout(20):
            while len(all_of := await database.fetch(ROWS, tenant.id)) < count:
                await asyncio.sleep(0.02)
        return all_of

    async with run_gateway(settings) as running, ClientSession(running.url, headers=tenant.auth) as client:
        socket = await client.ws_connect("/api/v1/stream")
        await socket.send_json({"type": "resume"})
        assert (await socket.receive_json())["type"] == "hello"
        begun = (await found(1))[0]
        assert (begun["actor"], begun["operation"], begun["table_name"]) == ("api_key", "follow", "events")
        assert (begun["first_seq"], begun["last_seq"]) == (None, None)

        async with client.post(f"/api/v1/conversations/{conversation}/read") as answer:
            assert answer.status == 200
        frame = await socket.receive_json()
        seq = frame["event"]["seq"]
        await socket.close()

        async with client.get(f"/api/v1/events?after={seq - 1}") as answer:
            assert [one["seq"] for one in (await answer.json())["data"]] == [seq]
        stream = await client.get(f"/api/v1/events?after={seq - 1}", headers={"Accept": "text/event-stream"})
        assert f"id: {seq}\n".encode() in await stream.content.readuntil(b"\n\n")
        assert (await found(3))[-1]["first_seq"] == seq  # from this one on
        stream.close()

        form = {"Content-Type": "application/octet-stream"}
        async with client.post("/api/v1/files?filename=a.txt", data=b"hello", headers=form) as answer:
            assert answer.status == 201, await answer.text()
            file = await answer.json()
        async with client.get(file["link"]["url"].replace("http://gateway.test", "")) as answer:
            assert await answer.read() == b"hello"
    # When a process stops, nothing of what waited is lost.
    told = [(*tuple(row)[:4], row["first_seq"], row["last_seq"]) for row in await database.fetch(ROWS, tenant.id)]
    key = "api_key"
    assert sorted(told, key=str) == sorted(
        [
            (key, "follow", "open_stream", "events", None, None),
            (key, "follow", "open_stream", "events", seq, seq),
            (key, "read", "list_events", "events", seq, seq),
            (key, "follow", "list_events", "events", seq, None),
            (key, "read", "list_events", "events", seq, seq),
            (key, "change", "mark_conversation_read", "conversations", None, None),
            (key, "create", "upload_file", "files", None, None),
            ("link", "read", "follow_media_link", "files", None, None),
        ],
        key=str,
    )
    by_action = {row["action"]: row for row in await database.fetch(ROWS, tenant.id)}
    assert by_action["follow_media_link"]["record_ids"] == [parse("file", file["id"])]
    assert by_action["mark_conversation_read"]["record_ids"] == [parse("cnv", conversation)]
    assert all(row["request_id"] for row in by_action.values())


async def test_a_place_behind_the_last_that_can_be_asked_for_stops_nobody(
    settings: Settings, database: Database, tenant: Tenant
) -> None:
    async with run_gateway(settings) as running, ClientSession(running.url, headers=tenant.auth) as client:
        for _ in range(2):
            socket = await client.ws_connect("/api/v1/stream")
            await socket.send_json({"type": "resume", "after": 2**63 - 1})
            assert (await socket.receive_json(timeout=5))["type"] == "hello"  # and not that nothing can be written down
            await socket.close()
    written = [row["first_seq"] for row in await database.fetch(ROWS, tenant.id) if row["operation"] == "follow"]
    assert written == [2**63 - 1] * 2
