"""The lists' queries, as planned once and for all parameters, under row-level security: an index gives the order."""

import asyncpg
import pytest

from gateway.model.ids import parse
from gateway.store import conversations, messages, webhooks
from gateway.store.pool import tenant_tx
from tests.api.rows import Rows
from tests.conftest import Database, Tenant

MANY_CUSTOMERS = """
INSERT INTO customers (tenant_id, id) SELECT $1::uuid, gen_random_uuid() FROM generate_series(1, 4000)
"""
MANY_CONVERSATIONS = """
INSERT INTO conversations (
    tenant_id, id, channel_id, customer_id, threading, status, snoozed_until, last_message_at)
SELECT k.tenant_id, gen_random_uuid(), $2::uuid, k.id, 'customer', k.status,
    CASE WHEN k.status = 'snoozed' THEN now() + interval '1 day' END, now() - random() * interval '90 days'
FROM (
    SELECT c.tenant_id, c.id, (ARRAY['open', 'pending', 'snoozed', 'resolved'])[1 + random() * 3] AS status
    FROM customers c WHERE c.tenant_id = $1::uuid OFFSET 0) k
"""
MANY_MESSAGES = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, status, occurred_at,
    received_at)
SELECT $1::uuid, gen_random_uuid(), $2::uuid, $3::uuid, 'inbound', 'sms', 'text', 'received',
    now() - n * interval '1 s', now()
FROM generate_series(1, 4000) n
"""
MANY_WEBHOOKS = """
INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
    verdict, state, received, stored, duplicate, ignored, quarantined)
SELECT $1::uuid, now() - n * interval '1 hour', gen_random_uuid(), $2::uuid, 'twilio', 'POST', '/', '{}', '\\x00',
    'verified',
    CASE WHEN n % 50 = 0 THEN 'quarantined' ELSE 'stored' END, 0, 0, 0, 0, 0
FROM generate_series(1, 4000) n
"""


@pytest.fixture
async def crowded(database: Database, tenant: Tenant) -> str:
    """A tenant with thousands of everything; returns the id of the long conversation."""
    channel = parse("ch", tenant.integration("twilio")["channels"][0]["id"])
    integration = parse("int", tenant.integration("twilio")["id"])
    await database.fetch(MANY_CUSTOMERS, tenant.id)
    await database.fetch(MANY_CONVERSATIONS, tenant.id, channel)
    long = await Rows(database, tenant).conversation()
    await database.fetch(MANY_MESSAGES, tenant.id, parse("cnv", long), channel)
    await database.fetch(MANY_WEBHOOKS, tenant.id, integration)
    await database.fetch("ANALYZE")
    return long


async def generic_plan(database: Database, tenant: Tenant, statement: str, arguments: str) -> str:
    """Return the plan that holds for any parameters, as the API's own role gets it."""
    pool = await asyncpg.create_pool(database.app_url, min_size=1, max_size=1)
    async with tenant_tx(pool, tenant.id) as tx:
        await tx.connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await tx.connection.execute(f"PREPARE listing AS {statement}")
        rows = await tx.connection.fetch(f"EXPLAIN (COSTS OFF) EXECUTE listing ({arguments})")
    await pool.close()
    return "\n".join(row[0] for row in rows)


def index_conditions(plan: str) -> str:
    """Return what a plan looks up in its indexes, without what it filters afterwards."""
    return "\n".join(line for line in plan.splitlines() if "Index Cond:" in line)


async def test_each_status_reads_its_own_stretch_of_the_index(database: Database, tenant: Tenant, crowded: str) -> None:
    assert crowded
    arguments = f"'{tenant.id}', '{{open,pending}}', now(), gen_random_uuid(), 51"
    plan = await generic_plan(database, tenant, conversations.LIST, arguments)
    assert "Index Scan using conversation_list on conversations" in plan, plan
    assert "status = wanted.status" in plan, plan
    assert "ROW(last_message_at, id) < ROW($3, $4)" in index_conditions(plan), plan
    assert "Seq Scan" not in plan, plan


async def test_a_thread_is_read_in_the_order_of_its_index(database: Database, tenant: Tenant, crowded: str) -> None:
    key = parse("cnv", crowded)
    arguments = f"'{tenant.id}', '{key}', now(), gen_random_uuid(), 51"
    plan = await generic_plan(database, tenant, messages.LIST, arguments)
    assert "Index Scan using thread on messages" in plan, plan
    assert "ROW(occurred_at, id) < ROW($3, $4)" in index_conditions(plan), plan
    assert "Seq Scan" not in plan, plan


async def test_webhooks_that_need_a_look_are_found_by_their_own_index(
    database: Database, tenant: Tenant, crowded: str
) -> None:
    assert crowded
    arguments = f"'{tenant.id}', '{{quarantined}}', now(), gen_random_uuid(), 51, NULL, NULL"
    plan = await generic_plan(database, tenant, webhooks.LIST_OF_NEEDY, arguments)
    assert "tenant_id_state_received_at" in plan, plan
    assert "ROW(received_at, id) < ROW($3, $4)" in index_conditions(plan), plan
    arguments = f"'{tenant.id}', NULL, now(), gen_random_uuid(), 51, NULL, NULL"
    plan = await generic_plan(database, tenant, webhooks.LIST, arguments)
    assert "_pkey on" in plan, plan
    assert "Sort Key" not in plan.replace("Merge Append\n", "").split("Index Scan")[0].replace("  Sort Key: w", ""), (
        plan
    )
