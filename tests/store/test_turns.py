"""Whoever takes up what waits, of all tenants, serves each in turn: many of one keep no other one waiting."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from gateway.model.ids import parse
from tests.api.rows import Rows
from tests.conftest import Database, MakeTenant, Tenant

MANY = 500
MAILS = """
INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body,
    verdict, state, received, stored, duplicate, ignored, quarantined)
SELECT $1::uuid, now() - n * interval '1 s', gen_random_uuid(), $2::uuid, 'mailgun', 'POST', '/', '{}', '\\x00',
    'verified', 'pending', 0, 0, 0, 0, 0
FROM generate_series(1, $3::int) n
"""
FILES = """
INSERT INTO attachments (tenant_id, id, message_id, position, type, state, due_at)
SELECT $1::uuid, gen_random_uuid(), $2::uuid, n, 'image', 'pending', now() - n * interval '1 s'
FROM generate_series(1, $3::int) n
"""
IMPORTS = """
INSERT INTO customer_imports (tenant_id, id, filename, encoding, delimiter, columns, sample, plan, state, rows_total)
SELECT $1::uuid, gen_random_uuid(), 'x.csv', 'utf-8', ',', '{}', '[]', '{}', 'running', 1
FROM generate_series(1, $2::int) n
"""
SNOOZED = """
WITH person AS (
    INSERT INTO customers (tenant_id, id) SELECT $1::uuid, gen_random_uuid() FROM generate_series(1, $3::int)
    RETURNING tenant_id, id
)
INSERT INTO conversations (
    tenant_id, id, channel_id, customer_id, threading, status, snoozed_until, last_message_at)
SELECT p.tenant_id, gen_random_uuid(), $2::uuid, p.id, 'customer', 'snoozed', now() - interval '1 day', now()
FROM person p
"""
REOPENED = """
INSERT INTO reopenings (tenant_id, conversation_id, reopened_at, before)
SELECT c.tenant_id, c.id, now(), 'resolved' FROM conversations c WHERE c.tenant_id = $1::uuid
"""
LOGGED = """
WITH head AS (UPDATE tenant_heads SET last_seq = last_seq + $2::int WHERE tenant_id = $1::uuid RETURNING last_seq)
INSERT INTO events (tenant_id, seq, id, type, data)
SELECT $1::uuid, head.last_seq - n, gen_random_uuid(), 'label.created', '{}'
FROM head, generate_series(0, $2::int - 1) n
"""


@pytest.fixture
async def noisy(tenant: Tenant) -> Tenant:
    """A tenant with very much."""
    return tenant


@pytest.fixture
async def quiet(noisy: Tenant, make_tenant: MakeTenant) -> Tenant:
    """A tenant with little, and with a higher id, so that it would come last."""
    return await make_tenant("quiet")


def integration(tenant: Tenant, provider: str = "twilio") -> UUID:
    return parse("int", tenant.integration(provider)["id"])


def channel(tenant: Tenant) -> UUID:
    return parse("ch", tenant.integration("twilio")["channels"][0]["id"])


async def claimed(database: Database, statement: str, *arguments: Any) -> list[UUID]:
    return [row["tenant_id"] for row in await database.fetch(statement, *arguments)]


async def test_mails_are_read_in_turns(database: Database, noisy: Tenant, quiet: Tenant) -> None:
    claim = "SELECT tenant_id FROM claim_raw_mails($1::int, interval '1 minute', $2::uuid)"
    await database.fetch(MAILS, noisy.id, integration(noisy), MANY)
    await database.fetch(MAILS, quiet.id, integration(quiet), 2)
    assert await claimed(database, claim, 3, None) == [noisy.id, quiet.id, noisy.id]
    assert await claimed(database, claim, 3, noisy.id) == [quiet.id, noisy.id, noisy.id]
    assert await claimed(database, claim, 2 * MANY, noisy.id) == [noisy.id] * (MANY - 4)
    assert await claimed(database, claim, 3, quiet.id) == []


async def test_files_are_fetched_in_turns(database: Database, noisy: Tenant, quiet: Tenant) -> None:
    claim = "SELECT DISTINCT tenant_id FROM claim_files($1::uuid[], interval '1 minute', $2::uuid)"

    async def message_of(tenant: Tenant, files: int) -> None:
        rows = Rows(database, tenant)
        message = parse("msg", await rows.message(await rows.conversation()))
        await database.fetch("DELETE FROM attachments WHERE message_id = $1::uuid", message)
        await database.fetch(FILES, tenant.id, message, files)

    for _ in range(3):
        await message_of(noisy, 400)
    await message_of(quiet, 1)
    assert await claimed(database, claim, [], None) == [noisy.id]
    assert await claimed(database, claim, [], noisy.id) == [quiet.id]
    assert await claimed(database, claim, [], quiet.id) == [noisy.id]
    assert await claimed(database, claim, [integration(noisy)], quiet.id) == [], "its connection has enough"
    assert await claimed(database, claim, [noisy.id], quiet.id) == [], "it has enough itself"
    assert await claimed(database, claim, [], noisy.id) == [noisy.id], "nobody else has any"
    assert await claimed(database, claim, [], noisy.id) == []


async def test_imports_are_read_in_turns(database: Database, noisy: Tenant, quiet: Tenant) -> None:
    claim = "SELECT tenant_id FROM claim_customer_import(gen_random_uuid(), interval '1 minute', $1::uuid)"
    await database.fetch(IMPORTS, noisy.id, 3)
    await database.fetch(IMPORTS, quiet.id, 1)
    assert await claimed(database, claim, None) == [noisy.id]
    assert await claimed(database, claim, noisy.id) == [quiet.id]
    assert await claimed(database, claim, quiet.id) == [noisy.id]
    assert await claimed(database, claim, noisy.id) == [noisy.id]
    assert await claimed(database, claim, noisy.id) == []


async def test_errands_are_done_in_turns(database: Database, noisy: Tenant, quiet: Tenant) -> None:
    async def found(kind: str) -> Sequence[UUID]:
        return await claimed(database, "SELECT tenant_id FROM errands(4) WHERE kind = $1", kind)

    await database.fetch(SNOOZED, noisy.id, channel(noisy), 3)
    assert await found("wake") == [noisy.id] * 3
    await database.fetch(SNOOZED, noisy.id, channel(noisy), MANY)
    await database.fetch(SNOOZED, quiet.id, channel(quiet), 1)
    assert sorted(await found("wake")) == sorted([noisy.id, quiet.id, noisy.id, noisy.id])
    await database.fetch(REOPENED, noisy.id)
    await database.fetch(REOPENED, quiet.id)
    assert sorted(await found("reopened")) == sorted([noisy.id, quiet.id, noisy.id, noisy.id])


async def test_logs_are_read_for_the_search_in_turns(database: Database, noisy: Tenant, quiet: Tenant) -> None:
    catch_up = "SELECT search_catch_up(100, 1, interval '0')"
    behind = """
    SELECT h.tenant_id FROM tenant_heads h LEFT JOIN search_heads s ON s.tenant_id = h.tenant_id
    WHERE h.last_seq > coalesce(s.indexed_seq, 0)
    """
    while await database.value(catch_up):
        pass
    await database.fetch(LOGGED, noisy.id, 500)
    assert await database.value(catch_up) == 100
    await database.fetch(LOGGED, quiet.id, 1)
    assert await database.value(catch_up) == 100
    assert await claimed(database, behind) == [noisy.id]
