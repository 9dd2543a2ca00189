"""What is removed of deliveries, attempts and minutes, and what never is."""

from datetime import UTC, datetime, timedelta

import asyncpg

from gateway.keys import Keyring, new_master_key
from gateway.model.page import END
from gateway.pruning import Pruner
from gateway.retention import Retention, Rules
from gateway.store.pool import open_pool
from gateway.store.retention import Keeping, forget_deliveries
from tests.conftest import Database, Tenant, new_id
from tests.delivery.owed import Owed

ATTEMPT = """
INSERT INTO webhook_attempts (tenant_id, started_at, delivery_id, endpoint_id, number, outcome, total_ms, request_url,
    request_headers)
SELECT d.tenant_id, d.created_at, d.id, d.endpoint_id, 1, 'failure', 5, 'https://integrator.example.org/hooks', '{}'
FROM webhook_deliveries d
"""
MINUTES = """
INSERT INTO webhook_minutes (tenant_id, endpoint_id, minute, succeeded, failed, latencies)
SELECT tenant_id, id, now() - n * interval '1 day', 1, 0, array_fill(0, '{12}')
FROM webhook_endpoints, generate_series(10, 20) n
"""
MONTHS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'webhook_attempts'::regclass"
DAY = 24


async def test_what_is_done_for_long_goes_and_what_is_owed_stays(database: Database, tenant: Tenant) -> None:
    run = await asyncpg.connect(database.admin_url)
    owed = Owed(run, tenant)
    endpoint, ordered = await owed.endpoint(), await owed.endpoint(ordering="conversation")
    conversation = new_id()
    for days in (31, 45, 29, 40):
        for status in ("SUCCESS", "FAILED", "PENDING", "RETRYING"):
            await owed.delivery(endpoint, await owed.event(), status, hours=days * DAY)
    again = await owed.delivery(endpoint, await owed.event(), "FAILED", hours=50 * DAY)
    await run.execute("UPDATE webhook_deliveries SET finished_at = now() - interval '1 day' WHERE id = $1", again)
    for number in (1, 2, 3):
        event = await owed.event(conversation=conversation)
        await owed.delivery(ordered, event, "SUCCESS", hours=(60 - number) * DAY, number=number)
    for days in (150, 0):
        await run.execute("CALL make_attempts_partition($1)", (datetime.now(UTC) - timedelta(days=days)).date())
    months = await run.fetchval(MONTHS)
    await run.execute(ATTEMPT)
    await run.execute(MINUTES)

    pool = await open_pool(database.hook_url, 1)
    await Pruner(pool, at_once=2).prune()
    await Retention(
        pool, Rules(Keeping(90, 30, 90), 30), Keyring(new_master_key()), lambda: datetime.now(UTC), at_once=2
    ).tidy()
    await pool.close()

    left = await run.fetch("SELECT id, status, endpoint_id, conversation_sequence, finished_at FROM webhook_deliveries")
    undone = [row for row in left if row["status"] in {"PENDING", "RETRYING"}]
    assert len(undone) == 8
    done = [row for row in left if row["status"] in {"SUCCESS", "FAILED"} and row["endpoint_id"] == endpoint]
    assert len(done) == 3
    assert all(row["finished_at"] > datetime.now(UTC) - timedelta(days=30) for row in done)
    assert again in {row["id"] for row in done}
    assert [row["conversation_sequence"] for row in left if row["endpoint_id"] == ordered] == [3]  # counted on from
    attempts = await run.fetch("SELECT delivery_id FROM webhook_attempts")
    assert {row["delivery_id"] for row in attempts} == {row["id"] for row in left}
    assert await run.fetchval("SELECT max(now() - minute) < interval '15 days' FROM webhook_minutes")
    assert await run.fetchval("SELECT count(*) FROM webhook_minutes") == 2 * 4
    assert await run.fetchval(MONTHS) == months - 1  # of 150 days ago; attempts outside the months made are in another
    await run.close()


async def test_what_a_removed_endpoint_was_owed_is_given_up(database: Database, tenant: Tenant) -> None:
    run = await asyncpg.connect(database.admin_url)
    owed = Owed(run, tenant)
    removed, kept = await owed.endpoint(), await owed.endpoint()
    for _ in range(5):
        event = await owed.event()
        await owed.delivery(removed, event, "PENDING")
        await owed.delivery(kept, event, "RETRYING")
    await run.execute("UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1", removed)
    pool = await open_pool(database.hook_url, 1)
    await Pruner(pool, at_once=2).prune()
    await pool.close()
    states = await run.fetch("SELECT DISTINCT endpoint_id, status, error_kind FROM webhook_deliveries")
    ended, untouched = (removed, "FAILED", "endpoint_deleted"), (kept, "RETRYING", "answered_500")
    assert {tuple(row) for row in states} == {ended, untouched}
    assert [row[0] for row in await run.fetch("SELECT endpoint_id FROM webhook_lanes")] == [kept]
    await run.close()


async def test_the_last_of_each_ordered_conversation_is_passed_over_once_until_its_endpoint_is_removed(
    database: Database, tenant: Tenant
) -> None:
    run = await asyncpg.connect(database.admin_url)
    owed = Owed(run, tenant)
    removed, kept = [await owed.endpoint(ordering="conversation") for _ in range(2)]
    for _ in range(3):
        conversation = new_id()
        for number in (1, 2):
            event = await owed.event(conversation=conversation)
            for endpoint in (removed, kept):
                await owed.delivery(endpoint, event, "SUCCESS", hours=60 * DAY, number=number)
    await run.execute("UPDATE webhook_deliveries SET finished_at = now() - interval '40 days'")  # recorded together
    pool = await open_pool(database.hook_url, 1)

    async def batches() -> int:
        place, count = END, 0
        while True:
            after, _ = await forget_deliveries(pool, 30, 4, place)
            count += 1
            if after is None:
                return count
            assert (after.moment, after.id) > (place.moment, place.id)
            place = after

    counts = "SELECT endpoint_id, conversation_sequence, count(*) FROM webhook_deliveries GROUP BY 1, 2"
    assert await batches() == 12 // 4 + 1  # twelve were looked at once, then there are no more
    assert {tuple(row) for row in await run.fetch(counts)} == {(removed, 2, 3), (kept, 2, 3)}
    await run.execute("UPDATE webhook_endpoints SET deleted_at = now() WHERE id = $1", removed)
    assert await batches() == 6 // 4 + 1
    assert {tuple(row) for row in await run.fetch(counts)} == {(kept, 2, 3)}
    await pool.close()
    await run.close()
