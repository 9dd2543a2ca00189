"""Private notes: in the thread, for agents alone, and whom they call."""

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
    return await agent(served, database, tenant, "Kim", "manager")


async def logged(database: Database, tenant: Tenant) -> list[tuple[str, Any]]:
    """Return type and data of each entry of the log."""
    return [(row["type"], orjson.loads(row["data"])) for row in await database.fetch(EVENTS, tenant.id)]


async def test_a_note_is_written_changed_and_taken_back(
    served: Served, tenant: Tenant, database: Database, rows: Rows, jo: Agent
) -> None:
    key = await rows.conversation(unread=1)
    message = await rows.message(key)
    click = {"Idempotency-Key": "click-1"}
    note = await jo.ask("POST", f"{LIST}/{key}/notes", 201, json={"text": "Pays\n late"}, headers=click)
    again = await jo.ask("POST", f"{LIST}/{key}/notes", 201, json={"text": "Pays\n late"}, headers=click)
    assert again == note  # the answer was lost: there is one note, and one entry of the log
    other = {"json": {"text": "Never pays"}, "headers": {**jo.auth, **click}}
    await served.problem("POST", f"{LIST}/{key}/notes", 422, "idempotency_key_reused", **other)
    assert faults(served, "POST", f"{LIST}/{{id}}/notes", 201, note) == []
    assert (note["direction"], note["kind"], note["author_id"], note["text"], note["preview"]) == (
        "internal", "note", jo.id, "Pays\n late", "Pays late",
    )  # fmt: skip
    path = f"/api/v1/notes/{note['id']}"
    changed = await jo.ask("PATCH", path, json={"text": "Paid"})
    assert (changed["text"], changed["edited_at"] is None) == ("Paid", False)
    await jo.ask("DELETE", path, 204)
    events = await logged(database, tenant)
    assert [kind for kind, _ in events] == ["note.created", "note.updated", "note.deleted"]
    assert [data for _, data in events][:2] == [note, changed]
    thread = (await jo.ask("GET", f"{LIST}/{key}/messages"))["data"]
    assert thread[0] == events[2][1]
    assert (thread[0]["text"], thread[0]["preview"], thread[0]["deleted_at"] is None) == (None, "", False)
    shown = await jo.ask("GET", f"{LIST}/{key}")
    assert (shown["last_message"]["id"], shown["unread_count"]) == (message, 1)
    await served.problem("DELETE", path, 404, "not_found", headers=jo.auth)


async def test_a_note_is_its_authors_own(served: Served, rows: Rows, jo: Agent, kim: Agent, tenant: Tenant) -> None:
    key = await rows.conversation()
    note = await jo.ask("POST", f"{LIST}/{key}/notes", 201, json={"text": "Mine"})
    path = f"/api/v1/notes/{note['id']}"
    for auth in (kim.auth, tenant.auth):
        await served.problem("PATCH", path, 403, "forbidden", headers=auth, json={"text": "Yours"})
        await served.problem("DELETE", path, 403, "forbidden", headers=auth)
    stale = {**jo.auth, "If-Match": '"old"'}
    await served.problem("PATCH", path, 412, "changed_meanwhile", headers=stale, json={"text": "Ours"})
    async with served.client.patch(path, headers=jo.auth, json={"text": "First"}) as answer:
        tag = answer.headers["ETag"]
    assert (await jo.ask("PATCH", path, json={"text": "Second"}, headers={"If-Match": tag}))["text"] == "Second"


async def test_only_notes_are_changed_as_notes(served: Served, rows: Rows, jo: Agent) -> None:
    key = await rows.conversation()
    message = await rows.message(key)
    await jo.ask("PATCH", f"{LIST}/{key}", json={"priority": "low"})
    line = (await jo.ask("GET", f"{LIST}/{key}/messages"))["data"][0]["id"]
    for one in (message, line, f"msg_{'0' * 32}"):
        await served.problem("DELETE", f"/api/v1/notes/{one}", 404, "not_found", headers=jo.auth)


async def test_who_is_called_finds_it(served: Served, rows: Rows, jo: Agent, kim: Agent) -> None:
    first, second = await rows.conversation(), await rows.conversation()
    notes = []
    for key in (first, second):
        body = {"text": "Look, @Kim", "mentions": [kim.id, kim.id]}
        notes.append(await jo.ask("POST", f"{LIST}/{key}/notes", 201, json=body))
    assert notes[0]["mentions"] == [kim.id]
    page = await kim.ask("GET", "/api/v1/mentions?limit=1")
    assert faults(served, "GET", "/api/v1/mentions", 200, page) == []
    assert (page["unseen"], page["data"][0]["message"], page["data"][0]["seen_at"]) == (2, notes[1], None)
    page = await kim.ask("GET", f"/api/v1/mentions?limit=1&cursor={page['next_cursor']}")
    assert [one["message"]["id"] for one in page["data"]] == [notes[0]["id"]]
    await kim.ask("POST", f"{LIST}/{first}/read")
    assert (await kim.ask("GET", "/api/v1/mentions"))["unseen"] == 1
    await kim.ask("POST", "/api/v1/mentions/seen", 204, json={})
    assert (await kim.ask("GET", "/api/v1/mentions"))["unseen"] == 0
    assert (await jo.ask("GET", "/api/v1/mentions"))["data"] == []
    await jo.ask("PATCH", f"/api/v1/notes/{notes[0]['id']}", json={"text": "Never mind"})
    await jo.ask("DELETE", f"/api/v1/notes/{notes[1]['id']}", 204)
    assert (await kim.ask("GET", "/api/v1/mentions"))["data"] == []


async def test_nobody_is_called_who_is_not_there(
    served: Served, database: Database, rows: Rows, other: Tenant, jo: Agent, kim: Agent
) -> None:
    key = await rows.conversation()
    stranger = await agent(served, database, other, "Lee")
    await database.fetch("UPDATE memberships SET status = 'disabled' WHERE user_id = $1", kim.key)
    for called in (stranger.id, kim.id, f"usr_{'0' * 32}"):
        body = {"text": "Look", "mentions": [called]}
        problem = await served.problem("POST", f"{LIST}/{key}/notes", 422, "invalid", headers=jo.auth, json=body)
        assert problem["errors"][0]["pointer"] == "/mentions"
