"""The filters of the list, of saved views and of their counts mean the same, and pages keep their order."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.api.views import COUNTED
from tests.api.agents import Agent, agent
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

LIST = "/api/v1/conversations"
Shown = dict[str, Any]


@pytest.fixture
async def kim(served: Served, database: Database, tenant: Tenant) -> Agent:
    """A manager."""
    return await agent(served, database, tenant, "Kim", "manager")


@pytest.fixture
async def crowd(rows: Rows, kim: Agent, served: Served, database: Database, tenant: Tenant) -> dict[str, str]:
    """Conversations of all sorts; returns the ids of what they have."""
    jo = await agent(served, database, tenant, "Jo")
    team = (await kim.ask("POST", "/api/v1/teams", 201, json={"name": "Sales"}))["id"]
    red = (await kim.ask("POST", "/api/v1/labels", 201, json={"name": "Red", "color": "red"}))["id"]
    blue = (await kim.ask("POST", "/api/v1/labels", 201, json={"name": "Blue", "color": "blue"}))["id"]
    changes: list[Shown] = [
        {"assignee_id": kim.id},
        {"assignee_id": kim.id, "status": "pending", "label_ids": [red]},
        {"assignee_id": jo.id, "team_id": team, "label_ids": [red, blue]},
        {"team_id": team, "priority": "urgent"},
        {"priority": "low", "status": "resolved", "label_ids": [blue]},
        {},
    ]
    for minute, change in enumerate(changes):
        key = await rows.conversation(minute=minute, unread=minute % 2)
        await kim.ask("PATCH", f"{LIST}/{key}", json=change)
    channel = tenant.integration("twilio")["channels"][0]["id"]
    return {"jo": jo.id, "kim": kim.id, "team": team, "red": red, "blue": blue, "channel": channel}


CASES: dict[str, tuple[Shown, Callable[[Shown, dict[str, str]], bool]]] = {
    "mine": ({"assignee": "me"}, lambda one, ids: one["assignee_id"] == ids["kim"]),
    "nobodys": ({"assignee": "nobody"}, lambda one, _: one["assignee_id"] is None),
    "somebodys": ({"assignee": "{jo}"}, lambda one, ids: one["assignee_id"] == ids["jo"]),
    "a team's": ({"team": "{team}"}, lambda one, ids: one["team_id"] == ids["team"]),
    "no team's": ({"team": "nobody"}, lambda one, _: one["team_id"] is None),
    "a label": ({"label": ["{red}"]}, lambda one, ids: ids["red"] in one["label_ids"]),
    "any of two labels": (
        {"label": ["{red}", "{blue}"]}, lambda one, ids: bool({ids["red"], ids["blue"]} & set(one["label_ids"])),
    ),
    "a channel": ({"channel": ["{channel}"]}, lambda one, ids: one["channel"]["id"] == ids["channel"]),
    "no such channel": ({"channel": ["ch_" + "0" * 32]}, lambda _one, _ids: False),
    "priorities": ({"priority": ["urgent", "low"]}, lambda one, _: one["priority"] in {"urgent", "low"}),
    "unread": ({"unread": True}, lambda one, _: one["unread_count"] > 0),
    "idle": (
        {"updated_before": "2026-11-02T09:02:00Z"}, lambda one, _: one["last_message_at"] < "2026-11-02T09:02:00.000Z",
    ),
    "all at once": (
        {"status": ["open", "pending"], "assignee": "me", "team": "nobody", "label": ["{red}"], "unread": True},
        lambda one, ids: one["status"] == "pending" and one["assignee_id"] == ids["kim"],
    ),
}  # fmt: skip


def filled(filters: Shown, ids: dict[str, str]) -> Shown:
    """Put ids in place of their names."""

    def one(value: Any) -> Any:
        if isinstance(value, list):
            return [one(inner) for inner in value]
        return value.format(**ids) if isinstance(value, str) else value

    return {name: one(value) for name, value in filters.items()}


def query(filters: Shown) -> list[tuple[str, str]]:
    """Write filters as a query."""
    pairs = []
    for name, value in filters.items():
        for one in value if isinstance(value, list) else [value]:
            pairs.append((name, "true" if one is True else str(one)))
    return pairs


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sort", ["newest", "oldest"])
async def test_a_filter_lets_through_what_it_says(kim: Agent, crowd: dict[str, str], case: str, sort: str) -> None:
    filters, fits = CASES[case]
    asked = filled({**filters, "sort": sort}, crowd)
    everything = (await kim.ask("GET", LIST))["data"]
    wanted = [one["id"] for one in everything if fits(one, crowd)]
    if sort == "oldest":
        wanted.reverse()
    found: list[str] = []
    cursor: list[tuple[str, str]] = []
    while True:
        page = await kim.ask("GET", LIST, params=[*query(asked), ("limit", "2"), *cursor])
        found += [one["id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = [("cursor", page["next_cursor"])]
    assert found == wanted
    view = await kim.ask("POST", "/api/v1/views", 201, json={"name": case, "filters": asked})
    counts = {one["id"]: one["count"] for one in (await kim.ask("GET", "/api/v1/views/counts"))["data"]}
    assert counts[view["id"]] == len(wanted)


async def test_the_standing_views_are_counted(served: Served, kim: Agent, crowd: dict[str, str]) -> None:
    assert crowd
    counts = await kim.ask("GET", "/api/v1/views/counts")
    assert faults(served, "GET", "/api/v1/views/counts", 200, counts) == []
    found = {one["id"]: one["count"] for one in counts["data"]}
    assert found == {"open": 4, "mine": 1, "unassigned": 2, "unread": 2, "pending": 1, "snoozed": 0}


async def test_counting_ends_somewhere(rows: Rows, kim: Agent, database: Database, tenant: Tenant) -> None:
    await rows.conversation()
    await database.fetch(
        "WITH k AS (INSERT INTO customers (tenant_id, id) SELECT $1, gen_random_uuid() FROM generate_series(1, $2::int)"
        " RETURNING id) INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, last_message_at)"
        " SELECT $1, gen_random_uuid(), c.channel_id, k.id, 'customer', now() FROM k, conversations c",
        tenant.id, COUNTED,
    )  # fmt: skip
    counts = {one["id"]: one for one in (await kim.ask("GET", "/api/v1/views/counts"))["data"]}
    assert (counts["open"]["count"], counts["open"]["more"]) == (COUNTED, True)
    assert (counts["mine"]["count"], counts["mine"]["more"]) == (0, False)


async def test_a_cursor_goes_with_its_filters(served: Served, kim: Agent, crowd: dict[str, str]) -> None:
    assert crowd
    cursor = (await kim.ask("GET", f"{LIST}?limit=1&assignee=me"))["next_cursor"]
    for narrowed in ("assignee=nobody", "assignee=me&sort=oldest", "assignee=me&unread=true"):
        path = f"{LIST}?limit=1&{narrowed}&cursor={cursor}"
        await served.problem("GET", path, 400, "cursor_invalid", headers=kim.auth)


@pytest.mark.parametrize(
    "wrong", ["assignee=jo", "team=me", "label=red", "priority=huge", "unread=maybe", "updated_before=yesterday",
              "updated_before=0001-01-01T00:00:00%2B14:00", "sort=random"],
)  # fmt: skip
async def test_a_filter_that_is_none_is_refused(served: Served, kim: Agent, wrong: str) -> None:
    await served.problem("GET", f"{LIST}?{wrong}", 422, "invalid", headers=kim.auth)


async def test_a_key_is_nobody_and_has_nothing_of_its_own(
    served: Served, tenant: Tenant, crowd: dict[str, str]
) -> None:
    assert crowd
    assert (await served.get(f"{LIST}?assignee=me", tenant))["data"] == []
