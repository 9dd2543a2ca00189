"""Changing a conversation: each change is an event and a line in the thread, and nobody overwrites unseen changes."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.api.agents import EVENTS, Agent, agent
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

LIST = "/api/v1/conversations"
SOON = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
LATER = SOON.isoformat().replace("+00:00", ".000Z")


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


async def lines(agent_: Agent, conversation: str) -> list[dict[str, Any]]:
    """Return what the lines of a thread tell, the oldest first."""
    found = (await agent_.ask("GET", f"{LIST}/{conversation}/messages"))["data"]
    return [one["extra"] for one in found[::-1] if one["kind"] == "activity"]


@pytest.mark.parametrize("before", ["open", "pending", "snoozed", "resolved"])
@pytest.mark.parametrize("after", ["open", "pending", "snoozed", "resolved"])
async def test_each_change_of_status_is_an_event_and_a_line(
    served: Served, tenant: Tenant, rows: Rows, database: Database, jo: Agent, before: str, after: str
) -> None:
    key = await rows.conversation(status=before)
    body = {"status": after, **({"snoozed_until": LATER} if after == "snoozed" else {})}
    shown = await jo.ask("PATCH", f"{LIST}/{key}", json=body)
    assert faults(served, "PATCH", f"{LIST}/{{id}}", 200, shown) == []
    assert (shown["status"], shown["snoozed_until"]) == (after, body.get("snoozed_until"))
    events = await logged(database, tenant)
    if before == after != "snoozed":
        assert events == []
        return
    assert [kind for kind, _ in events] == ["conversation.updated", "activity.created"]
    assert events[0][1] == shown
    line = events[1][1]
    assert (line["direction"], line["kind"], line["author_id"]) == ("internal", "activity", jo.id)
    until = {"until": LATER} if after == "snoozed" else {}
    assert line["extra"] == {"what": "status", "from": before, "to": after, **until}
    assert [entry.type for entry in served.neighbours.announced] == [kind for kind, _ in events]


async def test_all_that_was_changed_has_its_line(
    tenant: Tenant, rows: Rows, database: Database, jo: Agent, kim: Agent
) -> None:
    key = await rows.conversation()
    team = await kim.ask("POST", "/api/v1/teams", 201, json={"name": "Sales"})
    label = await kim.ask("POST", "/api/v1/labels", 201, json={"name": "Urgent", "color": "red"})
    body = {
        "priority": "high", "assignee_id": kim.id, "team_id": team["id"], "label_ids": [label["id"]], "subject": "Hats",
    }  # fmt: skip
    shown = await jo.ask("PATCH", f"{LIST}/{key}", json=body)
    assert {name: shown[name] for name in body} == body
    told = {line["what"]: (line["from"], line["to"]) for line in await lines(jo, key)}
    assert told == {
        "priority": ("normal", "high"),
        "team": (None, team["id"]),
        "assignee": (None, kim.id),
        "labels": ([], [label["id"]]),
        "subject": (None, "Hats"),
    }
    await jo.ask("PATCH", f"{LIST}/{key}", json=body)  # nothing new
    kinds = [kind for kind, _ in await logged(database, tenant)]
    assert kinds == ["team.updated", "label.updated", "conversation.updated", *["activity.created"] * 5]
    gone: dict[str, Any] = {"assignee_id": None, "team_id": None, "label_ids": [], "subject": None}
    shown = await jo.ask("PATCH", f"{LIST}/{key}", json=gone)
    assert {name: shown[name] for name in gone} == gone


async def test_lines_are_not_what_a_list_shows_of_a_conversation(rows: Rows, jo: Agent) -> None:
    key = await rows.conversation(unread=1)
    message = await rows.message(key)
    before = await jo.ask("GET", f"{LIST}/{key}")
    shown = await jo.ask("PATCH", f"{LIST}/{key}", json={"priority": "low"})
    assert shown["last_message"]["id"] == message
    for name in ("last_message_at", "unread_count", "window_expires_at"):
        assert shown[name] == before[name]


async def test_of_two_who_saw_the_same_one_is_told(served: Served, rows: Rows, jo: Agent, kim: Agent) -> None:
    key = await rows.conversation()
    path = f"{LIST}/{key}"
    tag = await jo.etag(path)
    assert tag == await kim.etag(path)

    async def take(who: Agent) -> int:
        headers = {**who.auth, "If-Match": tag}
        async with served.client.patch(path, headers=headers, json={"assignee_id": who.id}) as answer:
            if answer.status == 412:
                assert (await answer.json(content_type=None))["code"] == "changed_meanwhile"
            return answer.status

    assert sorted(await asyncio.gather(take(jo), take(kim))) == [200, 412]
    assert len(await lines(jo, key)) == 1
    assert await jo.ask("PATCH", path, headers={"If-Match": await jo.etag(path)}, json={"priority": "low"})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"status": "snoozed"}, "/snoozed_until"),
        ({"snoozed_until": LATER}, "/snoozed_until"),
        ({"status": "open", "snoozed_until": LATER}, "/snoozed_until"),
        ({"status": "snoozed", "snoozed_until": "2020-01-01T00:00:00Z"}, "/snoozed_until"),
        ({"status": "snoozed", "snoozed_until": "9999-12-31T23:59:59-23:00"}, "/snoozed_until"),
        ({"status": "snoozed", "snoozed_until": "2027-01-01T00:00:00"}, "/snoozed_until"),
        ({"status": "closed"}, "/status"),
        ({"assignee_id": "usr_" + "0" * 32}, "/assignee_id"),
        ({"team_id": "team_" + "0" * 32}, "/team_id"),
        ({"label_ids": ["lbl_" + "0" * 32]}, "/label_ids"),
        ({"subject": "two\nlines"}, "/subject"),
    ],
)
async def test_what_cannot_be_is_refused(
    served: Served, tenant: Tenant, rows: Rows, database: Database, jo: Agent, body: dict[str, Any], pointer: str
) -> None:
    key = await rows.conversation()
    problem = await served.problem("PATCH", f"{LIST}/{key}", 422, "invalid", headers=jo.auth, json=body)
    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
    assert await logged(database, tenant) == []


@pytest.mark.parametrize("table", ["memberships", "users"])
async def test_nobody_who_is_disabled_is_given_anything(
    served: Served, rows: Rows, database: Database, jo: Agent, kim: Agent, table: str
) -> None:
    key = await rows.conversation()
    column = "user_id" if table == "memberships" else "id"
    await database.fetch(f"UPDATE {table} SET status = 'disabled' WHERE {column} = $1", kim.key)
    await served.problem("PATCH", f"{LIST}/{key}", 422, "invalid", headers=jo.auth, json={"assignee_id": kim.id})


async def test_many_are_changed_each_for_itself(
    served: Served, tenant: Tenant, rows: Rows, database: Database, jo: Agent
) -> None:
    keys = [await rows.conversation(minute=minute) for minute in range(4)]
    gone = f"cnv_{'0' * 32}"
    await jo.ask("PATCH", f"{LIST}/{keys[0]}", json={"status": "resolved"})
    body = {"ids": [*keys, gone], "change": {"status": "resolved"}}
    results = await jo.ask("POST", f"{LIST}/bulk", json=body)
    assert faults(served, "POST", f"{LIST}/bulk", 200, results) == []
    outcomes = {one["id"]: one["outcome"] for one in results["data"]}
    assert outcomes == {keys[0]: "unchanged", gone: "not_found", **dict.fromkeys(keys[1:], "changed")}
    kinds = [kind for kind, _ in await logged(database, tenant)]
    assert kinds == ["conversation.updated", "activity.created"] * 4
    body = {"filters": {"status": ["resolved"]}, "change": {"priority": "low"}}
    results = await jo.ask("POST", f"{LIST}/bulk", json=body)
    assert [one["outcome"] for one in results["data"]] == ["changed"] * 4
    assert results["more"] is False


@pytest.mark.parametrize("body", [{"change": {}}, {"ids": [f"cnv_{'0' * 32}"], "filters": {}, "change": {}}])
async def test_a_change_to_many_says_which(served: Served, jo: Agent, body: dict[str, Any]) -> None:
    await served.problem("POST", f"{LIST}/bulk", 422, "invalid", headers=jo.auth, json=body)


async def test_changes_at_once_leave_no_hole_and_no_lost_line(
    tenant: Tenant, rows: Rows, database: Database, jo: Agent, kim: Agent
) -> None:
    keys = [await rows.conversation(minute=minute) for minute in range(3)]
    priorities = ["low", "high", "urgent", "normal"]
    await asyncio.gather(
        *(who.ask("PATCH", f"{LIST}/{key}", json={"priority": priority})
          for key in keys for who in (jo, kim) for priority in priorities)
    )  # fmt: skip
    seqs = [row["seq"] for row in await database.fetch(EVENTS, tenant.id)]
    assert seqs == list(range(1, len(seqs) + 1))
    for key in keys:
        told = [line["to"] for kind, line in await activities(database, tenant) if kind == key]
        shown = await jo.ask("GET", f"{LIST}/{key}")
        assert told[-1] == shown["priority"]


async def activities(database: Database, tenant: Tenant) -> list[tuple[str, Any]]:
    """Return conversation and content of each line, in the order of the log."""
    events = await logged(database, tenant)
    return [(data["conversation_id"], data["extra"]) for kind, data in events if kind == "activity.created"]
