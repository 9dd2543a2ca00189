"""Edits, revokes, echoes, opt-outs, other spellings, changed numbers, alarms: what webhooks tell beside messages."""

from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from tests.conftest import Database, Tenant
from tests.ingest.posts import (
    Post,
    change,
    echoes,
    edit,
    preferences,
    reaction,
    revoke,
    status,
    text,
    twilio,
    whatsapp,
    whatsapp_raw,
)
from tests.ingest.reading import events, get, messages, webhooks

DAY = 1767225600  # 2026-01-01
IMAGE = {"id": "9001", "mime_type": "image/jpeg", "caption": "Look"}
USER_ID = "US.13491208655302741918"


def address(tenant: Tenant) -> str:
    """Return the phone_number_id of the tenant's WhatsApp channel."""
    return str(tenant.integration("whatsapp_cloud")["channels"][0]["address"])


def wa(tenant: Tenant, *sent: Any, **more: Any) -> Post:
    """Return a WhatsApp post."""
    return whatsapp(tenant.integration("whatsapp_cloud"), list(sent), **more)


async def told(client: ClientSession, tenant: Tenant, *kinds: str) -> list[dict[str, Any]]:
    """Return the data of the log's entries of some types."""
    return [event["data"] for event in await events(client, tenant) if event["type"] in kinds]


async def history(database: Database, external_id: str) -> list[tuple[str, str | None]]:
    """Return what a message said, as it is kept."""
    rows = await database.fetch(
        "SELECT kind, text FROM message_changes WHERE external_id = $1 ORDER BY kind <> 'original', occurred_at",
        external_id,
    )
    return [(row["kind"], row["text"]) for row in rows]


