"""Snoozed conversations open by themselves, once, whoever looks and however late."""

import asyncio
from datetime import UTC, datetime, timedelta

from gateway.conversations.doing import Doer
from gateway.conversations.errands import LOOK_SECONDS, Errands
from gateway.model.ids import new_id
from gateway.store.errands import due
from gateway.store.pool import open_pool
from tests.api.rows import Rows
from tests.conftest import Database, MakeTenant, Tenant
from tests.conversations.conftest import Workers

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


async def test_what_is_due_opens_with_an_event_and_a_line(workers: Workers, rows: Rows) -> None:
    key = await rows.conversation(status="snoozed")
    await workers.lay_down(key, now() - timedelta(days=3))  # nobody was there to wake it
    await workers.look()
    (updated, shown), (created, line) = await workers.events()
    assert (updated, created) == ("conversation.updated", "activity.created")
    assert (shown["id"], shown["status"], shown["snoozed_until"]) == (key, "open", None)
    assert line["extra"] == {"what": "status", "from": "snoozed", "to": "open", "cause": "snooze"}
    assert line["author_id"] is None


async def test_two_processes_wake_each_once(workers: Workers, rows: Rows) -> None:
    keys = {await rows.conversation(minute=minute, status="snoozed") for minute in range(12)}
    for key in keys:
        await workers.lay_down(key, now() - HOUR)
    for _ in range(3):
        await workers.look()
    events = await workers.events()
    assert sorted(data["id"] for kind, data in events if kind == "conversation.updated") == sorted(keys)
    assert len(events) == 2 * len(keys)


async def test_who_sleeps_on_is_waited_for(workers: Workers, rows: Rows) -> None:
    soon, late = await rows.conversation(status="snoozed"), await rows.conversation(status="snoozed")
    await workers.lay_down(late, now() + HOUR)
    assert await workers.look() == [LOOK_SECONDS] * 2
    await workers.lay_down(soon, now() + timedelta(seconds=0.4))
    for wait in await workers.look():
        assert 0 < wait <= 0.4
    assert await workers.events() == []


async def test_a_running_worker_wakes_within_a_second(workers: Workers, rows: Rows, database: Database) -> None:
    key = await rows.conversation(status="snoozed")
    until = now() + timedelta(seconds=1.2)
    await workers.lay_down(key, until)
    for worker in workers.workers:
        worker.start()
    async with asyncio.timeout(20):
        while not workers.announced:
            await asyncio.sleep(0.02)
    for worker in workers.workers:
        await worker.stop()
    woken = await database.value("SELECT updated_at FROM conversations WHERE status = 'open'")
    assert timedelta() <= woken - until < timedelta(seconds=1)


async def test_one_that_fails_keeps_nobody_from_waking(
    workers: Workers, rows: Rows, make_tenant: MakeTenant, database: Database
) -> None:
    broken = await make_tenant("umbrella")
    theirs = await Rows(database, broken).conversation(status="snoozed")
    await workers.lay_down(theirs, now() - 2 * HOUR)
    await database.fetch("DELETE FROM tenant_heads WHERE tenant_id = $1", broken.id)
    key = await rows.conversation(status="snoozed")
    await workers.lay_down(key, now() - HOUR)
    await workers.look()
    assert [data["id"] for kind, data in await workers.events() if kind == "conversation.updated"] == [key]


async def test_what_is_to_be_done_is_told_to_the_hook_role_alone(
    database: Database, rows: Rows, tenant: Tenant, workers: Workers
) -> None:
    key = await rows.conversation(status="snoozed")
    await workers.lay_down(key, now() - HOUR)
    pool = await open_pool(database.hook_url, 1)
    (errand,) = await due(pool)
    assert (errand.kind, errand.tenant_id) == ("wake", tenant.id)
    await pool.close()
    for role in ("postgate_app", "postgate_relay"):
        assert await database.value("SELECT has_function_privilege($1, 'errands(integer)', 'EXECUTE')", role) is False


async def test_a_worker_without_its_database_looks_again(database: Database) -> None:
    pool = await open_pool(database.hook_url, 1)
    worker = Errands(pool, Doer(pool, lambda _entries: None, new_id))
    await pool.close()
    assert await worker.look() == LOOK_SECONDS


async def test_a_deleted_conversation_sleeps_for_ever(workers: Workers, rows: Rows, database: Database) -> None:
    key = await rows.conversation(status="snoozed")
    await workers.lay_down(key, now() - HOUR)
    await database.fetch("UPDATE conversations SET deleted_at = now()")
    assert await workers.look() == [LOOK_SECONDS] * 2
    assert await workers.events() == []
