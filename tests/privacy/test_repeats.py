"""What was erased, or kept for long enough, stays gone when its provider tells it again, whoever takes that."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession

from gateway.model.ids import parse
from gateway.retention import Retention, Rules
from gateway.running import run_gateway
from gateway.settings import Settings
from gateway.store import data_requests, erased, erasing
from gateway.store.erased import Name, digest_of
from gateway.store.pool import open_pool, tenant_tx
from gateway.store.retention import OPERATORS
from tests.conftest import new_id
from tests.ingest.posts import change, edit, postmark, reaction, revoke, text, twilio, unique, whatsapp
from tests.ingest.reading import until
from tests.privacy.customer import MAIL, NAME, NUMBER, OTHER_NUMBER, SECRET, TOKEN, Town
from tests.privacy.test_keeping import AGE, DAYS

HERS = f"wamid.{TOKEN}"
LEDGER = (
    "SELECT state, items::text, body, headers::text, key_id FROM inbound_webhooks ORDER BY received_at DESC, id DESC"
)
WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ingest_repeat%'
"""
PENDING = "SELECT count(*) FROM inbound_webhooks WHERE state = 'pending'"
AT_WORK = (
    "UPDATE data_requests SET state = 'running', lease = id, lease_until = now() + interval '1 hour' WHERE id = $1"
)


async def newest(town: Town) -> dict[str, Any]:
    """Return the newest raw webhook, as the ledger holds it."""
    return dict((await town.database.fetch(LEDGER))[0])


def nothing_of_it(row: dict[str, Any]) -> bool:
    """Tell whether a raw webhook was taken, and says only that it told of what was erased."""
    kept = (row["state"], row["body"], row["headers"], row["key_id"])
    return kept == ("ignored", b"", "{}", None) and '"reason": "erased"' in row["items"]


async def test_nothing_that_names_an_erased_message_brings_anything_back(town: Town, settings: Settings) -> None:
    connection = town.tenant.integration("whatsapp_cloud")
    address = connection["channels"][0]["address"]
    said = whatsapp(
        connection, changes=[change(address, [text(HERS, f"Where is my {SECRET}?", NUMBER[1:])], name=NAME)]
    )
    sms = twilio(town.tenant.integration("twilio"), From=NUMBER, MessageSid=f"SM{new_id().hex}", Body="STOP")
    mail = postmark(town.tenant.integration("postmark"), sender=MAIL, text_body=f"I am {NAME}")
    for post in (said, sms, mail):
        await town.post(post)
    await until(lambda: town.database.value(PENDING), lambda many: many == 0)
    customer = await town.customer_of(await town.conversation_of(HERS))
    mailing = await town.database.value("SELECT customer_id FROM customer_identities WHERE value = $1", MAIL)
    await town.ask("POST", f"customers/{customer}/merge", json={"other": f"cus_{mailing.hex}"})
    assert (await town.request("erasure", customer))["state"] == "done"
    assert await town.tables_that_tell() == set()
    people = await town.database.value("SELECT count(*) FROM customers")
    log = (await town.ask("GET", "events?limit=1"))["head"]

    told = {"id": HERS, "status": "read", "timestamp": "1767225700", "recipient_id": NUMBER[1:]}
    news = [
        said, sms, mail, whatsapp(connection, statuses=[told]),
        whatsapp(connection, [edit(unique(), HERS, f"My {SECRET}!", 1767225800, NUMBER[1:])]),
        whatsapp(connection, [revoke(unique(), HERS, 1767225900, NUMBER[1:])]),
    ]  # fmt: skip
    # The one that was told of the erasure, and one that starts afterwards and was told nothing.
    async with run_gateway(settings) as other, ClientSession(other.url) as second:
        for client in (second, town.client):
            for post in news:
                assert await post.send(client) == 200
                await until(lambda: town.database.value(PENDING), lambda many: many == 0)
                assert nothing_of_it(await newest(town)), post.body
    assert await town.tables_that_tell() == set()
    assert await town.database.value("SELECT count(*) FROM customers") == people
    assert await town.database.value("SELECT count(*) FROM external_message_mappings") == 0
    assert (await town.ask("GET", "events?limit=1"))["head"] == log

    # Whoever else is in the same webhook is stored; and she may come back, as somebody new.
    both = [text(HERS, f"Where is my {SECRET}?", NUMBER[1:]), text(unique(), "Hello", OTHER_NUMBER[1:])]
    await town.post(whatsapp(connection, both))
    row = await newest(town)
    assert (row["state"], row["body"], '"erased"' in row["items"]) == ("stored", b"", True)
    assert await town.tables_that_tell() == set()
    await town.post(whatsapp(connection, [reaction("wamid.new", HERS, "👍", 1767226000, NUMBER[1:])]))
    assert await town.customer_of(await town.conversation_of("wamid.new")) != customer


