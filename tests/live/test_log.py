"""Writing to the log from an API call, and reading it, as the roles that do so."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from gateway.store import log
from gateway.store.log import LogMissing
from gateway.store.pool import DatabaseUnavailable, open_pool, tenant_tx
from gateway.store.relay import RelayLog
from tests.conftest import Database, MakeTenant, Tenant, new_id


class Undone(Exception):
    """Makes a transaction roll back."""


async def test_entries_are_numbered_in_commit_order_without_a_hole(database: Database, tenant: Tenant) -> None:
    pool = await open_pool(database.app_url, 8)

    async def write(keep: bool) -> None:
        async with tenant_tx(pool, tenant.id) as tx:
            await log.append(tx, "x.y", None, "{}", new_id())
            if not keep:
                raise Undone

    async def try_to_write(number: int) -> None:
        try:
            await write(keep=number % 3 != 0)
        except Undone:
            return

    for first in range(0, 30, 6):
        await asyncio.gather(*(try_to_write(number) for number in range(first, first + 6)))
    async with tenant_tx(pool, tenant.id) as tx:
        assert (await log.head(tx)).last_seq == 20
        assert [entry.seq for entry in await log.read(tx, 0, 99, 99)] == list(range(1, 21))
    await pool.close()


async def test_what_is_read_after_the_lock_holds_all_earlier_entries(database: Database, tenant: Tenant) -> None:
    pool = await open_pool(database.app_url, 2)

    async def second() -> int:
        async with tenant_tx(pool, tenant.id) as tx:
            await log.lock_head(tx)
            return len(await log.read(tx, 0, 99, 99))

    async with tenant_tx(pool, tenant.id) as tx:
        await log.lock_head(tx)
        await log.append(tx, "x.y", None, "{}", new_id())
        waiting = asyncio.create_task(second())
        async with asyncio.timeout(10):
            while not await blocked(database):
                await asyncio.sleep(0.01)
    assert await waiting == 1
    await pool.close()


async def blocked(database: Database) -> bool:
    """Tell whether somebody waits for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1"
    return bool(await database.value(waits, database.name))


async def test_what_was_appended_is_read_back_as_it_was_announced(database: Database, tenant: Tenant) -> None:
    pool, relay = await open_pool(database.app_url, 1), await open_pool(database.relay_url, 1)
    conversation = new_id()
    async with tenant_tx(pool, tenant.id) as tx:
        entry = await log.append(tx, "conversation.updated", conversation, '{"a" :  "ü\\u0001"}', new_id())
    assert (entry.seq, entry.conversation_id, entry.data) == (1, conversation, '{"a" :  "ü\\u0001"}')
    assert list(await RelayLog(relay).after({tenant.id: 0}, 9)) == [entry]
    await pool.close()
    await relay.close()


async def test_a_tenant_reads_and_writes_no_log_but_its_own(
    database: Database, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    other = await make_tenant("other")
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, other.id) as tx:
        await log.append(tx, "x.y", None, "{}", new_id())
    async with tenant_tx(pool, tenant.id) as tx:
        assert list(await log.read(tx, 0, 99, 99)) == []
        assert await tx.connection.fetch("SELECT FROM events") == []
    async with tenant_tx(pool, UUID(int=1)) as tx:
        for use in (log.head(tx), log.lock_head(tx), log.append(tx, "x.y", None, "{}", new_id())):
            with pytest.raises(LogMissing):
                await use
    await pool.close()


async def test_the_relay_reads_many_logs_at_once_and_nothing_else(
    database: Database, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    other = await make_tenant("other")
    pool, relay = await open_pool(database.app_url, 1), await open_pool(database.relay_url, 1)
    for owner in (tenant, other):
        for _ in range(5):
            async with tenant_tx(pool, owner.id) as tx:
                await log.append(tx, "x.y", None, "{}", new_id())
    entries = await RelayLog(relay).after({tenant.id: 3, other.id: 0, UUID(int=1): 0}, 3)
    assert {(entry.tenant_id, entry.seq) for entry in entries} == {
        *((tenant.id, seq) for seq in (4, 5)),
        *((other.id, seq) for seq in (1, 2, 3)),
    }
    heads = await RelayLog(relay).heads([tenant.id, UUID(int=1)])
    assert [(head.last_seq, head.floor_seq) for head in heads.values()] == [(5, 0)]
    for table in ("messages", "conversations", "sessions", "inbound_webhooks"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await relay.fetch(f"SELECT FROM {table}")
    for change in ("DELETE FROM events", "UPDATE tenant_heads SET last_seq = 0"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await relay.execute(change)
    await pool.close()
    await relay.close()


async def test_a_log_that_cannot_be_read_says_so(database: Database, tenant: Tenant) -> None:
    relay = await open_pool(database.relay_url, 1)
    await relay.close()
    with pytest.raises(DatabaseUnavailable):
        await RelayLog(relay).heads([tenant.id])
