"""A team's open conversations are handed out in turn, each to one member, and nobody gets too many."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.model.ids import parse, public
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id
from tests.conversations.conftest import Workers

ADD_USER = "INSERT INTO users (id, email, name) VALUES ($1, $2, 'Somebody')"
ADD_MEMBER = "INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, 'operator')"
ADD_TEAM = "INSERT INTO teams (tenant_id, id, name, auto_assign, capacity) VALUES ($1, $2, $3, true, $4)"
ADD_TO_TEAM = "INSERT INTO team_members (tenant_id, team_id, user_id) VALUES ($1, $2, $3)"
GIVE = "UPDATE conversations SET team_id = $2 WHERE id = $1"
ASSIGNED = "SELECT id, assignee_id FROM conversations WHERE team_id = $1"


class Hall:
    """A tenant whose teams hand out what comes in."""

    def __init__(self, database: Database, tenant: Tenant, rows: Rows, workers: Workers) -> None:
        self.database = database
        self.tenant = tenant
        self.rows = rows
        self.workers = workers

    async def members(self, count: int) -> list[UUID]:
        keys = [new_id() for _ in range(count)]
        for key in keys:
            await self.database.fetch(ADD_USER, key, f"{key.hex}@example.org")
            await self.database.fetch(ADD_MEMBER, self.tenant.id, key)
        return keys

    async def team(self, members: Sequence[UUID], capacity: int | None = None) -> UUID:
        team = new_id()
        await self.database.fetch(ADD_TEAM, self.tenant.id, team, team.hex, capacity)
        for member in members:
            await self.database.fetch(ADD_TO_TEAM, self.tenant.id, team, member)
        return team

    async def conversations(self, team: UUID, count: int) -> list[UUID]:
        keys = [parse("cnv", await self.rows.conversation(minute=minute)) for minute in range(count)]
        for key in keys:
            await self.database.fetch(GIVE, key, team)
        return keys

    async def shares(self, team: UUID) -> Mapping[UUID | None, int]:
        """Return how many conversations each member has of a team; None: nobody."""
        return Counter(row["assignee_id"] for row in await self.database.fetch(ASSIGNED, team))


@pytest.fixture
def hall(database: Database, tenant: Tenant, rows: Rows, workers: Workers) -> Hall:
    """The tenant's hall."""
    return Hall(database, tenant, rows, workers)


async def test_each_gets_an_equal_share_and_each_conversation_one_owner(hall: Hall) -> None:
    members = await hall.members(3)
    team = await hall.team(members)
    keys = await hall.conversations(team, 10)
    await hall.workers.look()  # both processes at once
    await hall.workers.look()
    shares = await hall.shares(team)
    assert sorted(shares.values()) == [3, 3, 4]
    assert set(shares) == set(members)
    events = await hall.workers.events()
    lines = [data for kind, data in events if kind == "activity.created"]
    assert len(lines) == len(keys) == len({line["conversation_id"] for line in lines})
    assert all(line["extra"]["cause"] == "rotation" and line["extra"]["from"] is None for line in lines)


async def test_those_who_are_full_away_or_gone_are_passed_over(hall: Hall, database: Database) -> None:
    full, away, disabled, locked_out, free = members = await hall.members(5)
    team = await hall.team(members, capacity=2)
    busy = await hall.conversations(team, 2)
    await database.fetch("UPDATE conversations SET assignee_id = $1 WHERE id = ANY ($2)", full, busy)
    await database.fetch("UPDATE memberships SET availability = 'away' WHERE user_id = $1", away)
    await database.fetch("UPDATE memberships SET status = 'disabled' WHERE user_id = $1", disabled)
    await database.fetch("UPDATE users SET status = 'disabled' WHERE id = $1", locked_out)
    await hall.conversations(team, 3)
    await hall.workers.look()
    assert await hall.shares(team) == {full: 2, free: 2, None: 1}
    await database.fetch("UPDATE conversations SET status = 'resolved', snoozed_until = NULL WHERE id = $1", busy[0])
    await hall.workers.look()  # whoever closes one has room for the next
    assert (await hall.shares(team))[full] == 3
    await database.fetch("UPDATE memberships SET availability = 'online' WHERE user_id = $1", away)
    more = await hall.conversations(team, 1)
    await hall.workers.look()
    (row,) = await database.fetch("SELECT assignee_id FROM conversations WHERE id = $1", more[0])
    assert row["assignee_id"] == away


@pytest.mark.parametrize("status", ["pending", "resolved"])
async def test_only_what_is_open_and_nobodys_is_handed_out(hall: Hall, database: Database, status: str) -> None:
    (member,) = await hall.members(1)
    team = await hall.team([member])
    taken, closed = await hall.conversations(team, 2)
    (somebody,) = await hall.members(1)
    await database.fetch("UPDATE conversations SET assignee_id = $1 WHERE id = $2", somebody, taken)
    await database.fetch("UPDATE conversations SET status = $1 WHERE id = $2", status, closed)
    idle = await hall.team([member])
    await database.fetch("UPDATE teams SET auto_assign = false WHERE id = $1", idle)
    await hall.conversations(idle, 1)
    await hall.workers.look()
    assert await hall.workers.events() == []
    await database.fetch("UPDATE conversations SET status = 'open' WHERE id = $1", closed)  # it is opened again
    await hall.workers.look()
    assert await hall.shares(team) == {somebody: 1, member: 1}


async def test_what_is_written_to_a_channel_begins_as_its_teams(hall: Hall, database: Database) -> None:
    (member,) = await hall.members(1)
    team = await hall.team([member])
    await database.fetch("UPDATE channels SET team_id = $1 WHERE tenant_id = $2", team, hall.tenant.id)
    key = await hall.rows.conversation()
    await hall.workers.look()
    (row,) = await database.fetch("SELECT id, team_id, assignee_id FROM conversations")
    assert (public("cnv", row["id"]), row["team_id"], row["assignee_id"]) == (key, team, member)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=2),
    capacity=st.one_of(st.none(), st.integers(1, 3)),
    batches=st.lists(st.integers(0, 5), min_size=1, max_size=3),
)
async def test_shares_are_fair_whatever_comes(
    hall: Hall, sizes: list[int], capacity: int | None, batches: list[int]
) -> None:
    """With two processes at work: shares differ by one at most, nobody is over capacity, nothing waits in vain."""
    teams = []
    for size in sizes:
        members = await hall.members(size)
        teams.append((members, await hall.team(members, capacity)))
    for count in batches:
        for _, team in teams:
            await hall.conversations(team, count)
        await asyncio.gather(hall.workers.look(), hall.workers.look())
        await hall.workers.look()
    for members, team in teams:
        shares = await hall.shares(team)
        given_out = [shares.get(member, 0) for member in members]
        room = len(members) * capacity if capacity else sum(batches)
        assert max(given_out) - min(given_out) <= 1
        assert sum(given_out) == min(room, sum(batches))
        assert capacity is None or max(given_out) <= capacity
