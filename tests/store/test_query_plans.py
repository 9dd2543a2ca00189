"""The lists' queries, as planned once and for all parameters, under row-level security: an index gives the order."""

import re

import asyncpg
import orjson
import pytest

from gateway.model.ids import parse
from gateway.model.page import END, START
from gateway.store import conversations, messages, webhooks
from gateway.store.conversations import Filters
from gateway.store.pool import tenant_tx
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id

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


#: Of the 4,000 conversations of "crowded", the 40 with the oldest messages.
FEW = """
UPDATE conversations c SET {0} FROM (
    SELECT tenant_id, id FROM conversations WHERE tenant_id = $1 ORDER BY last_message_at LIMIT 40) old
WHERE c.tenant_id = old.tenant_id AND c.id = old.id
"""
LABEL_FEW = """
INSERT INTO conversation_labels (tenant_id, conversation_id, label_id)
SELECT tenant_id, id, $2 FROM conversations WHERE tenant_id = $1 ORDER BY last_message_at LIMIT 40
"""
ADD_LABEL = "INSERT INTO labels (tenant_id, id, name, color) VALUES ($1, $2, 'Rare', 'red')"
ADD_TEAM = "INSERT INTO teams (tenant_id, id, name) VALUES ($1, $2, 'Rare')"


async def pages_read(database: Database, tenant: Tenant, filters: Filters) -> tuple[int, int]:
    """Return how many conversations a page has, and how many pages of the database were looked at for it."""
    pool = await asyncpg.create_pool(database.app_url, min_size=1, max_size=1)
    statements: list[tuple[str, tuple[object, ...]]] = []
    async with tenant_tx(pool, tenant.id) as tx:
        await tx.connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        tx.connection.add_query_logger(lambda record: statements.append((record.query, record.args)))
        found = await conversations.in_order(tx, filters, END if filters.oldest_first else START, 50)
        read = 0
        for statement, args in list(statements):
            # The JSON of a row takes the same for each, however it was found.
            bare = re.sub(r"conversation_json\(.*?\)::text AS json", "1 AS json", statement)
            plan = await tx.connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {bare}", *args)
            top = orjson.loads(plan[0][0])[0]["Plan"]
            read += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    await pool.close()
    return len(found.rows), read


@pytest.mark.parametrize(
    "name", ["assignee", "nobody", "team", "label", "channel", "priority", "unread", "unread of the oldest"]
)
async def test_a_filter_that_few_pass_reads_little_more_than_its_page(
    database: Database, tenant: Tenant, crowded: str, name: str
) -> None:
    assert crowded
    owner = await database.value("SELECT user_id FROM memberships WHERE tenant_id = $1", tenant.id)
    key, channel = new_id(), parse("ch", tenant.integration("vonage")["channels"][0]["id"])
    await database.fetch(ADD_TEAM, tenant.id, key)
    await database.fetch(ADD_LABEL, tenant.id, key)
    everybody = "UPDATE conversations SET assignee_id = $2, unread_count = 0 WHERE tenant_id = $1"
    await database.fetch(everybody, tenant.id, None if name == "assignee" else owner)
    statuses = ("open", "pending", "resolved", "snoozed")
    changes: dict[str, tuple[str, Filters]] = {
        "assignee": (f"assignee_id = '{owner}'", Filters(statuses=statuses, assignee_id=owner)),
        "nobody": ("assignee_id = NULL", Filters(statuses=statuses, unassigned=True)),
        "team": (f"team_id = '{key}'", Filters(statuses=statuses, team_id=key)),
        "label": ("subject = subject", Filters(statuses=statuses, label_ids=[key])),
        "channel": (f"channel_id = '{channel}'", Filters(statuses=statuses, channel_ids=[channel])),
        "priority": ("priority = 'urgent'", Filters(statuses=statuses, priorities=["high", "urgent"])),
        "unread": ("unread_count = 1", Filters(statuses=statuses, unread=True)),
        "unread of the oldest": ("unread_count = 1", Filters(statuses=statuses, unread=True, oldest_first=True)),
    }
    change, filters = changes[name]
    await database.fetch(FEW.format(change), tenant.id)
    await database.fetch(LABEL_FEW, tenant.id, key)
    await database.fetch("VACUUM ANALYZE conversations")
    found, read = await pages_read(database, tenant, filters)
    assert found == 40
    assert read < 300, read


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