async def test_a_repeat_that_comes_while_its_message_is_erased_waits_and_is_ignored(town: Town) -> None:
    connection = town.tenant.integration("whatsapp_cloud")
    thread = await town.chat(f"Where is my {SECRET}?", key=HERS)
    repeat = whatsapp(connection, [text(HERS, f"Where is my {SECRET}?", NUMBER[1:])])
    customer, request = parse("cus", await town.customer_of(thread)), new_id()
    pool = await open_pool(town.database.app_url, 2)
    async with tenant_tx(pool, town.tenant.id) as tx:
        await data_requests.add(tx, request, "erasure", customer, None)
        await erasing.begin(tx, request, [customer])
        key = await erased.own_key(tx, town.keyring)
    await town.run(AT_WORK.replace("id = $1", "tenant_id = $1"))
    async with tenant_tx(pool, town.tenant.id) as tx:
        await erasing.erase_messages(tx, request, 100)
        posting = asyncio.create_task(repeat.send(town.client))
        # It has found the id free, as far as it can see, and waits for who took it away.
        await until(lambda: town.database.value(WAITS), lambda many: many == 1)
        await erased.remember(tx, key, await erasing.names_of_erased(tx, request))
    assert await posting == 200
    assert nothing_of_it(await newest(town))
    assert await town.database.value("SELECT count(*) FROM messages WHERE text IS NOT NULL") == 0
    await pool.close()


async def test_what_was_kept_for_long_enough_is_not_brought_back_by_a_repeat_or_a_replay(town: Town) -> None:
    connection = town.tenant.integration("whatsapp_cloud")
    said = whatsapp(connection, [text(HERS, f"Where is my {SECRET}?", NUMBER[1:])])
    await town.post(said)
    await town.run(AGE, parse("cnv", await town.conversation_of(HERS)), "resolved")
    await town.ask("PUT", "retention", json={**DAYS, "conversations_days": 90})
    first = (await town.ask("GET", "webhooks"))["data"][0]["id"]
    pool = await open_pool(town.database.hook_url, 1)

    def chore(now: datetime) -> Retention:
        return Retention(pool, Rules(replace(OPERATORS, webhooks_days=100), 30), town.keyring, lambda: now, at_once=1)

    assert (await chore(datetime.now(UTC)).tidy()).removed["messages"].rows == 1
    again = await town.ask("POST", f"webhooks/{first}/replay")
    assert (again["state"], again["counts"]["ignored"]) == ("ignored", 1)
    await town.post(said)
    assert nothing_of_it(await newest(town))
    assert await town.database.value("SELECT count(*) FROM messages WHERE text IS NOT NULL") == 0
    # What was told is told again for some time only.
    assert (await chore(datetime.now(UTC) + timedelta(days=399)).tidy()).removed.get("erased") is None
    assert (await chore(datetime.now(UTC) + timedelta(days=401)).tidy()).removed["erased"].rows == 1
    await pool.close()


def test_a_digest_is_of_one_key_one_channel_and_one_kind() -> None:
    channel, other = new_id(), new_id()
    names = [
        Name(channel, "id", "a"),
        Name(other, "id", "a"),
        Name(channel, "reference", "a"),
        Name(channel, "id", "b"),
    ]
    found = {digest_of(key, name) for key in (b"k" * 32, b"l" * 32) for name in names}
    assert len(found) == 8
    assert digest_of(b"k" * 32, names[0]) == digest_of(b"k" * 32, Name(channel, "id", "a"))
