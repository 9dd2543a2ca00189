"""Who may send what next: pace, turns, bounds, and waits that a provider asked for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from gateway.model.ids import parse
from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.api.writing import PATH, TEXT, conversation, post
from tests.conftest import Database, MakeTenant, Tenant

CLAIM = "SELECT tenant_id, message_id, token, lost FROM claim_sends($1, interval '1 minute', $2, $3)"
FREE = "UPDATE sends SET lease_token = NULL, lease_until = NULL, state = 'sent' WHERE lease_token IS NOT NULL"
REST = "UPDATE send_lanes SET paced_until = '-infinity'"

Claim = Callable[..., Awaitable[list[asyncpg.Record]]]


@pytest.fixture
async def claim(database: Database) -> AsyncIterator[Claim]:
    """Claims as a worker does."""
    hook = await asyncpg.connect(database.hook_url)

    async def ask(
        wanted: int = 100, per_channel: int = 8, per_tenant: int = 16, *, flush: bool = False
    ) -> list[asyncpg.Record]:
        found = list(await hook.fetch(CLAIM, wanted, per_channel, per_tenant))
        if flush:  # what was read is counted now
            await hook.execute("SELECT pg_stat_force_next_flush()")
        return found

    yield ask
    await hook.close()


async def queue(
    served: Served, database: Database, tenant: Tenant, number: int, *channels: tuple[str, str]
) -> list[UUID]:
    """Queue messages, each in a conversation of its own, on each of some channels; returns their ids."""
    rows = Rows(database, tenant)
    found = []
    for provider, kind in channels or (("twilio", "sms"),):
        for _ in range(number):
            key = await conversation(database, tenant, rows, provider, kind)
            found.append(parse("msg", (await post(served, tenant, PATH.format(key), TEXT, 201))["id"]))
    return found


async def test_a_channel_keeps_its_pace(served: Served, tenant: Tenant, database: Database, claim: Claim) -> None:
    await queue(served, database, tenant, 4)
    await database.script("UPDATE send_lanes SET per_second = 2")
    assert len(await claim()) == 2
    assert await claim() == []
    await database.script("UPDATE send_lanes SET paced_until = paced_until - interval '500 milliseconds'")
    assert len(await claim()) == 1
    await database.script(REST)
    assert len(await claim()) == 1


async def test_a_slowed_channel_waits_and_its_neighbours_do_not(
    served: Served, tenant: Tenant, database: Database, claim: Claim
) -> None:
    sms, whatsapp = await queue(served, database, tenant, 1, ("twilio", "sms"), ("whatsapp_cloud", "whatsapp"))
    await database.fetch(
        "UPDATE send_lanes l SET slowed_until = now() + interval '1 minute' FROM messages m"
        " WHERE m.id = $1 AND l.channel_id = m.channel_id", sms,
    )  # fmt: skip
    assert [row["message_id"] for row in await claim()] == [whatsapp]
    await database.script("UPDATE send_lanes SET slowed_until = now()")
    assert [row["message_id"] for row in await claim()] == [sms]


async def test_tenants_take_turns_however_much_one_has_queued(
    served: Served, tenant: Tenant, make_tenant: MakeTenant, database: Database, claim: Claim
) -> None:
    small = await make_tenant("small")
    await queue(served, database, tenant, 12, ("twilio", "sms"), ("whatsapp_cloud", "whatsapp"))
    await queue(served, database, small, 2)
    claimed = await claim(10, per_channel=100, per_tenant=100)
    assert {row["tenant_id"] for row in claimed} == {tenant.id, small.id}
    assert len([row for row in claimed if row["tenant_id"] == small.id]) == 2


async def test_neither_a_channel_nor_a_tenant_has_more_under_way_than_it_may(
    served: Served, tenant: Tenant, database: Database, claim: Claim
) -> None:
    await queue(served, database, tenant, 5, ("twilio", "sms"), ("whatsapp_cloud", "whatsapp"))
    assert len(await claim(per_channel=3, per_tenant=5)) == 5
    await database.script(REST)
    assert await claim(per_channel=3, per_tenant=5) == []
    await database.script(FREE)
    assert len(await claim(per_channel=3, per_tenant=5)) == 5


async def test_a_message_waits_for_the_one_before_it_and_no_longer(
    served: Served, tenant: Tenant, rows: Rows, database: Database, claim: Claim
) -> None:
    key = await rows.conversation()
    keys = [parse("msg", (await post(served, tenant, PATH.format(key), TEXT, 201))["id"]) for _ in range(3)]
    for key_of_one, state in zip(keys, ("failed", "unknown", "sent"), strict=True):
        [claimed] = await claim()
        assert claimed["message_id"] == key_of_one
        assert await claim() == []
        await database.fetch(
            "UPDATE sends SET state = $2, lease_token = NULL, lease_until = NULL WHERE message_id = $1",
            key_of_one, state,
        )  # fmt: skip


async def test_what_nobody_may_send_is_not_claimed(
    served: Served, tenant: Tenant, database: Database, claim: Claim
) -> None:
    await queue(served, database, tenant, 1)
    await database.script("UPDATE tenants SET status = 'suspended'")
    assert await claim() == []
    await database.script("UPDATE tenants SET status = 'active'")
    await database.script("UPDATE sends SET next_attempt_at = now() + interval '1 hour'")
    assert await claim() == []


async def test_a_lease_that_ended_is_given_to_somebody_else(
    served: Served, tenant: Tenant, database: Database, claim: Claim
) -> None:
    await queue(served, database, tenant, 1)
    [first] = await claim()
    ended = "UPDATE sends SET lease_until = now() - interval '1 second', next_attempt_at = now()"
    await database.script(f"{ended}; UPDATE send_lanes SET due_at = now()")
    [second] = await claim()
    assert (first["lost"], second["lost"], first["token"] == second["token"]) == (False, False, False)
    await database.script("UPDATE sends SET state = 'calling', lease_until = now() - interval '1 second'")
    [third] = await claim()
    assert (third["lost"], third["message_id"]) == (True, first["message_id"])
    assert await claim() == []
    lease = await database.value("SELECT lease_until - now() FROM sends")
    assert timedelta(0) < lease <= timedelta(minutes=1)


MANY = 3_000
#: A backlog as it builds up in a minute: nobody has counted the rows for the planner yet.
BACKLOG = f"""
INSERT INTO customers (tenant_id, id) SELECT $1, md5('customer' || n)::uuid FROM generate_series(1, {MANY}) n
"""
BACKLOG_CONVERSATIONS = f"""
INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, last_message_at)
SELECT $1, md5('conversation' || n)::uuid, $2, md5('customer' || n)::uuid, 'customer', now()
FROM generate_series(1, {MANY}) n
"""
BACKLOG_MESSAGES = f"""
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, status, occurred_at,
    received_at)
