"""What reaches across a person's tenants stays with that person."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gateway.store import members, passwords, people, second_factors, sessions
from gateway.store.pool import open_pool, tenant_tx
from tests.conftest import Database, MakeTenant

ADD_SESSION = """
INSERT INTO sessions (tenant_id, token_hash, id, user_id, expires_at)
SELECT tenant_id, '\\x01', gen_random_uuid(), user_id, now() + interval '1 day' FROM memberships WHERE user_id = $1
"""
ADD_FACTOR = """
INSERT INTO second_factors (user_id, wrapped_key, master_key_id, secret_sealed) VALUES ($1, '', 'k', '')
"""


async def test_a_tenant_reaches_nobody_of_another_one(database: Database, make_tenant: MakeTenant) -> None:
    a, b = await make_tenant("alpha"), await make_tenant("beta")
    stranger, now = UUID(a.facts["user_id"]), datetime.now(UTC)
    await database.fetch(ADD_SESSION, stranger)
    await database.fetch(ADD_FACTOR, stranger)
    before = await database.value("SELECT password_hash FROM users WHERE id = $1", stranger)
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, b.id) as tx:
        assert await passwords.of(tx, stranger) is None
        await passwords.put(tx, stranger, "another")
        assert await sessions.all_of(tx, stranger, now) == []
        assert await sessions.end_others(tx, stranger, b"") == []
        assert await sessions.end_of_member(tx, stranger) == []
        assert await second_factors.of(tx, stranger) is None
        await second_factors.remove(tx, stranger)
        await people.rename(tx, stranger, "Another")
        assert await members.one_json(tx, stranger) is None
    assert await database.value("SELECT count(*) FROM sessions") == 1
    assert await database.value("SELECT count(*) FROM second_factors") == 1
    assert await database.value("SELECT password_hash FROM users WHERE id = $1", stranger) == before
    assert await database.value("SELECT name FROM users WHERE id = $1", stranger) == "Alpha owner"
    async with tenant_tx(pool, a.id) as tx:
        assert await passwords.of(tx, stranger) == before
        assert len(await sessions.all_of(tx, stranger, now)) == 1
        assert await second_factors.of(tx, stranger) is not None
    await pool.close()


@pytest.mark.parametrize("later", [timedelta(), timedelta(days=7, minutes=1)])
async def test_whoever_is_disabled_has_no_tenant_and_no_session(
    database: Database, make_tenant: MakeTenant, later: timedelta
) -> None:
    tenant = await make_tenant("alpha")
    person, now = UUID(tenant.facts["user_id"]), datetime.now(UTC) + later
    await database.fetch(ADD_SESSION.replace("1 day", "30 days"), person)
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, tenant.id) as tx:
        assert (await sessions.member_of(tx, b"\x01", now) is None) is bool(later)
    assert len(await people.memberships_of(pool, person)) == 1
    await database.fetch("UPDATE memberships SET status = 'disabled'")
    async with tenant_tx(pool, tenant.id) as tx:
        assert await sessions.member_of(tx, b"\x01", now) is None
    assert await people.memberships_of(pool, person) == []
    await pool.close()


async def test_two_owners_cannot_both_leave_at_once(database: Database, make_tenant: MakeTenant) -> None:
    """Each sees the other as an owner only until the other's commit: the second one waits, and looks again."""
    tenant, other = await make_tenant("alpha"), await make_tenant("beta")
    first, second = UUID(tenant.facts["user_id"]), UUID(other.facts["user_id"])
    await database.fetch("INSERT INTO memberships VALUES ($1, $2, 'owner')", tenant.id, second)
    pool = await open_pool(database.app_url, 2)

    async def leave(person: UUID) -> bool:
        async with tenant_tx(pool, tenant.id) as tx:
            member, owners = await members.lock(tx, person)
            assert member is not None
            if owners == [member]:
                return False
            await members.change(tx, members.Member(person, "viewer", (), "active"))
            return True

    assert sorted(await asyncio.gather(leave(first), leave(second))) == [False, True]
    await pool.close()
