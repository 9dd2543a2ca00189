"""Old events are found where they were moved to, what was kept for long enough goes, and what is needed stays."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.keys import Keyring, new_master_key
from gateway.live.cursor import Cursor, obstacle
from gateway.retention import Retention, Rules
from gateway.settings import Settings
from gateway.store import deliveries, log, why
from gateway.store.pool import open_pool, tenant_tx
from gateway.store.relay import RelayLog
from gateway.store.retention import Keeping
from gateway.store.webhook_deliveries import EventGone, redeliver
from tests.api.conftest import Served
from tests.conftest import Database, MakeTenant, Tenant, new_id
from tests.delivery.owed import Owed
from tests.store.test_query_plans import generic_plan

DAY = 24
MONTHS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = $1::text::regclass ORDER BY 1"
READ_BY_SEARCH = """
INSERT INTO search_heads (tenant_id, indexed_seq) SELECT tenant_id, last_seq FROM tenant_heads
ON CONFLICT (tenant_id) DO UPDATE SET indexed_seq = excluded.indexed_seq
"""
HEAD = "SELECT floor_seq, old_seq, last_seq FROM tenant_heads WHERE tenant_id = $1"
WHERE = """
SELECT (SELECT array_agg(seq ORDER BY seq) FROM old_events WHERE tenant_id = $1),
    (SELECT array_agg(seq ORDER BY seq) FROM events WHERE tenant_id = $1)
"""
WEBHOOK = """
INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body, verdict,
    state, received, stored, duplicate, ignored, quarantined)
