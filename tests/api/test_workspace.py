"""What agents work with: labels, teams, canned replies and views; who may change them, and who is told."""

from typing import Any

import orjson
import pytest

from tests.api.agents import EVENTS, Agent, agent
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

LABEL = {"name": "Urgent", "color": "red"}
REPLY = {"shortcut": "hi", "name": "Greeting", "text": "Hello {{customer.first_name}}", "shared": True}
VIEW = {"name": "Urgent ones", "filters": {"status": ["open"], "priority": ["urgent"]}, "shared": True}
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "label.updated": ("/api/v1/labels", LABEL, {"name": "Later", "color": "grey", "description": "Can wait"}),
    "team.updated": ("/api/v1/teams", {"name": "Sales"}, {"name": "Support", "auto_assign": True, "capacity": 3}),
    "canned_reply.updated": ("/api/v1/canned-replies", REPLY, {"shortcut": "bye", "text": "Goodbye"}),
    "view.updated": ("/api/v1/views", VIEW, {"name": "Idle", "filters": {"assignee": "nobody"}}),
}
BY_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
async def kim(served: Served, database: Database, tenant: Tenant) -> Agent:
    """A manager."""
    return await agent(served, database, tenant, "Kim Lee", "manager")


@pytest.fixture
async def jo(served: Served, database: Database, tenant: Tenant) -> Agent:
    """An operator."""
    return await agent(served, database, tenant, "Jo")


async def logged(database: Database, tenant: Tenant) -> list[tuple[str, Any]]:
    """Return type and data of each entry of the log."""
    return [(row["type"], orjson.loads(row["data"])) for row in await database.fetch(EVENTS, tenant.id)]


@BY_KIND
async def test_it_is_made_changed_and_removed_and_the_log_tells(
    served: Served, database: Database, tenant: Tenant, kim: Agent, kind: str
) -> None:
    path, body, change = KINDS[kind]
    made = await kim.ask("POST", path, 201, json=body)
    assert faults(served, "POST", path, 201, made) == []
    one = f"{path}/{made['id']}"
    assert await kim.ask("GET", one) == made
    changed = await kim.ask("PATCH", one, json=change, headers={"If-Match": await kim.etag(one)})
    assert faults(served, "PATCH", f"{path}/{{id}}", 200, changed) == []
    for name, value in change.items():
        assert changed[name] == value or name == "filters", name
    page = await kim.ask("GET", path)
    assert faults(served, "GET", path, 200, page) == []
    assert (page["data"], page["seq"]) == ([changed], 2)
    await kim.ask("DELETE", one, 204)
    assert (await kim.ask("GET", path))["data"] == []
    events = await logged(database, tenant)
    assert [type_ for type_, _ in events] == [kind] * 3
    assert [data for _, data in events][:2] == [made, changed]
    assert events[2][1]["deleted_at"] is not None
    assert [entry.seq for entry in served.neighbours.announced] == [1, 2, 3]
    for method, sent in [("GET", {}), ("PATCH", {"json": change}), ("DELETE", {})]:
        await served.problem(method, one, 404, "not_found", headers=kim.auth, **sent)


@BY_KIND
async def test_of_two_changes_to_the_same_one_counts(served: Served, kim: Agent, kind: str) -> None:
    path, body, change = KINDS[kind]
    one = f"{path}/{(await kim.ask('POST', path, 201, json=body))['id']}"
    headers = {**kim.auth, "If-Match": await kim.etag(one)}
    await kim.ask("PATCH", one, json=change)
    await served.problem("PATCH", one, 412, "changed_meanwhile", headers=headers, json=change)


@BY_KIND
async def test_another_tenant_finds_nothing(
    served: Served, database: Database, kim: Agent, other: Tenant, kind: str
) -> None:
    path, body, change = KINDS[kind]
    made = await kim.ask("POST", path, 201, json=body)
    stranger = await agent(served, database, other, "Lee", "owner")
    one = f"{path}/{made['id']}"
    for method, sent in [("GET", {}), ("PATCH", {"json": change}), ("DELETE", {})]:
        await served.problem(method, one, 404, "not_found", headers=stranger.auth, **sent)
    assert (await stranger.ask("GET", path))["data"] == []
    assert await stranger.ask("POST", path, 201, json=body)  # names are each tenant's own
    assert await kim.ask("GET", one) == made