SELECT $1, md5('message' || n)::uuid, md5('conversation' || n)::uuid, $2, 'outbound', 'sms', 'text', 'queued', now(),
    now()
FROM generate_series(1, {MANY}) n
"""
BACKLOG_SENDS = f"""
INSERT INTO sends (tenant_id, message_id, conversation_id, channel_id, reference, content)
SELECT $1, md5('message' || n)::uuid, md5('conversation' || n)::uuid, $2, n::text, '{{}}'
FROM generate_series(1, {MANY}) n
"""
READ = "SELECT sum(idx_tup_read) + coalesce((SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'sends'), 0)"


async def test_a_claim_reads_few_rows_however_many_wait(
    served: Served, tenant: Tenant, database: Database, claim: Claim
) -> None:
    await queue(served, database, tenant, 1)
    for _ in range(8):  # by then plans are kept
        await claim()
    lane = parse("ch", tenant.integration("twilio")["channels"][0]["id"])
    await database.fetch(BACKLOG, tenant.id)
    for statement in (BACKLOG_CONVERSATIONS, BACKLOG_MESSAGES, BACKLOG_SENDS):
        await database.fetch(statement, tenant.id, lane)
    await database.script(f"UPDATE send_lanes SET due_at = now(); {REST}")
    read = f"{READ} FROM pg_stat_user_indexes WHERE relname = 'sends'"
    before = await database.value(read)
    assert len(await claim(flush=True)) == 7  # and the one from before
    assert await database.value(read) - before < MANY / 2