SELECT tenant_id, $2, gen_random_uuid(), id, provider, 'POST', '/', '{}', 'hello', 'verified', $3, 0, 0, 0, 0, 0
FROM external_integrations WHERE tenant_id = $1 LIMIT 1
"""
WEBHOOKS = "SELECT count(*), min(state) FROM inbound_webhooks WHERE tenant_id = $1"
FILL = """
INSERT INTO {} (tenant_id, seq, id, type, data, created_at)
SELECT t.id, n, gen_random_uuid(), 'customer.created', '{{}}', now() - $3 * interval '1 day'
FROM tenants t, generate_series($1::integer, $2::integer) n
"""
KEEP = "INSERT INTO retention (tenant_id, webhooks_days, deliveries_days, events_days) VALUES ($1, $2, $2, $2)"


@dataclass(frozen=True)
class Stage:
    """Two tenants, the connections of each role, and what tidies."""

    run: Any
    app: Any
    hook: Any
    relay: RelayLog
    a: Tenant
    b: Tenant

    def owed(self, tenant: Tenant) -> Owed:
        return Owed(self.run, tenant)

    async def tidy(
        self, *, days: int = 100, deliveries_days: int | None = None, hot: int = 30, at_once: int = 3
    ) -> Any:
        """Keep everything for so many days, and move what is older than ``hot``."""
        await self.run.execute(READ_BY_SEARCH)
        rules = Rules(Keeping(days, deliveries_days or days, days), hot)
        return await Retention(self.hook, rules, Keyring(new_master_key()), lambda: datetime.now(UTC), at_once).tidy()

    async def pulled(self, tenant: Tenant, after: int, *patterns: str) -> list[int]:
        async with tenant_tx(self.app, tenant.id) as tx:
            last = (await log.head(tx)).last_seq
            return [entry.seq for entry in await log.read(tx, after, last, 100, list(patterns) or None)]

    async def told(self, cursors: dict[UUID, int], limit: int = 100) -> dict[UUID, list[int]]:
        found: dict[UUID, list[int]] = {}
        for entry in await self.relay.after(cursors, limit):
            found.setdefault(entry.tenant_id, []).append(entry.seq)
        return found


@pytest.fixture
async def stage(database: Database, make_tenant: MakeTenant) -> AsyncIterator[Stage]:
    """A stage of this test alone."""
    a, b = await make_tenant("alpha"), await make_tenant("beta")
    run = await asyncpg.connect(database.admin_url)
    app, hook, relay = [await open_pool(url, 2) for url in (database.app_url, database.hook_url, database.relay_url)]
    yield Stage(run, app, hook, RelayLog(relay), a, b)
    for pool in (app, hook, relay):
        await pool.close()
    await run.close()


async def test_old_events_are_moved_and_everybody_still_finds_them(stage: Stage) -> None:
    owed = stage.owed(stage.a)
    endpoint = await owed.endpoint()
    old = [await owed.event("message.created", hours=days * DAY, data=f'{{"n": {days}}}') for days in range(80, 40, -5)]
    new = [await owed.event("customer.created", hours=days * DAY) for days in (3, 2, 1)]
    for event in (old[1], new[0]):
        await owed.delivery(endpoint, event)
    await stage.run.execute("UPDATE webhook_lanes SET lease_token = $1, lease_until = now() + interval '1 h'", endpoint)
    other = stage.owed(stage.b)
    for days in (50, 1):
        await other.event(hours=days * DAY)

    assert (await stage.tidy()).moved == 8 + 1
    assert await stage.run.fetchrow(WHERE, stage.a.id) == (list(range(1, 9)), [9, 10, 11])
    assert await stage.run.fetchrow(HEAD, stage.a.id) == (0, 8, 11)

    for after in (0, 5, 7, 8, 10, 11):
        assert await stage.pulled(stage.a, after) == list(range(after + 1, 12))
        assert (await stage.told({stage.a.id: after})).get(stage.a.id, []) == list(range(after + 1, 12))
    assert await stage.pulled(stage.a, 0, "customer.%") == [9, 10, 11]
    assert await stage.pulled(stage.a, 2, "message.%") == list(range(3, 9))
    assert await stage.told({stage.a.id: 9, stage.b.id: 0}, 1) == {stage.a.id: [10], stage.b.id: [1]}
    place = deliveries.Place(stage.a.id, endpoint, endpoint)
    wanted = deliveries.Wanted(place, 10, only_pings=False, ordered=False, after=None)
    due = (await deliveries.due(stage.hook, datetime.now(UTC), [wanted], []))[endpoint]
    assert {row.seq: (row.body, row.happened_at.date()) for row in due.rows} == {
        2: ('{"n": 75}', (datetime.now(UTC) - timedelta(days=75)).date()),
        9: ("{}", (datetime.now(UTC) - timedelta(days=3)).date()),
    }
    async with tenant_tx(stage.app, stage.a.id) as tx:
        assert await why.seq_of(tx, old[4].id) == 5
        found = await why.event(tx, endpoint, 5)
        assert found is not None
        assert found.matches
        at = "SELECT log_seq_at($1, now() - $2 * interval '1 day')"
        assert [await tx.connection.fetchval(at, stage.a.id, days) for days in (90, 62, 10, 0)] == [1, 5, 9, 12]
    assert (await stage.tidy()).moved == 0  # nothing twice


async def test_what_was_not_read_by_all_who_have_to_is_not_moved(stage: Stage) -> None:
    owed = stage.owed(stage.a)
    await owed.endpoint()
    for _ in range(4):
        await owed.event(hours=50 * DAY)
    await stage.run.execute(READ_BY_SEARCH)
    await stage.run.execute("UPDATE delivery_heads SET dispatched_seq = 2")
    move = "SELECT move_events($1, now() - interval '30 days', 100)"
    assert await stage.hook.fetchval(move, stage.a.id) == 2
    await stage.run.execute("UPDATE delivery_heads SET dispatched_seq = 4; UPDATE search_heads SET indexed_seq = 3")
    assert await stage.hook.fetchval(move, stage.a.id) == 1
    assert await stage.run.fetchrow(WHERE, stage.a.id) == ([1, 2, 3], [4])


async def test_each_tenant_keeps_its_log_as_long_as_it_says_and_the_floor_is_exact(stage: Stage) -> None:
    for tenant in (stage.a, stage.b):
        for days in (400, 200, 150, 60, 45, 2):
            await stage.owed(tenant).event(hours=days * DAY)
    await stage.run.execute(KEEP, stage.a.id, 50)
    report = await stage.tidy(days=170)
    # Of beta's two oldest, the month of one is long over; the other's may not have been for 170 days.
    assert await stage.run.fetchval("SELECT floor_seq FROM tenant_heads WHERE tenant_id = $1", stage.a.id) == 4
    floor = await stage.run.fetchval("SELECT floor_seq FROM tenant_heads WHERE tenant_id = $1", stage.b.id)
    assert floor in {1, 2}
    assert await stage.pulled(stage.a, 4) == [5, 6]
    assert await stage.pulled(stage.b, floor) == list(range(floor + 1, 7))
    assert f"old_events_{datetime.now(UTC) - timedelta(days=400):%Y_%m}" in report.months
    assert report.removed["events"].rows == 4 + floor
    async with tenant_tx(stage.app, stage.a.id) as tx:
        head = await log.head(tx)
    assert [obstacle(Cursor(after), head) for after in (3, 4)] == ["retention", None]
    again = await stage.tidy(days=170)
    assert again.removed["events"].rows == 0


async def test_what_is_owed_or_being_sent_again_keeps_the_log_and_its_month(stage: Stage) -> None:
    owed = stage.owed(stage.a)
    endpoint = await owed.endpoint()
    now = datetime.now(UTC)
    middle = (now - timedelta(days=198)).replace(day=15)  # all in one month
    ago = (now - middle) / timedelta(hours=1)
    events = [await owed.event(hours=hours) for hours in (ago + 48, ago + 24, ago, ago - 24, DAY)]
    done = await owed.delivery(endpoint, events[0], "FAILED", hours=1)
    held = await owed.delivery(endpoint, events[2], "RETRYING", hours=1)
    report = await stage.tidy(days=100)
    month = f"old_events_{middle:%Y_%m}"
    assert report.kept == [month]
    assert await stage.run.fetchval("SELECT floor_seq FROM tenant_heads WHERE tenant_id = $1", stage.a.id) == 2
    assert await stage.run.fetchrow(WHERE, stage.a.id) == ([3, 4], [5])  # the rows of the others in the month are gone
    with pytest.raises(EventGone):
        async with tenant_tx(stage.app, stage.a.id) as tx:
            await redeliver(tx, done)

    await stage.run.execute(
        "UPDATE webhook_deliveries SET status = 'SUCCESS', next_attempt_at = NULL, finished_at = now() WHERE id = $1",
        held,
    )
    await stage.run.execute(
        "INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, kind, from_seq, to_seq, after_seq, total)"
        " VALUES ($1, $2, $3, 'replay', 4, 5, 3, 2)", stage.a.id, new_id(), endpoint
    )  # fmt: skip
    await stage.tidy(days=100)
    assert await stage.run.fetchval("SELECT floor_seq FROM tenant_heads WHERE tenant_id = $1", stage.a.id) == 3
    await stage.run.execute("UPDATE webhook_recoveries SET status = 'canceled', finished_at = now()")
    assert (await stage.tidy(days=100)).months == [month]
    assert await stage.pulled(stage.a, 4) == [5]


async def test_webhooks_and_deliveries_go_by_month_or_by_tenant_and_what_waits_for_a_look_stays(stage: Stage) -> None:
    now = datetime.now(UTC)
    month = now - timedelta(days=200)
    late = month.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for tenant in (stage.a, stage.b):
        for state in ("stored", "quarantined"):
            for days in (200, 60, 20):
                await stage.run.execute(WEBHOOK, tenant.id, now - timedelta(days=days), state)
    assert await stage.run.fetchval("SELECT count(*) FROM ONLY inbound_webhooks_otherwise") >= 8
    await stage.hook.execute("CALL make_ledger_partition($1)", month.date())  # its rows lie with the rest already
    name = f"inbound_webhooks_{late:%Y_%m}"
    assert await stage.run.fetchval(f"SELECT count(*) FROM {name}") == 4
    owed = stage.owed(stage.a)
    endpoint = await owed.endpoint()
    for days in (70, 40, 5):
        for status in ("SUCCESS", "PENDING"):
            await owed.delivery(endpoint, await owed.event(hours=days * DAY), status, hours=days * DAY)
    await stage.run.execute(KEEP, stage.a.id, 30)

    report = await stage.tidy(days=100)

    assert name in report.months
    assert name not in {row[0] for row in await stage.run.fetch(MONTHS, "inbound_webhooks")}
    assert await stage.run.fetchrow(WEBHOOKS, stage.a.id) == (3 + 1, "quarantined")
    assert await stage.run.fetchrow(WEBHOOKS, stage.b.id) == (3 + 2, "quarantined")
    left = "SELECT status, count(*) FROM webhook_deliveries GROUP BY 1 ORDER BY 1"
    assert [tuple(row) for row in await stage.run.fetch(left)] == [("PENDING", 3), ("SUCCESS", 1)]
    assert report.removed["deliveries"].rows == 2
    assert await stage.run.fetchval("SELECT floor_seq FROM tenant_heads WHERE tenant_id = $1", stage.a.id) == 1


async def test_a_busy_table_is_left_to_the_next_look(stage: Stage) -> None:
    month = date(2024, 5, 1)
    await stage.hook.execute("CALL make_ledger_partition($1)", month)
    async with stage.run.transaction():
        await stage.run.execute("SELECT FROM inbound_webhooks LIMIT 1")
        drop = "SELECT state FROM drop_month('inbound_webhooks', '2025-01-01', '', 500)"
        assert await stage.hook.fetchval(drop) == "busy"
    assert await stage.hook.fetchval(drop) == "dropped"


async def test_an_owner_says_how_long_after_seeing_what_would_go(served: Served, stage: Stage) -> None:
    owed = stage.owed(stage.a)
    for days in (100, 50, 1):
        await owed.event(hours=days * DAY)
    await stage.run.execute(READ_BY_SEARCH)
    for state in ("stored", "stored", "quarantined"):
        await stage.run.execute(WEBHOOK, stage.a.id, datetime.now(UTC) - timedelta(days=80), state)
    path, auth = "/api/v1/retention", stage.a.auth

    async def put(body: dict[str, Any], query: str = "") -> Any:
        async with served.client.put(path + query, json=body, headers=auth) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    before = await served.get(path, stage.a)
    assert [(kind, before[kind]["days"], before[kind]["amount"]) for kind in ("webhooks", "deliveries", "events")] == [
        ("webhooks", 90, 0), ("deliveries", 30, 0), ("events", 365, 0)
    ]  # fmt: skip
    wanted = {"webhooks_days": 60, "deliveries_days": None, "events_days": 40}
    would = await put(wanted, "?dry_run=true")
    assert (would["webhooks"]["amount"], would["webhooks"]["held"]) == (2, 1)
    assert (would["events"]["amount"], would["events"]["oldest"][:10]) == (
        2, str((datetime.now(UTC) - timedelta(days=100)).date())
    )  # fmt: skip
    assert await served.get(path, stage.a) == before
    await put(wanted)
    await stage.tidy(days=365, deliveries_days=30)
    after = await served.get(path, stage.a)
    assert (after["events"]["own_days"], after["events"]["amount"], after["webhooks"]["held"]) == (40, 0, 1)
    assert await stage.pulled(stage.a, 2) == [3]
    problem = await served.problem("PUT", path, 422, "invalid", json={**wanted, "events_days": 20}, headers=auth)
    assert "30 days" in problem["errors"][0]["detail"]


async def test_reading_far_back_goes_along_the_keys(stage: Stage, database: Database) -> None:
    months = []
    stretches = (("old_events", 1, 3000, 90), ("old_events", 3001, 6000, 50), ("events", 6001, 9000, 1))
    for table, first, last, days in stretches:
        if table == "old_events":
            day = (datetime.now(UTC) - timedelta(days=days)).date()
            await stage.hook.execute("CALL make_old_events_partition($1)", day)
            months.append(f"old_events_{day:%Y_%m}")
        await stage.run.execute(FILL.format(table), first, last, days)
    await stage.run.execute("UPDATE tenant_heads SET last_seq = 9000, old_seq = 6000")
    await stage.run.execute("ANALYZE")
    plan = await generic_plan(database, stage.a, log.READ_ALL, f"'{stage.a.id}', 10, 9000, 100, NULL")
    for table in (*months, "events"):
        found = rf"Index Scan using \w+ on {table}\b[^\n]*\n +Index Cond: \(\(tenant_id = [^\n]* AND \(seq > "
        assert re.search(found, plan), plan
    assert await stage.pulled(stage.a, 2990) == list(range(2991, 3091))


async def test_the_operator_sees_what_would_go_and_removes_it(stage: Stage, settings: Settings) -> None:
    owed = stage.owed(stage.a)
    for days in (400, 1):
        await owed.event(hours=days * DAY)
    await stage.run.execute(WEBHOOK, stage.b.id, datetime.now(UTC) - timedelta(days=95), "stored")
    await stage.run.execute(READ_BY_SEARCH)
    names = ("database_url", "hook_database_url", "relay_database_url", "master_key")
    environment = {f"POSTGATE_{name.upper()}": getattr(settings, name).get_secret_value() for name in names}

    async def said(*arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["retention", *arguments], env=environment)
        return done.exit_code, done.output

    status, text = await said("--dry-run")
    assert status == 0
    lines = dict(line.rsplit("\t", 1) for line in text.splitlines())
    assert lines["alpha\tevents\tkept 365 days"].startswith("1 would go, the oldest of ")
    assert lines["beta\twebhooks\tkept 90 days"].startswith("1 would go")
    assert " held, such as whk_" in lines["beta\twebhooks\tkept 90 days"]
    assert " held, such as evt_" in lines["alpha\tevents\tkept 365 days"]
    assert lines["beta\tevents\tkept 365 days"] == "0 would go, 0 held"
    assert "events: 1 rows removed" in (await said("--tenant", "alpha"))[1]
    assert await stage.pulled(stage.a, 1) == [2]
    assert await stage.run.fetchrow(WEBHOOKS, stage.b.id) == (1, "stored")  # somebody else's
    assert (await said("--tenant", "nobody"))[0] == 1