@BY_KIND
async def test_an_operator_does_not_change_what_is_everybodys(served: Served, kim: Agent, jo: Agent, kind: str) -> None:
    path, body, change = KINDS[kind]
    made = await kim.ask("POST", path, 201, json=body)
    one = f"{path}/{made['id']}"
    for method, place, sent in [
        ("POST", path, {"json": body}), ("PATCH", one, {"json": change}), ("DELETE", one, {}),
    ]:  # fmt: skip
        await served.problem(method, place, 403, "forbidden", headers=jo.auth, **sent)
    assert await jo.ask("GET", one) == made


@pytest.mark.parametrize("kind", ["label.updated", "team.updated", "canned_reply.updated"])
async def test_a_name_is_given_once(served: Served, kim: Agent, kind: str) -> None:
    path, body, change = KINDS[kind]
    await kim.ask("POST", path, 201, json=body)
    other_one = await kim.ask("POST", path, 201, json={**body, **change})
    name = "shortcut" if kind.startswith("canned") else "name"
    problem = await served.problem("POST", path, 422, "invalid", headers=kim.auth, json=body)
    assert problem["errors"][0]["pointer"] == f"/{name}"
    await served.problem(
        "PATCH", f"{path}/{other_one['id']}", 422, "invalid", headers=kim.auth, json={name: body[name]}
    )
    first = next(one for one in (await kim.ask("GET", path))["data"] if one[name] == body[name])
    await kim.ask("DELETE", f"{path}/{first['id']}", 204)
    await kim.ask("POST", path, 201, json=body)


@pytest.mark.parametrize("kind", ["canned_reply.updated", "view.updated"])
async def test_ones_own_is_nobody_elses_and_not_in_the_log(
    served: Served, database: Database, tenant: Tenant, kim: Agent, jo: Agent, kind: str
) -> None:
    path, body, change = KINDS[kind]
    own = {**body, "shared": False}
    made = await jo.ask("POST", path, 201, json=own)
    assert made["owner_id"] == jo.id
    one = f"{path}/{made['id']}"
    for auth in (kim.auth, tenant.auth):
        for method, sent in [("GET", {}), ("PATCH", {"json": change}), ("DELETE", {})]:
            await served.problem(method, one, 404, "not_found", headers=auth, **sent)
    assert (await kim.ask("GET", path))["data"] == []
    await kim.ask("POST", path, 201, json=own)  # the same name is free for others
    changed = await jo.ask("PATCH", one, json=change)
    await jo.ask("DELETE", one, 204)
    assert await logged(database, tenant) == []
    told = [(what, orjson.loads(data)) for _, user, what, data in served.neighbours.own if user == jo.key]
    assert [what for what, _ in told] == [kind] * 3
    assert [data for _, data in told][:2] == [made, changed]
    await served.problem("POST", path, 403, "forbidden", headers=tenant.auth, json=own)


async def test_a_view_is_shared_and_ones_own_again_by_who_may(
    served: Served, database: Database, tenant: Tenant, kim: Agent, jo: Agent
) -> None:
    own = await kim.ask("POST", "/api/v1/views", 201, json={**VIEW, "shared": False})
    one = f"/api/v1/views/{own['id']}"
    shared = await kim.ask("PATCH", one, json={"shared": True})
    assert (shared["owner_id"], shared["name"]) == (None, own["name"])
    assert await jo.ask("GET", one) == shared
    await served.problem("PATCH", one, 403, "forbidden", headers=jo.auth, json={"shared": False})
    assert await kim.ask("PATCH", one, json={"shared": True, "name": "All"}) == await jo.ask("GET", one)
    again = await kim.ask("PATCH", one, json={"shared": False})
    assert (again["owner_id"], again["name"]) == (kim.id, "All")
    await served.problem("GET", one, 404, "not_found", headers=jo.auth)
    # Those who had it hear that it went.
    assert [data["owner_id"] for _, data in await logged(database, tenant)] == [None, None, kim.id]
    jos = await jo.ask("POST", "/api/v1/views", 201, json={**VIEW, "shared": False})
    path = f"/api/v1/views/{jos['id']}"
    await served.problem("PATCH", path, 403, "forbidden", headers=jo.auth, json={"shared": True})
    await served.problem("PATCH", path, 404, "not_found", headers=kim.auth, json={"shared": True})
    assert await jo.ask("GET", path) == jos