async def test_an_edit_changes_the_text_and_keeps_what_was_said(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    assert await wa(tenant, text("wamid.1", "Helo", at=DAY)).send(client) == 200
    assert await wa(tenant, edit("wamid.2", "wamid.1", "Hello\nthere", DAY + 60)).send(client) == 200
    [message] = await messages(client, tenant)
    assert (message["text"], message["preview"]) == ("Hello\nthere", "Hello there")
    assert message["edited_at"] == "2026-01-01T00:01:00.000Z"
    [conversation] = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert conversation["last_message"]["preview"] == "Hello there"
    assert conversation["unread_count"] == 1
    assert await told(client, tenant, "message.updated") == [message]
    assert await history(database, "wamid.1") == [("original", "Helo"), ("edit", "Hello\nthere")]


async def test_a_revoked_message_shows_no_more_than_that_it_was_there(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    image = {**text("wamid.1", at=DAY), "type": "image", "image": IMAGE}
    assert await wa(tenant, image).send(client) == 200
    assert await wa(tenant, revoke("wamid.2", "wamid.1", DAY + 60)).send(client) == 200
    [message] = await messages(client, tenant)
    assert (message["text"], message["preview"], message["attachments"], message["extra"]) == (None, "", [], {})
    assert (message["kind"], message["deleted_at"]) == ("image", "2026-01-01T00:01:00.000Z")
    [conversation] = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert conversation["last_message"]["deleted"] is True
    assert await told(client, tenant, "message.deleted") == [message]
    assert await history(database, "wamid.1") == [("original", "Look"), ("revoke", None)]
    assert await database.value("SELECT count(*) FROM attachments") == 1


async def test_repeats_change_nothing_and_are_counted(client: ClientSession, tenant: Tenant) -> None:
    posts = [
        wa(tenant, text("wamid.1", at=DAY)),
        wa(tenant, edit("wamid.2", "wamid.1", "Later", DAY + 60)),
        wa(tenant, revoke("wamid.3", "wamid.1", DAY + 70)),
        wa(tenant, edit("wamid.4", "wamid.1", "Too late", DAY + 80)),
        wa(tenant, changes=[preferences(address(tenant), ("12025550142", "stop", DAY))]),
    ]
    for post in posts:
        assert await post.send(client) == 200
    entries = await events(client, tenant)
    for post in posts:
        assert await post.send(client) == 200
    assert await events(client, tenant) == entries
    assert [entry["type"] for entry in entries[3:]] == ["message.updated", "message.deleted", "customer.updated"]
    counts = [webhook["counts"] for webhook in reversed(await webhooks(client, tenant))]
    assert [count["stored"] for count in counts] == [1] * 5 + [0] * 5
    assert [count["duplicate"] for count in counts] == [0] * 5 + [1] * 5


async def test_a_change_without_the_message_it_means_is_ignored_with_a_reason(
    client: ClientSession, tenant: Tenant
) -> None:
    welcome = {**text("wamid.1"), "type": "request_welcome"}
    assert await wa(tenant, welcome).send(client) == 200
    [webhook] = await webhooks(client, tenant)
    assert (webhook["state"], webhook["counts"]["ignored"]) == ("ignored", 1)


async def test_an_echo_is_a_message_of_ours(client: ClientSession, tenant: Tenant) -> None:
    assert await wa(tenant, text("wamid.1", at=DAY)).send(client) == 200
    echo = {
        "from": "12025550100", "to": "12025550142", "id": "wamid.2", "timestamp": str(DAY + 60), "type": "image",
        "image": IMAGE,
    }  # fmt: skip
    early = wa(tenant, statuses=[status("wamid.2", "delivered", DAY + 90)])
    post = wa(tenant, changes=[echoes(address(tenant), echo)])
    assert [await p.send(client) for p in (early, post, post)] == [200] * 3
    [conversation] = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert conversation["unread_count"] == 1
    assert conversation["window_expires_at"] == "2026-01-02T00:00:00.000Z"
    assert conversation["last_message"]["direction"] == "outbound"
    echoed, _ = await messages(client, tenant)
    assert (echoed["direction"], echoed["status"], echoed["text"]) == ("outbound", "delivered", "Look")
    assert (echoed["from"]["address"], echoed["to"]) == ("+12025550100", ["+12025550142"])
    assert [file["mime_type"] for file in echoed["attachments"]] == ["image/jpeg"]
    assert "content" not in echoed["extra"]
    queued = wa(tenant, statuses=[status("wamid.2", "sent", DAY + 61)])
    assert await queued.send(client) == 200
    assert (await messages(client, tenant))[0]["status"] == "delivered"


async def test_an_echo_to_somebody_new_makes_a_customer_without_our_name(client: ClientSession, tenant: Tenant) -> None:
    echo = {"from": "12025550100", "to": "12025550199", "id": "wamid.9", "timestamp": str(DAY), "type": "text",
            "text": {"body": "Hi"}}  # fmt: skip
    assert await wa(tenant, changes=[echoes(address(tenant), echo)]).send(client) == 200
    [message] = await told(client, tenant, "message.created")
    assert message["status"] == "sent"
    assert message["conversation"]["customer"] | {"id": ""} == {"id": "", "name": None, "address": "+12025550199"}
    [shown] = await messages(client, tenant)
    assert {**message, "conversation": None} == {**shown, "conversation": None}


@pytest.mark.parametrize("numbers", [("5215512345678", "525512345678"), ("525512345678", "5215512345678")])
async def test_another_spelling_of_a_number_is_the_same_customer(
    client: ClientSession, tenant: Tenant, numbers: tuple[str, str]
) -> None:
    first, second = numbers
    assert await wa(tenant, text("wamid.1", sender=first, at=DAY)).send(client) == 200
    assert await twilio(tenant.integration("twilio"), From=f"+{second}").send(client) == 200
    conversations = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert len(conversations) == 2
    assert len({conversation["customer"]["id"] for conversation in conversations}) == 1
    assert {conversation["customer"]["address"] for conversation in conversations} == {f"+{first}"}
    [customer] = await told(client, tenant, "customer.updated")
    assert [identity["value"] for identity in customer["identities"]] == [f"+{first}", f"+{second}"]
    assert len(await told(client, tenant, "customer.created")) == 1


async def test_both_spellings_in_one_post_and_with_a_user_id_are_one_customer(
    client: ClientSession, tenant: Tenant
) -> None:
    known = {**text("wamid.2", sender="5215512345678"), "from_user_id": USER_ID}
    assert await wa(tenant, text("wamid.1", sender="525512345678"), known).send(client) == 200
    [created] = await told(client, tenant, "customer.created")
    values = {identity["value"] for identity in created["identities"]}
    assert values == {"+525512345678", "+5215512345678", USER_ID}
    assert await told(client, tenant, "customer.updated") == []


async def test_customers_who_are_two_stay_two(client: ClientSession, tenant: Tenant, database: Database) -> None:
    assert await wa(tenant, text("wamid.1", sender="525512345678")).send(client) == 200
    await database.fetch(
        "WITH k AS (INSERT INTO customers (tenant_id, id) VALUES ($1, gen_random_uuid()) RETURNING *)"
        " INSERT INTO customer_identities (tenant_id, kind, value, customer_id)"
        " SELECT tenant_id, 'phone', '+5215512345678', id FROM k", tenant.id
    )  # fmt: skip
    assert await wa(tenant, text("wamid.2", sender="5215512345678")).send(client) == 200
    assert await wa(tenant, text("wamid.3", sender="525512345678")).send(client) == 200
    assert await database.value("SELECT count(*) FROM customers") == 2
    assert await database.value("SELECT count(*) FROM conversations") == 2


def moved(old: str, new: str) -> dict[str, Any]:
    """Return WhatsApp's news that a customer has another number."""
    return {
        "from": old, "id": "wamid.moved", "timestamp": str(DAY + 10), "type": "system",
        "system": {"body": "changed", "wa_id": new, "type": "user_changed_number"},
    }  # fmt: skip


@pytest.mark.parametrize("known", ["12025550142", "12025550177", None], ids=["the old one", "the new one", "neither"])
async def test_a_changed_number_belongs_to_the_same_customer(
    client: ClientSession, tenant: Tenant, known: str | None
) -> None:
    if known:
        assert await wa(tenant, text("wamid.1", sender=known)).send(client) == 200
    for _ in range(2):
        assert await wa(tenant, moved("12025550142", "12025550177")).send(client) == 200
    for number, sender in enumerate(("12025550142", "12025550177")):
        assert await wa(tenant, text(f"wamid.5{number}", sender=sender)).send(client) == 200
    [conversation] = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert conversation["unread_count"] == (3 if known else 2)
    news = await told(client, tenant, "customer.updated" if known else "customer.created")
    assert {identity["value"] for identity in news[0]["identities"]} == {"+12025550142", "+12025550177"}
    assert len(await told(client, tenant, "customer.created")) == 1
    counts = [webhook["counts"] for webhook in await webhooks(client, tenant)]
    assert sum(count["duplicate"] for count in counts) == 1


async def test_an_opt_out_shows_at_the_customer_whoever_came_first(client: ClientSession, tenant: Tenant) -> None:
    stop = wa(tenant, changes=[preferences(address(tenant), ("12025550142", "stop", DAY + 50))])
    assert await stop.send(client) == 200
    assert await wa(tenant, text("wamid.1", at=DAY)).send(client) == 200
    [customer] = await told(client, tenant, "customer.created")
    channel = tenant.integration("whatsapp_cloud")["channels"][0]["id"]
    opted_out = {
        "channel_id": channel, "address": "+12025550142", "category": "marketing_messages",
        "opted_out_at": "2026-01-01T00:00:50.000Z",
    }  # fmt: skip
    assert customer["opt_outs"] == [opted_out]
    resumed = wa(tenant, changes=[preferences(address(tenant), ("12025550142", "resume", DAY + 40))])
    assert await resumed.send(client) == 200
    assert (await told(client, tenant, "customer.updated"))[-1]["opt_outs"] == [opted_out]  # that was before
    later = wa(tenant, changes=[preferences(address(tenant), ("12025550142", "resume", DAY + 60))])
    assert await later.send(client) == 200
    assert (await told(client, tenant, "customer.updated"))[-1]["opt_outs"] == []


async def test_a_stop_by_the_way_is_no_item_of_its_own(client: ClientSession, tenant: Tenant) -> None:
    stop = twilio(tenant.integration("twilio"), Body="STOP", OptOutType="STOP", From="+12025550142")
    assert [await stop.send(client) for _ in range(2)] == [200, 200]
    [customer] = await told(client, tenant, "customer.created")
    assert [(o["address"], o["category"]) for o in customer["opt_outs"]] == [("+12025550142", "all")]
    counts = [webhook["counts"] for webhook in reversed(await webhooks(client, tenant))]
    assert [(count["received"], count["stored"], count["duplicate"]) for count in counts] == [(1, 1, 0), (1, 0, 1)]


async def test_an_alarm_is_told_once(client: ClientSession, tenant: Tenant, database: Database) -> None:
    hook = tenant.integration("whatsapp_cloud")
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED"}]}
    entry = {"id": "200000000000001", "time": DAY, "changes": [{"field": "account_update", "value": value}]}
    body = orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]})
    for _ in range(3):
        assert await whatsapp_raw(hook, body).send(client) == 200
    [alarm] = await told(client, tenant, "channel.alarm")
    assert (alarm["connection_id"], alarm["channel_id"], alarm["subtype"]) == (hook["id"], None, "account_update")
    assert alarm["level"] == "critical"
    assert "restricted" in alarm["sentence"]
    assert (alarm["occurred_at"], "alarm" in alarm["extra"]) == ("2026-01-01T00:00:00.000Z", False)
    counts = [webhook["counts"] for webhook in await webhooks(client, tenant)]
    assert sum(count["stored"] for count in counts) == 1
    assert sum(count["duplicate"] for count in counts) == 2
    again = orjson.dumps({"object": "whatsapp_business_account", "entry": [{**entry, "time": DAY + 86400}]})
    assert await whatsapp_raw(hook, again).send(client) == 200
    assert await database.value("SELECT count(*) FROM channel_alarms") == 2


