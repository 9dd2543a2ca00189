"""Whatever the order in which a conversation's webhooks come, and however often: the same rows, and the same page."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.conftest import Database, MakeTenant, Tenant
from tests.ingest.posts import (
    Post,
    echoes,
    edit,
    postmark,
    preferences,
    reaction,
    revoke,
    status,
    text,
    twilio,
    whatsapp,
)
from tests.ingest.reading import events, until, webhooks
from tests.live.fold import fold
from tests.live.recording import snapshot

DAY = 1767225600  # 2026-01-01
MEXICAN, AS_DIALLED = "5215512345678", "525512345678"
USER_ID = "US.13491208655302741918"
#: What a run adds to its rows by itself: ids, and the times of a run; times of providers are of another year.
OWN = frozenset(
    {"id", "tenant_id", "conversation_id", "channel_id", "customer_id", "message_id", "position", "webhook_id"}
)
OWN_TIMES = frozenset({"created_at", "updated_at", "received_at", "webhook_at"})
#: How far the gateway is with fetching a file, while others are posted.
FETCHING = frozenset({"state", "tries", "error"})
POSTED_UNTIL = datetime(2026, 2, 1, tzinfo=UTC)

TABLES = (
    "messages", "attachments", "message_changes", "message_statuses", "external_message_mappings", "consents",
    "channel_alarms", "mail_threads",
)  # fmt: skip
CONVERSATIONS = """
SELECT h.kind AS channel, c.threading, c.status, c.subject, c.unread_count, c.last_message_at, c.window_expires_at,
    k.name, ARRAY(SELECT i.kind || ' ' || i.value FROM customer_identities i
        WHERE i.tenant_id = c.tenant_id AND i.customer_id = c.customer_id ORDER BY 1) AS identities,
    ARRAY(SELECT m.external_id FROM messages m
        WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id ORDER BY 1) AS messages
