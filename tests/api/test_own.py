"""What each member keeps for itself: drafts, and how far it has read."""

import asyncio
import random
from typing import Any

import orjson
import pytest

from tests.api.agents import EVENTS, Agent, agent
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

LIST = "/api/v1/conversations"


@pytest.fixture
async def jo(served: Served, database: Database, tenant: Tenant) -> Agent:
    """An operator."""
    return await agent(served, database, tenant, "Jo")


@pytest.fixture
async def kim(served: Served, database: Database, tenant: Tenant) -> Agent:
    """Another one."""
    return await agent(served, database, tenant, "Kim")


def draft(version: int, text: str) -> dict[str, Any]:
    """Return the body that keeps a draft."""
    return {"json": {"version": version, "content": {"text": text}}}


async def test_a_draft_is_kept_for_its_author_alone(
    served: Served, rows: Rows, jo: Agent, kim: Agent, tenant: Tenant, database: Database
) -> None:
    key = await rows.conversation()
    path = f"{LIST}/{key}/draft"
    kept = await jo.ask("PUT", path, **draft(1, "Dear Jane"))
    assert faults(served, "PUT", f"{LIST}/{{id}}/draft", 200, kept) == []
    assert (kept["conversation_id"], kept["version"], kept["content"]["text"]) == (key, 1, "Dear Jane")
    page = await jo.ask("GET", "/api/v1/drafts")
    assert faults(served, "GET", "/api/v1/drafts", 200, page) == []
    assert page["data"] == [kept]
    assert (await kim.ask("GET", "/api/v1/drafts"))["data"] == []
    assert await database.fetch(EVENTS, tenant.id) == []
    assert [(user, what, orjson.loads(data)) for _, user, what, data in served.neighbours.own] == [
        (jo.key, "draft.updated", kept)
    ]
    gone = await jo.ask("DELETE", f"{path}?version=2")
    assert faults(served, "DELETE", f"{LIST}/{{id}}/draft", 200, gone) == []
    assert gone["content"] is None
    assert (await jo.ask("GET", "/api/v1/drafts"))["data"] == []
    await served.problem("PUT", path, 403, "forbidden", headers=tenant.auth, **draft(3, "Hi"))
    refused = await jo.ask("PUT", path, 422, **draft(3, "no text has a \0"))
    assert refused["errors"][0]["pointer"] == "/content/text"


async def test_the_highest_version_counts_in_whatever_order_they_come(served: Served, rows: Rows, jo: Agent) -> None:
    key = await rows.conversation()
    path = f"{LIST}/{key}/draft"
    versions = list(range(1, 9))
    random.Random(7).shuffle(versions)
    await asyncio.gather(*(jo.ask("PUT", path, **draft(version, f"text {version}")) for version in versions))
    (kept,) = (await jo.ask("GET", "/api/v1/drafts"))["data"]
    assert (kept["version"], kept["content"]["text"]) == (8, "text 8")
    told = len(served.neighbours.own)
    assert (await jo.ask("DELETE", f"{path}?version=7"))["version"] == 8
    assert len(served.neighbours.own) == told
    await jo.ask("DELETE", f"{path}?version=9")
    assert (await jo.ask("PUT", path, **draft(8, "late copy")))["content"] is None


async def test_reading_is_marked_for_all_and_for_oneself(
    served: Served, rows: Rows, jo: Agent, kim: Agent, tenant: Tenant, database: Database
) -> None:
    key = await rows.conversation(unread=2)
    assert (await jo.ask("POST", f"{LIST}/{key}/read"))["unread_count"] == 0
    page = await jo.ask("GET", "/api/v1/reads")
    assert faults(served, "GET", "/api/v1/reads", 200, page) == []
    (mark,) = page["data"]
    assert (mark["conversation_id"], mark["read_up_to"]) == (key, "2026-11-02T09:00:00.000Z")
    assert (await kim.ask("GET", "/api/v1/reads"))["data"] == []
    await jo.ask("POST", f"{LIST}/{key}/read")  # nothing new
    assert (await kim.ask("POST", f"{LIST}/{key}/unread"))["unread_count"] == 1
    (mark,) = (await kim.ask("GET", "/api/v1/reads"))["data"]
    assert mark["read_up_to"] is None
    assert (await jo.ask("GET", "/api/v1/reads"))["data"][0]["read_up_to"] is not None
    assert [row["type"] for row in await database.fetch(EVENTS, tenant.id)] == ["conversation.updated"] * 2
    assert [(user, what) for _, user, what, _ in served.neighbours.own] == [
        (jo.key, "read.updated"), (kim.key, "read.updated"),
    ]  # fmt: skip


async def test_marks_are_listed_since_a_moment_page_by_page(rows: Rows, jo: Agent) -> None:
    keys = [await rows.conversation(minute=minute) for minute in range(3)]
    for key in keys:
        await jo.ask("POST", f"{LIST}/{key}/read")
    found, cursor = [], ""
    while True:
        page = await jo.ask("GET", f"/api/v1/reads?limit=2{cursor}")
        found += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [one["conversation_id"] for one in found] == keys[::-1]
    assert (await jo.ask("GET", "/api/v1/reads?since=2100-01-01T00:00:00Z"))["data"] == []
    assert len((await jo.ask("GET", "/api/v1/reads?since=2020-01-01T00:00:00Z"))["data"]) == 3