async def test_the_window_follows_what_the_customer_wrote_last_in_any_order(
    client: ClientSession, tenant: Tenant
) -> None:
    async def window(*posts: Post) -> str:
        for post in posts:
            assert await post.send(client) == 200
        [conversation] = (await get(client, tenant, "/api/v1/conversations"))["data"]
        return str(conversation["window_expires_at"])

    echo = {"from": "12025550100", "to": "12025550142", "id": "wamid.e", "timestamp": str(DAY + 900), "type": "text",
            "text": {"body": "Hi"}}  # fmt: skip
    assert await window(wa(tenant, text("wamid.1", at=DAY + 60))) == "2026-01-02T00:01:00.000Z"
    assert await window(wa(tenant, text("wamid.0", at=DAY))) == "2026-01-02T00:01:00.000Z"
    others = [
        wa(tenant, edit("wamid.2", "wamid.1", "New", DAY + 700)),
        wa(tenant, changes=[echoes(address(tenant), echo)]),
        wa(tenant, statuses=[status("wamid.e", "read", DAY + 950)]),
        wa(tenant, moved("12025550142", "12025550177")),
    ]
    assert await window(*others) == "2026-01-02T00:01:00.000Z"
    button = {**text("wamid.b", at=DAY + 180), "type": "button", "button": {"text": "Yes", "payload": "y"}}
    assert await window(wa(tenant, reaction("wamid.r", "wamid.e", "👍", DAY + 120))) == "2026-01-02T00:02:00.000Z"
    assert await window(wa(tenant, button)) == "2026-01-02T00:03:00.000Z"


async def test_a_window_is_whatsapps_alone_whoever_the_provider(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("twilio")
    assert await twilio(hook).send(client) == 200
    [conversation] = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert conversation["window_expires_at"] is None


async def test_news_for_an_address_that_is_not_ours_waits_to_be_replayed(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    stray = change("777", [edit("wamid.2", "wamid.1", "New", DAY)])
    assert await whatsapp(hook, changes=[stray]).send(client) == 200
    [webhook] = await webhooks(client, tenant)
    assert (webhook["state"], webhook["counts"]["quarantined"]) == ("quarantined", 1)