FROM conversations c
JOIN channels h ON h.tenant_id = c.tenant_id AND h.id = c.channel_id
JOIN customers k ON k.tenant_id = c.tenant_id AND k.id = c.customer_id
WHERE c.tenant_id = $1
"""
OTHERS = "SELECT count(*) AS customers FROM customers WHERE tenant_id = $1"


def story(tenant: Tenant) -> list[Post]:
    """Return the webhooks of a few conversations over WhatsApp, SMS and mail; in this order they make sense."""
    hook, texts, mails = (tenant.integration(name) for name in ("whatsapp_cloud", "twilio", "postmark"))
    number = hook["channels"][0]["address"]

    def wa(*sent: Any, news: tuple[Any, ...] = ()) -> Post:
        return whatsapp(hook, list(sent), list(news))

    def echo(external_id: str, body: str, at: int) -> dict[str, Any]:
        return {
            "from": "12025550100", "to": MEXICAN, "id": external_id, "timestamp": str(at), "type": "text",
            "text": {"body": body},
        }  # fmt: skip

    image = {"id": "9001", "mime_type": "image/jpeg", "caption": "Look"}
    return [
        wa(text("wamid.1", "Helo", sender=MEXICAN, at=DAY)),
        wa(edit("wamid.e1", "wamid.1", "Hello", DAY + 10, MEXICAN)),
        wa(edit("wamid.e2", "wamid.1", "Hello!", DAY + 20, MEXICAN)),
        wa({**text("wamid.2", sender=MEXICAN, at=DAY + 30), "type": "image", "image": image}),
        wa(revoke("wamid.r2", "wamid.2", DAY + 40, MEXICAN), reaction("wamid.3", "wamid.1", "👍", DAY + 45, MEXICAN)),
        wa(edit("wamid.e3", "wamid.2", "Too late", DAY + 50, MEXICAN)),
        whatsapp(hook, changes=[echoes(number, echo("wamid.4", "We are open", DAY + 60))]),
        wa(news=(status("wamid.4", "sent", DAY + 61), status("wamid.4", "delivered", DAY + 62))),
        wa(news=(status("wamid.4", "read", DAY + 63),)),
        whatsapp(hook, changes=[echoes(number, echo("wamid.5", "until nine", DAY + 64))]),
        wa(edit("wamid.e4", "wamid.4", "We are closed", DAY + 65, MEXICAN)),  # not theirs to change
        wa(edit("wamid.e5", "wamid.1", "Bye", DAY + 66, "12025550199")),
        wa({**text("wamid.6", "See you", sender=AS_DIALLED, at=DAY + 70), "from_user_id": USER_ID}),
        wa({**text("wamid.7", "Yes", sender=MEXICAN, at=DAY + 80), "context": {"id": "wamid.5", "from": "1"}}),
        whatsapp(hook, changes=[preferences(number, (MEXICAN, "stop", DAY + 90), (AS_DIALLED, "stop", DAY + 95))]),
        whatsapp(hook, changes=[preferences(number, (MEXICAN, "resume", DAY + 100))]),
        twilio(texts, MessageSid="SM" + "1" * 32, From=f"+{AS_DIALLED}", Body="By SMS"),
        twilio(texts, MessageSid="SM" + "2" * 32, From=f"+{MEXICAN}", Body="STOP", OptOutType="STOP"),
        twilio(texts, MessageSid="SM" + "3" * 32, MessageStatus="delivered", To=f"+{MEXICAN}",
               From=texts["channels"][0]["address"]),
        postmark(mails, message_id="a@mail.example.org"),
        postmark(mails, message_id="b@mail.example.org", headers=[("References", "<a@mail.example.org>")]),
        postmark(mails, message_id="c@mail.example.org",
                 headers=[("References", "<a@mail.example.org> <b@mail.example.org>")]),
    ]  # fmt: skip


def plain(value: Any) -> Any:
    """Write a value without what differs from run to run."""
    match value:
        case datetime():
            return value.isoformat() if value < POSTED_UNTIL else "of this run"
        case dict():
            return {key: plain(inner) for key, inner in value.items() if key not in OWN | OWN_TIMES}
        case list():
            return [plain(inner) for inner in value]
        case _:
            return value


async def rows_of(database: Database, tenant: Tenant) -> dict[str, list[str]]:
    """Return all that a tenant holds, in an order of its own."""
    statements = {table: f"SELECT * FROM {table} WHERE tenant_id = $1" for table in TABLES}
    statements |= {"conversations": CONVERSATIONS, "customers": OTHERS}
    found = {}
    for name, statement in statements.items():
        left_out = FETCHING if name == "attachments" else frozenset()
        rows = [
            {column: value for column, value in row.items() if column not in left_out}
            for row in await database.fetch(statement, tenant.id)
        ]
        for row in rows:
            for column in row.keys() & {"status_at"}:  # Twilio tells no time: a status has that of its receipt
                row[column] = plain_times(row[column])
            if name == "consents" and len(row["key"]) == 64:
                row["key"] = "a digest"
        found[name] = sorted(repr(sorted(plain(row).items())) for row in rows)
    return found


def plain_times(written: str) -> str:
    """Drop the times of this run from JSON."""
    year = str(datetime.now(UTC).isoformat())[:10]
    return "of this run" if year in written else written


async def play(client: ClientSession, tenant: Tenant, posts: list[Post]) -> None:
    """Post all of them one after the other, and wait until the mails are read too."""
    for post in posts:
        assert await post.send(client) == 200
    await until(lambda: webhooks(client, tenant), lambda found: all(w["state"] != "pending" for w in found))


@pytest.mark.timeout(300)
async def test_any_order_and_any_repeats_end_in_the_same_rows(
    client: ClientSession, make_tenant: MakeTenant, database: Database
) -> None:
    orders: list[Callable[[list[Post]], list[Post]]] = [list, lambda posts: posts[::-1]]
    for seed in range(8):
        chance = random.Random(seed)
        orders.append(lambda posts, chance=chance: chance.sample(posts * 2, len(posts) * 2))  # type: ignore[misc]
    expected = None
    for number, order in enumerate(orders):
        tenant = await make_tenant(f"order-{number}")
        await play(client, tenant, order(story(tenant)))
        counts = [webhook["counts"] for webhook in await webhooks(client, tenant)]
        rows = await rows_of(database, tenant)
        stored = sum(count["stored"] for count in counts)
        expected = expected or (rows, stored)
        assert rows == expected[0], f"order {number}"
        assert stored == expected[1], f"order {number}"
        for count in counts:
            assert count["received"] == sum(count.values()) - count["received"]
        live = fold({"seq": 0, "conversations": [], "messages": {}}, await events(client, tenant))
        assert live == await snapshot(client, tenant), f"order {number}"


async def test_all_at_once_end_in_the_same_rows(
    client: ClientSession, make_tenant: MakeTenant, database: Database
) -> None:
    one, other = await make_tenant("one"), await make_tenant("other")
    await play(client, one, story(one))
    assert set(await asyncio.gather(*(post.send(client) for post in story(other) * 3))) == {200}
    await until(lambda: webhooks(client, other), lambda found: all(w["state"] != "pending" for w in found))
    assert await rows_of(database, other) == await rows_of(database, one)
