"""The lists of conversations and messages, and marking as read."""

import asyncio
from itertools import pairwise
from typing import Any

import orjson
import pytest

from gateway.model.ids import public
from tests.api.conftest import ORIGIN, Served
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

LIST = "/api/v1/conversations"


async def every_page(served: Served, tenant: Tenant, path: str) -> list[list[dict[str, Any]]]:
    """Follow the cursors to the end."""
    pages = []
    cursor = ""
    while True:
        page = await served.get(path + cursor, tenant)
        pages.append(page["data"])
        if page["next_cursor"] is None:
            return pages
        cursor = f"&cursor={page['next_cursor']}"


async def test_conversations_come_newest_message_first_page_by_page(served: Served, tenant: Tenant, rows: Rows) -> None:
    ids = [await rows.conversation(minute=minute) for minute in (3, 1, 2, 2, 5)]
    pages = await every_page(served, tenant, f"{LIST}?limit=2")
    assert [len(page) for page in pages] == [2, 2, 1]
    found = [one for page in pages for one in page]
    assert {one["id"] for one in found} == set(ids)
    order = [(one["last_message_at"], one["id"]) for one in found]
    assert all(first > second for first, second in pairwise(order))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?status=open", {"open"}),
        ("?status=open&status=snoozed", {"open", "snoozed"}),
        ("?status=resolved&status=resolved", {"resolved"}),
        ("", {"open", "pending", "snoozed", "resolved"}),
    ],
)
async def test_a_status_filter_keeps_the_order(
    served: Served, tenant: Tenant, rows: Rows, query: str, expected: set[str]
) -> None:
    for minute, status in enumerate(["open", "pending", "snoozed", "resolved", "open", "resolved"]):
        await rows.conversation(minute=minute, status=status)
    found = (await served.get(LIST + query, tenant))["data"]
    assert {one["status"] for one in found} == expected
    assert [one["last_message_at"] for one in found] == sorted((one["last_message_at"] for one in found), reverse=True)


async def test_a_conversation_shows_its_customer_channel_and_last_message(
    served: Served, tenant: Tenant, rows: Rows
) -> None:
    key = await rows.conversation(unread=2)
    message = await rows.message(key, minute=0)
    found = await served.get(f"{LIST}/{key}", tenant)
    assert found["customer"]["name"] == "Jane"
    assert found["customer"]["address"].startswith("+1555")
    assert found["channel"]["kind"] == "sms"
    assert found["last_message"]["id"] == message
    assert found["unread_count"] == 2
    assert found["last_message_at"] == "2026-11-02T09:00:00.000Z"


async def test_messages_come_newest_first_page_by_page(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.conversation()
    elsewhere = await rows.conversation()
    await rows.message(elsewhere, minute=9)
    ids = [await rows.message(key, minute=minute) for minute in range(5)]
    pages = await every_page(served, tenant, f"{LIST}/{key}/messages?limit=2")
    assert [one["id"] for page in pages for one in page] == ids[::-1]


async def test_reading_sets_the_count_to_zero_and_writes_one_event(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    key = await rows.conversation(unread=3)
    for _ in range(2):  # the second time there is nothing to tell
        async with served.client.post(f"{LIST}/{key}/read", headers=tenant.auth) as answer:
            assert answer.status == 200
            shown = await answer.json()
            assert shown["unread_count"] == 0
    logged = await database.fetch("SELECT seq, type, data::text FROM events WHERE tenant_id = $1", tenant.id)
    assert [(row["seq"], row["type"]) for row in logged] == [(1, "conversation.updated")]
    assert orjson.loads(logged[0]["data"]) == shown
    assert [(entry.seq, entry.tenant_id) for entry in served.neighbours.announced] == [(1, tenant.id)]
    assert (await served.get(LIST, tenant))["seq"] == 1


async def test_many_reads_at_once_write_one_event_each_and_leave_no_hole(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    keys = [await rows.conversation(unread=1) for _ in range(4)]

    async def read(key: str) -> int:
        async with served.client.post(f"{LIST}/{key}/read", headers=tenant.auth) as answer:
            return answer.status

    assert set(await asyncio.gather(*(read(key) for key in keys * 5))) == {200}
    logged = await database.fetch("SELECT seq, conversation_id FROM events ORDER BY seq")
    assert [row["seq"] for row in logged] == [1, 2, 3, 4]
    assert {public("cnv", row["conversation_id"]) for row in logged} == set(keys)
    assert sorted(entry.seq for entry in served.neighbours.announced) == [1, 2, 3, 4]


async def test_a_cursor_of_another_filter_is_refused(served: Served, tenant: Tenant, rows: Rows) -> None:
    for minute in range(2):
        await rows.conversation(minute=minute)
    cursor = (await served.get(f"{LIST}?limit=1", tenant))["next_cursor"]
    path = f"{LIST}?limit=1&status=open&cursor={cursor}"
    await served.problem("GET", path, 400, "cursor_invalid", headers=tenant.auth)


async def test_a_deleted_conversation_is_gone(served: Served, tenant: Tenant, rows: Rows, database: Database) -> None:
    key = await rows.conversation(unread=1)
    await database.fetch("UPDATE conversations SET deleted_at = now()")
    assert (await served.get(LIST, tenant))["data"] == []
    for method, path in [("GET", f"{LIST}/{key}"), ("GET", f"{LIST}/{key}/messages"), ("POST", f"{LIST}/{key}/read")]:
        await served.problem(method, path, 404, "not_found", headers=tenant.auth)


async def test_a_cookie_can_mark_as_read_from_the_own_page_only(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.conversation(unread=1)
    await served.log_in(tenant)
    path = f"{LIST}/{key}/read"
    foreign = {"Origin": "http://evil.test"}
    await served.problem("POST", path, 403, "origin_mismatch", headers=foreign)
    await served.problem("POST", path, 403, "origin_mismatch")
    same_site = {"Sec-Fetch-Site": "same-site"}
    await served.problem("POST", path, 403, "origin_mismatch", headers=same_site)
    for own in (ORIGIN, {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}):
        async with served.client.post(path, headers=own) as answer:
            assert answer.status == 200
