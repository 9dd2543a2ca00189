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

    async def ask(wanted: int = 100, per_channel: int = 8, per_tenant: int = 16) -> list[asyncpg.Record]:
        return list(await hook.fetch(CLAIM, wanted, per_channel, per_tenant))

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
