"""Lists of deliveries, as planned under row-level security: each filter goes along its own index."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from gateway.model.page import START
from gateway.store import delivery_lists
from gateway.store.delivery_lists import Wanted
from gateway.store.pool import tenant_tx
from tests.conftest import Database, Tenant, new_id
from tests.delivery.owed import Owed

#: Ten endpoints' deliveries, one in fifty of them failed, one in a hundred not done.
MANY = """
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, conversation_id, status,
    next_attempt_at, error_kind, error, last_attempt_at, finished_at, created_at)
SELECT $1, uuid_of(m.at), ($2::uuid[])[1 + n % 10], ($3::uuid[])[1 + n % 500], 'message.created', n,
    ($3::uuid[])[1 + n % 400], m.status, CASE WHEN m.status = 'RETRYING' THEN now() END,
    CASE WHEN m.status <> 'SUCCESS' THEN 'timeout' END, CASE WHEN m.status <> 'SUCCESS' THEN 'no answer in time' END,
    m.at, CASE WHEN m.status <> 'RETRYING' THEN m.at END, m.at
FROM generate_series(1, 5000) n
CROSS JOIN LATERAL (SELECT now() - n * interval '1 s' AS at,
    CASE WHEN n % 50 = 0 THEN 'FAILED' WHEN n % 100 = 1 THEN 'RETRYING' ELSE 'SUCCESS' END AS status) m
"""


async def test_each_filter_goes_along_an_index_and_reads_a_bounded_part_of_it(
    database: Database, tenant: Tenant
) -> None:
    run = await asyncpg.connect(database.admin_url)
    owed = Owed(run, tenant)
    endpoints = [await owed.endpoint() for _ in range(10)]
    keys = [new_id() for _ in range(500)]
    await run.execute(MANY, tenant.id, endpoints, keys)
    await run.execute("ANALYZE webhook_deliveries")
    await run.close()
    of_endpoint = [("ep", endpoints[3])]
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    lists: list[tuple[dict[str, Any], str, str]] = [
        ({}, "webhook_deliveries_pkey", "(id < "),
        ({"patterns": ["message.%"], "statuses": ["SUCCESS"]}, "webhook_deliveries_pkey", "(id < "),
        ({"since": an_hour_ago}, "webhook_deliveries_pkey", "(id >= "),
        ({"ids": of_endpoint}, "deliveries_of_an_endpoint", "(endpoint_id = "),
        ({"ids": of_endpoint, "until": an_hour_ago}, "deliveries_of_an_endpoint", "(id < "),
        ({"ids": [("evt", keys[3])]}, "deliveries_of_an_event", "(event_id = "),
        ({"ids": [("cnv", keys[3]), *of_endpoint]}, "deliveries_of_a_conversation", "(conversation_id = "),
        ({"statuses": ["FAILED"]}, "deliveries_that_failed", "(id < "),
        ({"statuses": ["FAILED"], "ids": of_endpoint}, "deliveries_failed", "(endpoint_id = "),
        ({"error": "no answer"}, "deliveries_with_errors", "(id < "),
        ({"statuses": ["RETRYING"]}, "deliveries_due", "(tenant_id = "),
        ({"held": True, "ids": of_endpoint}, "deliveries_due", "(endpoint_id = "),
    ]
    for filters, index, condition in lists:
        plan = await planned(database, tenant, Wanted(**filters))
        first = next(line for line in plan.splitlines() if " on webhook_deliveries d" in line or "Bitmap Index" in line)
        assert index in first, (filters, plan)
        conditions = next(line for line in plan[plan.index(first) :].splitlines() if "Index Cond:" in line)
        assert condition in conditions, (filters, plan)
        assert "Seq Scan on webhook_deliveries" not in plan, (filters, plan)


async def planned(database: Database, tenant: Tenant, wanted: Wanted) -> str:
    """Return the plan of the statement that finds a page, as the API's own role gets it."""
    pool = await asyncpg.create_pool(database.app_url, min_size=1, max_size=1)
    statements: list[tuple[str, tuple[Any, ...]]] = []
    async with tenant_tx(pool, tenant.id) as tx:
        tx.connection.add_query_logger(lambda record: statements.append((record.query, record.args)))
        await delivery_lists.newest_first(tx, wanted, START, 50)
        await tx.connection.fetchval("SELECT 1")  # the logger is told a turn of the loop later
        statement, args = next(each for each in statements if "delivery_json" in each[0])
        rows = await tx.connection.fetch(f"EXPLAIN (COSTS OFF) {statement}", *args)
    await pool.close()
    return "\n".join(row[0] for row in rows)


async def test_a_page_looks_at_so_many_rows_only(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_lists, "LOOKED_AT", 100)
    run = await asyncpg.connect(database.admin_url)
    endpoints = [await Owed(run, tenant).endpoint() for _ in range(10)]
    await run.execute(MANY, tenant.id, endpoints, [new_id() for _ in range(500)])
    await run.close()
    pool = await asyncpg.create_pool(database.app_url, min_size=1, max_size=1)
    async with tenant_tx(pool, tenant.id) as tx:
        page = await delivery_lists.newest_first(tx, Wanted(patterns=["none.such"]), START, 50)
    await pool.close()
    assert page.rows == []
    assert page.last is not None
