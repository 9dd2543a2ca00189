"""Endpoints that fail for days: their owners are warned, by the log and by mail, and in the end they are disabled."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from gateway.delivery.keeper import Keeper, warnings_due
from gateway.model.log import Entry
from gateway.people.letters import Letter
from gateway.store.pool import open_pool
from tests.conftest import Database, Tenant, new_id
from tests.delivery.registered import Registered

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
URL = "https://integrator.example.org/hooks?token=hidden"
STATE = """
SELECT status, disabled_reason, disabled_at, warnings, failing_since, version FROM webhook_endpoints WHERE id = $1
"""


@dataclass
class Kept:
    """A keeper, and what it did."""

    keeper: Keeper
    registered: Registered
    announced: list[Entry]
    changed: list[UUID]
    letters: list[Letter]

    async def ails(self, endpoint: UUID, days: float | None) -> None:
        """Tell the keeper of an endpoint that failed for so many days; None: it is well again."""
        since = None if days is None else (NOW - timedelta(days=days)).timestamp()
        self.keeper.ails(self.registered.tenant.id, endpoint, warnings_due(since, NOW.timestamp()), since)
        await self.keeper.stop()

    async def state(self, endpoint: UUID) -> dict[str, object]:
        """Return how the endpoint stands."""
        return dict((await self.registered.database.fetch(STATE, endpoint))[0])


@pytest.fixture
async def kept(database: Database, tenant: Tenant, master_key: str) -> AsyncIterator[Kept]:
    """A keeper with a mail server."""

    announced: list[Entry] = []
    changed: list[UUID] = []
    letters: list[Letter] = []

    async def post(letter: Letter) -> bool:
        letters.append(letter)
        return True

    pool = await open_pool(database.app_url, 1)
    keeper = Keeper(pool, announced.extend, changed.append, lambda: NOW, new_id, post, "https://inbox.example.org")
    made = Kept(keeper, Registered(database, tenant, master_key), announced, changed, letters)
    yield made
    await pool.close()


@pytest.mark.parametrize(
    ("days", "due"), [(0.0, 0), (0.99, 0), (1.0, 1), (2.99, 1), (3.0, 2), (4.99, 2), (5.0, 3), (30.0, 3)]
)
def test_warnings_come_after_one_and_three_days_and_the_end_after_five(days: float, due: int) -> None:
    now = NOW.timestamp()
    assert warnings_due(now - days * 86400, now) == due
    assert warnings_due(None, now) == 0


async def test_an_owner_is_warned_twice_then_it_is_disabled_and_told_each_time(kept: Kept) -> None:
    endpoint = await kept.registered.endpoint(URL)
    for days, warnings in ((1.5, 1), (1.6, 1), (3.5, 2)):
        await kept.ails(endpoint, days)
        state = await kept.state(endpoint)
        assert (state["status"], state["warnings"]) == ("enabled", warnings)
    await kept.ails(endpoint, 5.5)
    state = await kept.state(endpoint)
    assert (state["status"], state["disabled_reason"], state["disabled_at"]) == ("disabled", "failing", NOW)
    assert state["failing_since"] == NOW - timedelta(days=5.5)
    assert state["version"] == 2, "whoever delivers reads it anew"
    assert [orjson.loads(entry.data)["status"] for entry in kept.announced] == ["enabled", "enabled", "disabled"]
    assert {entry.type for entry in kept.announced} == {"webhook_endpoint.updated"}
    assert "hidden" not in "".join(entry.data for entry in kept.announced)
    assert kept.changed == [endpoint] * 3
    owners = {letter.to for letter in kept.letters}
    assert owners
    assert len(kept.letters) == 3 * len(owners)
    assert [letter.subject for letter in kept.letters if letter.to == min(owners)] == [
        "Deliveries to integrator.example.org fail",
        "Deliveries to integrator.example.org fail",
        "integrator.example.org was disabled",
    ]
    assert "https://inbox.example.org/settings/endpoints" in kept.letters[-1].text


async def test_one_that_is_well_again_is_told_without_a_mail(kept: Kept) -> None:
    endpoint = await kept.registered.endpoint(URL)
    await kept.ails(endpoint, 1.5)
    kept.letters.clear()
    await kept.ails(endpoint, None)
    state = await kept.state(endpoint)
    assert (state["status"], state["warnings"], state["failing_since"]) == ("enabled", 0, None)
    assert len(kept.announced) == 2
    assert kept.letters == []


async def test_one_that_wants_no_more_is_disabled_once(kept: Kept) -> None:
    endpoint = await kept.registered.endpoint(URL)
    for _ in range(2):
        kept.keeper.gone(kept.registered.tenant.id, endpoint)
        await kept.keeper.stop()
    assert (await kept.state(endpoint))["disabled_reason"] == "gone"
    assert len(kept.announced) == 1
    assert {letter.subject for letter in kept.letters} == {"integrator.example.org wants no more events"}
