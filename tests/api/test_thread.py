"""A conversation's messages, read in both directions and around one of them."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.conftest import Database, Tenant


@pytest.fixture
async def thread(rows: Rows) -> tuple[str, Sequence[str]]:
    """A conversation and its twelve messages, the newest first."""
    conversation = await rows.conversation()
    made = [await rows.message(conversation, minute=minute) for minute in range(12)]
    return conversation, made[::-1]


async def page(served: Served, tenant: Tenant, conversation: str, query: str) -> dict[str, Any]:
    """Return a page."""
    found: dict[str, Any] = await served.get(f"/api/v1/conversations/{conversation}/messages?{query}", tenant)
    return found


def ids(found: dict[str, Any]) -> list[str]:
    return [one["id"] for one in found["data"]]


async def test_a_message_is_shown_among_its_neighbours(
    served: Served, tenant: Tenant, thread: tuple[str, Sequence[str]]
) -> None:
    conversation, made = thread
    middle = await page(served, tenant, conversation, f"limit=4&around={made[6]}")
    assert ids(middle) == made[4:8]
    newer = await page(served, tenant, conversation, f"limit=3&newer={middle['previous_cursor']}")
    assert ids(newer) == made[1:4]
    newest = await page(served, tenant, conversation, f"limit=3&newer={newer['previous_cursor']}")
    assert ids(newest) == made[:1]
    assert newest["previous_cursor"] is None
    older = await page(served, tenant, conversation, f"limit=3&cursor={middle['next_cursor']}")
    assert ids(older) == made[8:11]
    back = await page(served, tenant, conversation, f"limit=3&newer={older['previous_cursor']}")
    assert ids(back) == made[5:8]
    assert ids(await page(served, tenant, conversation, f"limit=2&cursor={newer['next_cursor']}")) == made[4:6]


@pytest.mark.parametrize("place", [0, 11])
async def test_the_first_and_the_last_message_have_one_neighbour(
    served: Served, tenant: Tenant, thread: tuple[str, Sequence[str]], place: int
) -> None:
    conversation, made = thread
    found = await page(served, tenant, conversation, f"limit=4&around={made[place]}")
    assert made[place] in ids(found)
    assert (found["previous_cursor"] is None) == (place == 0)
    assert (found["next_cursor"] is None) == (place == 11)
    newest = await page(served, tenant, conversation, "limit=4")
    assert newest["previous_cursor"] is None


async def test_messages_of_other_conversations_and_tenants_are_not_there(
    served: Served, tenant: Tenant, other: Tenant, rows: Rows, thread: tuple[str, Sequence[str]], database: Database
) -> None:
    conversation, made = thread
    elsewhere = await rows.conversation(minute=1)
    foreign = Rows(database, other)
    theirs = await foreign.message(await foreign.conversation())
    for where, around in ((elsewhere, made[0]), (conversation, theirs)):
        path = f"/api/v1/conversations/{where}/messages?around={around}"
        await served.problem("GET", path, 404, "not_found", headers=tenant.auth)
    path = f"/api/v1/conversations/{conversation}/messages?around={made[0]}"
    await served.problem("GET", path, 404, "not_found", headers=other.auth)


async def test_one_page_at_a_time(served: Served, tenant: Tenant, thread: tuple[str, Sequence[str]]) -> None:
    conversation, made = thread
    path = f"/api/v1/conversations/{conversation}/messages?around={made[0]}&cursor=x"
    problem = await served.problem("GET", path, 422, "invalid", headers=tenant.auth)
    assert [fault["pointer"] for fault in problem["errors"]] == ["/cursor", "/around"]
    path = f"/api/v1/conversations/{conversation}/messages?newer=x"
    await served.problem("GET", path, 400, "cursor_invalid", headers=tenant.auth)
