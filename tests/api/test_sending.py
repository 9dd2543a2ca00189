"""Accepting messages: what may be sent where, once, and by whom."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest

from channels.mail.quoted import visible_reply
from gateway.model.ids import parse, public
from gateway.model.sending import Quoted
from tests.api.conftest import ORIGIN, Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.api.writing import ON_CHANNEL, PATH, TEMPLATE, TEXT, channel, conversation, post
from tests.conftest import Database, Tenant, new_id

FILE = {"type": "image", "url": "https://files.example.org/cat.png"}
NOBODYS = "msg_" + "0" * 32
CHOICES = [{"id": "1", "title": "Yes"}]
ADD_TEMPLATE = """
INSERT INTO message_templates (tenant_id, id, integration_id, name, language, status, body)
VALUES ($1, gen_random_uuid(), $2, $3, 'en_US', $4, 'Hello {{1}}, see you {{2}}.')
"""
ADD_FILE = """
INSERT INTO files (tenant_id, id, sha256, size_bytes, mime_type, filename, storage_key, state, expires_at)
VALUES ($1, $2, repeat('ab', 32), 5, 'image/png', 'cat.png', 'x', 'stored', now() + interval '1 hour')
"""
OPT_OUT = """
INSERT INTO consents (tenant_id, address, channel_id, category, key, word, told_at)
SELECT c.tenant_id, i.value, c.channel_id, 'all', '1', 'stop', now()
FROM conversations c JOIN customer_identities i ON i.tenant_id = c.tenant_id AND i.customer_id = c.customer_id
WHERE c.tenant_id = $1 AND c.id = $2
"""
COUNT = "SELECT count(*) FROM messages WHERE direction = 'outbound'"


async def test_a_message_is_accepted_with_its_log_entry(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    key = await rows.conversation(unread=2)
    token = await served.log_in(tenant)
    async with served.client.post(
        PATH.format(key), json=TEXT, headers={**ORIGIN, "Cookie": f"postgate_session={token}"}
    ) as answer:
        assert answer.status == 201
        message = await answer.json()
    assert faults(served, "POST", "/api/v1/conversations/{id}/messages", 201, message) == []
    assert (message["status"], message["direction"], message["text"]) == ("queued", "outbound", "Good morning")
    assert message["author_id"] == public("usr", UUID(tenant.facts["user_id"]))
    [entry] = served.neighbours.announced
    told = orjson.loads(entry.data)
    shown = told.pop("conversation")
    assert (entry.type, told) == ("message.created", message)
    assert (shown["unread_count"], shown["last_message"]["id"]) == (0, message["id"])
    assert shown == await served.get(f"/api/v1/conversations/{key}", tenant)
    assert served.neighbours.queued == 1
    assert await database.value("SELECT state FROM sends") == "queued"
    assert await database.value("SELECT due_at <= now() FROM send_lanes") is True


async def test_an_api_key_is_nobodys_authorship(served: Served, tenant: Tenant, rows: Rows) -> None:
    message = await post(served, tenant, PATH.format(await rows.conversation()), TEXT, 201)
    assert message["author_id"] is None


@pytest.mark.parametrize(
    ("provider", "kind", "body", "pointers"),
    [
        ("twilio", "sms", {}, ["/text"]),
        ("twilio", "sms", {"text": ""}, ["/text"]),
        ("twilio", "sms", {"text": "\u0000"}, ["/text"]),
        ("twilio", "sms", {"text": "x" * 1601}, ["/text"]),
        ("twilio", "sms", {**TEXT, "subject": "Offer"}, ["/subject"]),
        ("twilio", "sms", {**TEXT, "cc": ["jo@example.org"]}, ["/cc"]),
        ("postmark", "email", {**TEXT, "cc": ["Jo"]}, ["/cc/0"]),
        ("twilio", "sms", {**TEXT, "bcc": ["jo@example.org"]}, ["/bcc"]),
        ("twilio", "sms", {**TEXT, "quote": {"message_id": NOBODYS}}, ["/quote"]),
        ("postmark", "email", {**TEXT, "quote": {"message_id": NOBODYS}}, ["/quote/message_id"]),
        ("twilio", "sms", {**TEXT, "buttons": {"choices": CHOICES}}, ["/buttons"]),
        ("twilio", "sms", {"reaction": {"emoji": "x"}}, ["/reaction", "/reply_to_id"]),
        ("twilio", "sms", {**TEXT, "links": [FILE] * 11}, ["/links"]),
        ("twilio", "sms", {"links": [{**FILE, "url": "ftp://x"}]}, ["/links/0/url"]),
        ("twilio", "sms", {"links": [{**FILE, "type": "gif"}]}, ["/links/0/type"]),
        ("twilio", "sms", {**TEXT, "attachments": ["file_" + "0" * 32]}, ["/attachments/0"]),
        ("twilio", "sms", {**TEXT, "attachments": ["cat.png"]}, ["/attachments/0"]),
        ("twilio", "sms", {**TEXT, "reply_to_id": "msg_" + "0" * 32}, ["/reply_to_id"]),
        ("twilio", "sms", {**TEXT, "colour": "red"}, ["/colour"]),
        ("twilio", "sms", {"contacts": [{"name": "Jo"}]}, [""]),  # Twilio has no contact cards
        ("twilio", "sms", {**TEXT, "template": TEMPLATE}, ["/text"]),
        ("whatsapp_cloud", "whatsapp", {"buttons": {"choices": CHOICES}}, ["/text"]),
        ("whatsapp_cloud", "whatsapp", {**TEXT, "buttons": {"choices": CHOICES * 4}}, [""]),
        ("whatsapp_cloud", "whatsapp", {**TEXT, "links": [FILE, FILE]}, ["/links"]),
        ("whatsapp_cloud", "whatsapp", {"location": {"latitude": 91, "longitude": 0}}, ["/location/latitude"]),
        (
            "whatsapp_cloud", "whatsapp",
            {"location": {"latitude": 9, "longitude": 0}, "contacts": [{"name": "Jo"}], "links": [FILE]},
            ["/contacts", "/links"],
        ),
        ("postmark", "email", {**TEXT, "links": [{**FILE, "type": "file"}]}, ["/links"]),
        (
            "whatsapp_cloud", "whatsapp", {"template": {**TEMPLATE, "header": {"upload": "file_" + "0" * 32}}},
            ["/template/header/upload"],
        ),
        ("postmark", "email", {"template": TEMPLATE}, ["/template"]),
        ("postmark", "email", {**TEXT, "subject": "two\nlines"}, ["/subject"]),
    ],
)  # fmt: skip
async def test_what_a_channel_can_not_send_is_refused(
    served: Served, tenant: Tenant, rows: Rows, database: Database, provider: str, kind: str, body: Any,
    pointers: list[str],
) -> None:  # fmt: skip
    key = await conversation(database, tenant, rows, provider, kind)
    sent = {"json": body, "headers": tenant.auth}
    problem = await served.problem("POST", PATH.format(key), 422, "invalid", **sent)
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert await database.value(COUNT) == 0


@pytest.mark.parametrize(
    ("provider", "kind", "body", "shown"),
    [
        ("twilio", "sms", {"links": [FILE]}, ("mms", "image", None)),
        ("whatsapp_cloud", "whatsapp", {"text": "Look", "links": [FILE]}, ("whatsapp", "text", "Look")),
        (
            "whatsapp_cloud", "whatsapp", {"text": "Well?", "buttons": {"choices": CHOICES}},
            ("whatsapp", "interactive", "Well?"),
        ),
        (
            "whatsapp_cloud", "whatsapp",
            {"text": "Well?", "list": {"label": "Choose", "sections": [{"choices": CHOICES}]}},
            ("whatsapp", "interactive", "Well?"),
        ),
        ("whatsapp_cloud", "whatsapp", {"location": {"latitude": 9, "longitude": 0}}, ("whatsapp", "location", None)),
        ("whatsapp_cloud", "whatsapp", {"contacts": [{"name": "Jo"}]}, ("whatsapp", "contacts", None)),
        ("whatsapp_cloud", "whatsapp", {"template": TEMPLATE}, ("whatsapp", "template", None)),
        (
            "postmark", "email", {"text": "Dear <Jane>\n\nyes", "subject": "Order"},
            ("email", "text", "Dear <Jane>\n\nyes"),
        ),
    ],
)  # fmt: skip
async def test_what_a_channel_can_send_is_accepted(
    served: Served, tenant: Tenant, rows: Rows, database: Database, provider: str, kind: str, body: Any, shown: Any
) -> None:
    key = await conversation(database, tenant, rows, provider, kind)
    message = await post(served, tenant, PATH.format(key), body, 201)
    assert faults(served, "POST", "/api/v1/conversations/{id}/messages", 201, message) == []
    assert (message["channel"], message["kind"], message["text"]) == shown
    if kind == "email":
        assert (message["subject"], message["has_html"]) == ("Order", True)
        assert await database.value("SELECT html FROM message_html") == "<p>Dear &lt;Jane&gt;</p><p>yes</p>"
        assert await database.value("SELECT message_id FROM mail_threads") == message["mail"]["message_id"]


async def test_a_template_is_shown_filled_in_if_it_is_approved(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    key = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp", hours=-1)
    connection = parse("int", tenant.integration("whatsapp_cloud")["id"])
    await database.fetch(ADD_TEMPLATE, tenant.id, connection, "hello", "approved")
    await database.fetch(ADD_TEMPLATE, tenant.id, connection, "offer", "rejected")
    body = {"template": {**TEMPLATE, "body": [{"text": "Jane"}, {"text": "on Monday"}]}}
    message = await post(served, tenant, PATH.format(key), body, 201)
    assert (message["text"], message["preview"]) == ("Hello Jane, see you on Monday.",) * 2
    assert message["extra"]["template"]["name"] == "hello"
    sent = {"json": {"template": {**TEMPLATE, "name": "offer"}}, "headers": tenant.auth}
    problem = await served.problem("POST", PATH.format(key), 422, "invalid", **sent)
    assert problem["errors"][0]["pointer"] == "/template/name"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE conversations SET window_expires_at = now() - interval '1 second'", "window_closed"),
        ("UPDATE conversations SET window_expires_at = NULL", "window_closed"),
        ("UPDATE customers SET status = 'blocked'", "customer_blocked"),
        ("UPDATE external_integrations SET status = 'disabled'", "connection_disabled"),
        ("UPDATE external_integrations SET deleted_at = now()", "connection_disabled"),
        ("UPDATE channels SET deleted_at = now()", "connection_disabled"),
    ],
)
async def test_nothing_is_accepted_that_may_not_be_sent(
    served: Served, tenant: Tenant, rows: Rows, database: Database, change: str, code: str
) -> None:
    key = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp")
    await database.script(change)
    await served.problem("POST", PATH.format(key), 409, code, json=TEXT, headers=tenant.auth)
    if code == "window_closed":
        await post(served, tenant, PATH.format(key), {"template": TEMPLATE}, 201)


async def test_whoever_opted_out_is_not_written_to_on_that_channel(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    key = await rows.conversation()
    await database.fetch(OPT_OUT, tenant.id, parse("cnv", key))
    await served.problem("POST", PATH.format(key), 409, "opted_out", json=TEXT, headers=tenant.auth)
    await database.fetch(
        ON_CHANNEL, tenant.id, parse("cnv", key), parse("ch", channel(tenant, "whatsapp_cloud", "whatsapp")), 24
    )
    await post(served, tenant, PATH.format(key), TEXT, 201)


async def test_an_uploaded_file_goes_with_the_message_and_is_kept(
    served: Served, tenant: Tenant, rows: Rows, database: Database, other: Tenant
) -> None:
    mine, theirs = new_id(), new_id()
    await database.fetch(ADD_FILE, tenant.id, mine)
    await database.fetch(ADD_FILE, other.id, theirs)
    key = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp")
    sent = {"json": {**TEXT, "attachments": [public("file", theirs)]}, "headers": tenant.auth}
    problem = await served.problem("POST", PATH.format(key), 422, "invalid", **sent)
    assert problem["errors"][0]["pointer"] == "/attachments/0"
    message = await post(served, tenant, PATH.format(key), {"attachments": [public("file", mine)]}, 201)
    [shown] = message["attachments"]
    assert (shown["type"], shown["filename"], shown["size"], shown["state"]) == ("image", "cat.png", 5, "stored")
    assert await database.value("SELECT expires_at FROM files WHERE tenant_id = $1", tenant.id) is None


async def test_a_reply_names_the_message_that_it_answers(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    key = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp")
    asked, elsewhere = await rows.message(key), await rows.message(await rows.conversation())
    await database.fetch(
        "INSERT INTO external_message_mappings (tenant_id, channel_id, external_id, message_id)"
        " SELECT tenant_id, $2, external_id, id FROM messages WHERE id = $1",
        parse("msg", asked), parse("ch", channel(tenant, "whatsapp_cloud", "whatsapp")),
    )  # fmt: skip
    for body in ({"text": "Yes", "reply_to_id": asked}, {"reaction": {"emoji": "👍"}, "reply_to_id": asked}):
        message = await post(served, tenant, PATH.format(key), body, 201)
        assert message["reply_to_id"] == asked
    sent = {"json": {**TEXT, "reply_to_id": elsewhere}, "headers": tenant.auth}
    problem = await served.problem("POST", PATH.format(key), 422, "invalid", **sent)
    assert problem["errors"][0]["pointer"] == "/reply_to_id"


@pytest.mark.parametrize(
    "earlier", ["Is it there yet?", "Yes.\n\nOn 1 Jan 2026 at 09:00, Jo <jo@example.org> wrote:\n> No"]
)
def test_a_mail_below_an_answer_is_known_as_such(earlier: str) -> None:
    quoted = Quoted("On Thu, 1 Jan 2026 at 10:00 UTC, Jane Doe <jane@example.org> wrote:", f"{earlier}\n")
    whole = quoted.below("On its way.\n\nYours")
    assert visible_reply(whole) == "On its way.\n\nYours"
    assert whole.endswith("\n>> No" if "No" in earlier else "\n> Is it there yet?")
    assert quoted.below(None).startswith("On Thu")


async def test_the_same_key_and_body_send_once(
    served: Served, tenant: Tenant, rows: Rows, database: Database, other: Tenant
) -> None:
    key = await rows.conversation()
    click = {"Idempotency-Key": "click-1"}
    first = await post(served, tenant, PATH.format(key), TEXT, 201, **click)
    await database.script("UPDATE messages SET status = 'sent'")
    assert await post(served, tenant, PATH.format(key), TEXT, 201, **click) == first
    sent = {"json": {"text": "Good night"}, "headers": {**tenant.auth, **click}}
    await served.problem("POST", PATH.format(key), 422, "idempotency_key_reused", **sent)
    elsewhere = await rows.conversation()
    sent = {"json": TEXT, "headers": {**tenant.auth, **click}}
    await served.problem("POST", PATH.format(elsewhere), 422, "idempotency_key_reused", **sent)
    assert (await database.value(COUNT), served.neighbours.queued) == (1, 1)
    theirs = await Rows(database, other).conversation()
    assert (await post(served, other, PATH.format(theirs), TEXT, 201, **click))["id"] != first["id"]
    token = await served.log_in(tenant)  # another caller of the same tenant
    headers = {**ORIGIN, "Cookie": f"postgate_session={token}", **click}
    async with served.client.post(PATH.format(key), json=TEXT, headers=headers) as answer:
        assert (answer.status, (await answer.json())["id"] != first["id"]) == (201, True)


async def test_a_key_that_failed_is_free_again(served: Served, tenant: Tenant, rows: Rows, database: Database) -> None:
    key = await rows.conversation()
    await database.script("UPDATE customers SET status = 'blocked'")
    click = {**tenant.auth, "Idempotency-Key": "click-1"}
    await served.problem("POST", PATH.format(key), 409, "customer_blocked", json=TEXT, headers=click)
    await database.script("UPDATE customers SET status = 'active'")
    await post(served, tenant, PATH.format(key), TEXT, 201, **click)


async def test_requests_with_one_key_at_once_make_one_message(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    key = await rows.conversation()
    click = {"Idempotency-Key": "click-1"}
    found = await asyncio.gather(*(post(served, tenant, PATH.format(key), TEXT, 201, **click) for _ in range(8)))
    assert len({one["id"] for one in found}) == 1
    assert await database.value(COUNT) == 1
    assert len(served.neighbours.announced) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
async def test_a_key_has_a_form(served: Served, tenant: Tenant, rows: Rows, key: str) -> None:
    sent = {"json": TEXT, "headers": {**tenant.auth, "Idempotency-Key": key}}
    problem = await served.problem("POST", PATH.format(await rows.conversation()), 422, "invalid", **sent)
    assert problem["errors"][0]["in"] == "header"