async def test_nobody_has_more_views_than_can_be_counted(served: Served, database: Database, jo: Agent) -> None:
    await jo.ask("POST", "/api/v1/views", 201, json={**VIEW, "shared": False})
    await database.fetch(
        "INSERT INTO views (tenant_id, id, owner_id, name, filters)"
        " SELECT tenant_id, gen_random_uuid(), owner_id, name || n, filters FROM views, generate_series(2, 200) n"
    )
    body = {**VIEW, "shared": False}
    problem = await served.problem("POST", "/api/v1/views", 422, "invalid", headers=jo.auth, json=body)
    assert "200 views" in problem["detail"]


async def test_a_team_has_active_members_and_channels_of_its_own(
    served: Served, database: Database, tenant: Tenant, rows: Rows, kim: Agent, jo: Agent
) -> None:
    channel = tenant.integration("twilio")["channels"][0]["id"]
    body = {"name": "Sales", "member_ids": [jo.id, kim.id], "channel_ids": [channel]}
    sales = await kim.ask("POST", "/api/v1/teams", 201, json=body)
    assert sorted(sales["member_ids"]) == sorted([jo.id, kim.id])
    assert (await jo.ask("GET", f"/api/v1/conversations/{await rows.conversation()}"))["team_id"] == sales["id"]
    support = await kim.ask("POST", "/api/v1/teams", 201, json={**body, "name": "Support", "member_ids": []})
    assert support["channel_ids"] == [channel]
    events = await logged(database, tenant)
    assert [(data["name"], data["channel_ids"]) for _, data in events] == [
        ("Sales", [channel]), ("Support", [channel]), ("Sales", []),
    ]  # fmt: skip
    await database.fetch("UPDATE memberships SET status = 'disabled' WHERE user_id = $1", jo.key)
    path = f"/api/v1/teams/{support['id']}"
    for wrong, pointer in [
        ({"member_ids": [jo.id]}, "/member_ids"), ({"channel_ids": [f"ch_{'0' * 32}"]}, "/channel_ids"),
    ]:  # fmt: skip
        problem = await served.problem("PATCH", path, 422, "invalid", headers=kim.auth, json=wrong)
        assert problem["errors"][0]["pointer"] == pointer
    await kim.ask("DELETE", path, 204)
    assert (await kim.ask("GET", f"/api/v1/conversations/{await rows.conversation()}"))["team_id"] is None


async def test_a_canned_reply_is_filled_for_a_conversation(
    served: Served, rows: Rows, kim: Agent, other: Tenant, database: Database
) -> None:
    key = await rows.conversation()
    text = (
        "{{customer.name}}, {{ customer.first_name }}: {{conversation.subject}}{{agent.first_name}} {{agent.age}} {{x}}"
    )
    made = await kim.ask("POST", "/api/v1/canned-replies", 201, json={**REPLY, "text": text})
    path = f"/api/v1/canned-replies/{made['id']}/render"
    filled = await kim.ask("POST", path, json={"conversation_id": key})
    assert faults(served, "POST", "/api/v1/canned-replies/{id}/render", 200, filled) == []
    assert filled == {
        "text": "Jane, Jane: Kim {{agent.age}} {{x}}",
        "unknown": ["agent.age"],
        "empty": ["conversation.subject"],
    }
    theirs = await Rows(database, other).conversation()
    await served.problem("POST", path, 422, "invalid", headers=kim.auth, json={"conversation_id": theirs})


async def test_availability_is_told_to_all(served: Served, database: Database, tenant: Tenant, jo: Agent) -> None:
    path = "/api/v1/me/availability"
    shown = await jo.ask("PUT", path, json={"availability": "away"})
    assert faults(served, "PUT", path, 200, shown) == []
    assert (shown["id"], shown["availability"]) == (jo.id, "away")
    assert await logged(database, tenant) == [("member.updated", shown)]
    await served.problem("PUT", path, 403, "forbidden", headers=tenant.auth, json={"availability": "away"})
