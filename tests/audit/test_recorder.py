"""Nothing that was shown is dropped while the database lags, and nobody who serves can take back what is written."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from gateway.audit import aside
from gateway.audit import recorder as audit
from gateway.audit.keeping import AuditKeeper
from gateway.audit.recorder import Recorder
from gateway.store.audit import Row, add_all, drop_month
from gateway.store.pool import DatabaseBusy, DatabaseUnavailable, open_pool, tenant_tx
from tests.conftest import Database, Tenant, new_id

COUNT = "SELECT count(*) FROM data_access_audit"
MONTHS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'data_access_audit'::regclass"


def row(tenant: Tenant) -> Row:
    """Make a row of now."""
    return Row(
        tenant.id, new_id(), datetime.now(UTC), "member", new_id(), "read", "get_customer", "customers",
        "{" + new_id().hex + "}", None, None, True, "2001:db8::7", "test", "abc",
    )  # fmt: skip


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[asyncpg.Pool]:
    """A pool of the role hook."""
    opened = await open_pool(database.hook_url, 1)
    yield opened
    await opened.close()


async def test_rows_wait_for_a_database_that_is_away_and_are_written_once(
    database: Database, tenant: Tenant, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, tried = True, asyncio.Event()

    async def sometimes(to: asyncpg.Pool, rows: Any) -> None:
        await add_all(to, rows)
        tried.set()
        if away:  # it is there, but its answer was lost: it is sent again
            raise DatabaseUnavailable("away")

    monkeypatch.setattr(audit, "add_all", sometimes)
    monkeypatch.setattr(audit, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(audit, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(audit, "MOST_ROWS", 3)
    monkeypatch.setattr(audit, "PATIENCE_SECONDS", 0.05)
    recorder = Recorder(pool)
    recorder.start()
    await recorder.note([row(tenant) for _ in range(3)])
    await tried.wait()
    with pytest.raises(DatabaseBusy):  # no room, and nothing is dropped for it
        await recorder.note([row(tenant)])
    away = False
    monkeypatch.setattr(audit, "PATIENCE_SECONDS", 60.0)
    await recorder.keep([row(tenant)])
    assert await database.value(COUNT) == 4
    monkeypatch.setattr(audit, "FLUSH_SECONDS", 3600.0)
    await recorder.note([row(tenant)])
    await recorder.stop()  # writes what waits
    assert await database.value(COUNT) == 5


async def test_a_row_that_cannot_be_stored_as_it_is_keeps_nobody_from_writing(
    database: Database, tenant: Tenant, pool: asyncpg.Pool
) -> None:
    poison = [
        row(tenant)._replace(first_seq=2**63),
        row(tenant)._replace(user_agent="\x00"),
        row(tenant)._replace(user_agent="\ud800"),
        row(tenant)._replace(ip="fe80::1%eth0"),
    ]
    recorder = Recorder(pool)
    recorder.start()
    await recorder.note([row(tenant), *poison, row(tenant)])
    await recorder.keep([row(tenant)])
    assert await database.value(COUNT) == 3 + len(poison)
    assert await database.value(f"{COUNT} WHERE request_id IS NULL AND actor_id IS NOT NULL") == len(poison)
    await recorder.stop()


async def test_a_row_that_cannot_be_stored_at_all_is_told_kept_and_tried_again_and_stops_nobody(
    database: Database, tenant: Tenant, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "MOST_ROWS", 2)
    await database.fetch("ALTER TABLE data_access_audit ADD CONSTRAINT none CHECK (action NOT LIKE 'new%')")
    poison = [row(tenant)._replace(action=f"new_{place}") for place in range(3)]
    recorder = Recorder(pool)
    recorder.start()
    with capture_logs() as logs:
        await recorder.note([row(tenant), *poison, row(tenant)])
        await recorder.keep([row(tenant)])  # not held up
        assert await database.value(COUNT) == 3
        with pytest.raises(DatabaseBusy):  # what must not be shown before it is written down is not shown
            await recorder.keep([row(tenant)._replace(action="new_export")])
    told = [line for line in logs if line["event"] == "audit.row_not_written"]
    assert [line["action"] for line in told] == ["new_0", "new_1", "new_2", "new_export"]
    assert told[0]["log_level"] == "error"
    assert told[0]["tenant"] == str(tenant.id)
    assert told[0]["records"] == [poison[0].records[1:-1]]
    await database.fetch("ALTER TABLE data_access_audit DROP CONSTRAINT none")
    monkeypatch.setattr(aside, "AGAIN_SECONDS", 0.0)
    for _ in range(2):  # they are tried behind the first of these, before the second
        await recorder.keep([row(tenant)])
    found = await database.fetch("SELECT action FROM data_access_audit WHERE action LIKE 'new%' ORDER BY action")
    assert [one["action"] for one in found] == ["new_2", "new_export"]  # the latest two were kept
    await recorder.stop()


@pytest.mark.parametrize("answers", [1, audit.ANSWERS_AT_ONCE + 1])  # the last one is not looked through yet
async def test_what_an_answer_shows_is_written_by_a_process_that_stops(
    database: Database, tenant: Tenant, pool: asyncpg.Pool, answers: int
) -> None:
    class Shown:
        """What knows a request."""

        def rows(self, at: datetime, shown: bytes) -> list[Row]:
            """Return a row for each byte."""
            return [row(tenant)._replace(at=at, action=chr(one)) for one in shown]

    recorder = Recorder(pool)
    for _ in range(answers):
        recorder.show(Shown(), datetime.now(UTC), b"ab")
    await recorder.stop()
    assert await database.value(COUNT) == 2 * answers


async def test_nobody_who_serves_changes_or_removes_a_row(
    database: Database, tenant: Tenant, pool: asyncpg.Pool
) -> None:
    await add_all(pool, [row(tenant)])
    for url in (database.app_url, database.hook_url, database.relay_url):
        theirs = await open_pool(url, 1)
        for statement in (
            "UPDATE data_access_audit SET operation = 'read'",
            "DELETE FROM data_access_audit",
            "TRUNCATE data_access_audit",
            "UPDATE data_access_audit_otherwise SET operation = 'read'",
            "DROP TABLE data_access_audit",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with tenant_tx(theirs, tenant.id) as tx:
                    await tx.connection.execute(statement)
        await theirs.close()
    granted = (
        "SELECT array_agg(DISTINCT privilege_type ORDER BY privilege_type) FROM information_schema.role_table_grants"
        " WHERE table_name = 'data_access_audit' AND grantee LIKE 'postgate\\_%' AND grantee <> 'postgate_owner'"
    )
    assert await database.value(granted) == ["INSERT", "SELECT"]
    assert await database.value(COUNT) == 1


async def test_months_go_when_they_are_old_and_never_before_ninety_days(database: Database, pool: asyncpg.Pool) -> None:
    today = datetime.now(UTC)
    for days in (200, 60):
        await pool.execute("CALL make_audit_partition($1)", (today - timedelta(days=days)).date())
    made = await database.value(MONTHS)
    assert await drop_month(pool, today - timedelta(days=365), "") is None
    assert await AuditKeeper(pool, 365, lambda: today).tidy() == []
    old = f"data_access_audit_{today - timedelta(days=200):%Y_%m}"
    assert await AuditKeeper(pool, 0, lambda: today).tidy() == [old]
    assert await drop_month(pool, today + timedelta(days=3650), "") is None  # whoever asks
    assert await database.value(MONTHS) == made - 1
