"""What providers get: mails in their threads, files as each of them wants them, templates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.http import Headers
from gateway.model.ids import parse
from tests.files.samples import png
from tests.ingest.posts import postmark, twilio
from tests.sending.conftest import MOVE, Desk, move


async def takes_mail(_sent: dict[str, Any]) -> web.Response:
    """Answer as Postmark does when it takes a mail."""
    return web.json_response({"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"})


async def takes_sms(_sent: dict[str, Any]) -> web.Response:
    """Answer as Twilio does when it takes a message."""
    return web.json_response({"sid": "SM" + "0" * 32, "status": "queued"}, status=201)


async def conversations(desk: Desk) -> list[dict[str, Any]]:
    """Return the conversations, the newest first."""
    async with desk.client.get("/api/v1/conversations", headers=desk.tenant.auth) as answer:
        return list((await answer.json())["data"])


async def until_arrived(desk: Desk, number: int) -> None:
    """Wait for that many mails to be parsed."""
    async with asyncio.timeout(20):
        while await desk.database.value("SELECT count(*) FROM messages WHERE medium = 'email'") < number:
            await asyncio.sleep(0.05)  # between two looks


async def upload(desk: Desk, content: bytes, name: str) -> str:
    """Upload a file; returns its id."""
    headers = {**desk.tenant.auth, "Content-Type": "image/png"}
    async with desk.client.post("/api/v1/files", data=content, params={"filename": name}, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["id"])


async def test_a_mail_is_answered_in_its_thread_and_the_answer_to_that_comes_back_into_it(desk: Desk) -> None:
    connection = desk.tenant.integration("postmark")
    await move(desk.database, desk.tenant, "postmark", desk.provider)
    desk.provider.always = takes_mail
    first = postmark(connection, message_id="m1@mail.example.org", subject="Order 1043")
    assert await first.send(desk.client) == 200
    await until_arrived(desk, 1)
    conversation = next(one for one in await conversations(desk) if one["channel"]["kind"] == "email")
    path = f"/api/v1/conversations/{conversation['id']}/messages"
    message = await desk.post(path, {"text": "On its way.\n\nYours"}, 201)
    await desk.until_sent(1)
    [sent] = desk.provider.sent
    fields = Headers([(one["Name"], one["Value"]) for one in sent["Headers"]])
    own = message["mail"]["message_id"]
    assert sent["To"] == "jane@example.org"
    assert (sent["Subject"], sent["TextBody"]) == ("Re: Order 1043", "On its way.\n\nYours")
    assert sent["HtmlBody"] == "<p>On its way.</p><p>Yours</p>"
    assert (fields.get("Message-ID"), fields.get("In-Reply-To")) == (f"<{own}>", "<m1@mail.example.org>")
    assert fields.get("References").split()[0] == "<m1@mail.example.org>"
    named = [("In-Reply-To", f"<{own}>"), ("References", f"<m1@mail.example.org> <{own}>")]
    again = postmark(connection, message_id="m2@mail.example.org", subject="Re: Order 1043", headers=named)
    assert await again.send(desk.client) == 200
    await until_arrived(desk, 3)
    shown = next(one for one in await conversations(desk) if one["id"] == conversation["id"])
    assert shown["unread_count"] == 1
    assert len([one for one in await conversations(desk) if one["channel"]["kind"] == "email"]) == 1
    async with desk.client.get(path, headers=desk.tenant.auth) as listed:
        theirs = next(one for one in (await listed.json())["data"] if one["direction"] == "inbound")
    body = {"text": "See <you>.", "quote": {"message_id": theirs["id"]}, "bcc": ["kim@example.org"]}
    quoting = await desk.post(path, body, 201)
    await desk.until_sent(2)
    sent = desk.provider.sent[1]
    below = f"Jane Doe <jane@example.org> wrote:\n> {theirs['text']}"
    assert sent["TextBody"].startswith("See <you>.\n\nOn ")
    assert sent["TextBody"].endswith(below)
    assert sent["HtmlBody"].startswith('<p>See &lt;you&gt;.</p><div data-fold="quote"><p>On ')
    assert sent["HtmlBody"].endswith(f'<blockquote type="cite"><p>{theirs["text"]}</p></blockquote></div>')
    assert (sent["Bcc"], "Cc" in sent) == ("kim@example.org", False)
    assert (quoting["text"], quoting["reply_text"], quoting["preview"]) == (sent["TextBody"], *["See <you>."] * 2)
    assert quoting["extra"] == {"bcc": ["kim@example.org"]}


async def test_an_answer_that_names_no_mail_finds_its_conversation_by_its_address(desk: Desk) -> None:
    connection = desk.tenant.integration("postmark")
    await move(desk.database, desk.tenant, "postmark", desk.provider)
    name, _, domain = connection["channels"][0]["address"].partition("@")
    pattern = orjson.dumps({"reply_address_pattern": f"{name}+<token>@{domain}"}).decode()
    await desk.database.fetch(MOVE, desk.tenant.id, parse("int", connection["id"]), pattern)
    desk.provider.always = takes_mail
    assert await postmark(connection, token="sale").send(desk.client) == 200
    await until_arrived(desk, 1)
    [conversation] = [one for one in await conversations(desk) if one["channel"]["kind"] == "email"]
    await desk.post(f"/api/v1/conversations/{conversation['id']}/messages", {"text": "On its way."}, 201)
    await desk.until_sent(1)
    local, _, ours = desk.provider.sent[0]["ReplyTo"].strip("<>").partition("@")
    assert (local.partition("+")[0], ours) == (name, domain)
    token = local.partition("+")[2]
    assert await postmark(connection, subject="Thanks", token=token.upper()).send(desk.client) == 200
    await until_arrived(desk, 3)
    assert len([one for one in await conversations(desk) if one["channel"]["kind"] == "email"]) == 1
    # What is no token of ours, or comes from somebody else, begins a conversation of its own.
    for more, strange in enumerate(({"token": "sale"}, {"token": token, "sender": "joe@example.net"})):
        assert await postmark(connection, subject="Other", **strange).send(desk.client) == 200
        await until_arrived(desk, 4 + more)
    assert len([one for one in await conversations(desk) if one["channel"]["kind"] == "email"]) == 3


async def test_a_mail_carries_its_files(desk: Desk) -> None:
    await move(desk.database, desk.tenant, "postmark", desk.provider)
    desk.provider.always = takes_mail
    file = await upload(desk, png(), "cat.png")
    channel = desk.tenant.integration("postmark")["channels"][0]["id"]
    body = {"channel_id": channel, "to": "jo@example.org", "subject": "Cat", "text": "Look", "attachments": [file]}
    await desk.post("/api/v1/conversations", body, 201)
    await desk.until_sent(1)
    [attached] = desk.provider.sent[0]["Attachments"]
    assert (attached["Name"], attached["ContentType"]) == ("cat.png", "image/png")
    assert len(attached["Content"]) > 20


class Server:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, _s: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope.original_content or b"")
        self.recipients += envelope.rcpt_tos
        return "250 2.0.0 queued"


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[int]:
    """Serve mail on a free port."""
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(server, hostname="mx.test"), "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def test_a_mail_goes_out_by_smtp_too(desk: Desk) -> None:
    server = Server()
    connection = desk.tenant.integration("smtp")
    async with serving(server) as port:
        secret = {"password": connection["credentials"]["password"]}
        change = {"credentials": {"host": "127.0.0.1", "port": port, "tls": "none", **secret}}
        path = f"/api/v1/connections/{connection['id']}"
        async with desk.client.patch(path, json=change, headers=desk.tenant.auth) as answer:
            assert answer.status == 200, await answer.text()
        body: dict[str, Any] = {
            "channel_id": connection["channels"][0]["id"],
            "to": "jo@example.org",
            "subject": "Hi",
            "text": "Hello",
        }
        body["cc"] = ["kim@example.org"]
        message = await desk.post("/api/v1/conversations", body, 201)
        async with asyncio.timeout(20):
            while await desk.database.value("SELECT status FROM messages WHERE id = $1", key(message)) != "sent":
                await asyncio.sleep(0.05)  # between two looks
    [mail] = [message_from_bytes(one, policy=default) for one in server.got]
    own = message["mail"]["message_id"]
    assert (mail["To"], mail["Subject"], mail["Message-ID"]) == ("jo@example.org", "Hi", f"<{own}>")
    assert (mail["Cc"], server.recipients) == ("kim@example.org", ["jo@example.org", "kim@example.org"])
    assert message["mail"]["cc"] == [{"name": None, "address": "kim@example.org"}]
    assert await desk.database.value("SELECT external_id FROM messages WHERE id = $1", key(message)) == own


def key(message: dict[str, Any]) -> Any:
    """Return the id of a message as the database has it."""
    return parse("msg", message["id"])


async def test_a_file_is_uploaded_where_the_provider_wants_that(desk: Desk) -> None:
    file = await upload(desk, png(), "cat.png")
    message = await desk.post(
        f"/api/v1/conversations/{desk.conversation}/messages", {"text": "Look", "attachments": [file]}, 201
    )
    await desk.until(message["id"], "sent")
    uploaded, sent = desk.provider.sent
    assert uploaded == {"file": png(), "type": "image/png", "name": "cat.png"}
    assert (sent["type"], sent["image"]) == ("image", {"id": "4711", "caption": "Look"})
    above = {"name": "hello", "language": "en_US", "header": {"upload": file}}
    message = await desk.post(f"/api/v1/conversations/{desk.conversation}/messages", {"template": above}, 201)
    assert [one["filename"] for one in message["attachments"]] == ["cat.png"]
    await desk.until(message["id"], "sent")
    header = {"type": "header", "parameters": [{"type": "image", "image": {"id": "4711"}}]}
    assert desk.provider.sent[-1]["template"]["components"] == [header]


async def test_a_file_is_linked_where_the_provider_fetches_it(desk: Desk) -> None:
    await move(desk.database, desk.tenant, "twilio", desk.provider)
    desk.provider.always = takes_sms
    assert await twilio(desk.tenant.integration("twilio"), From="+12025550144").send(desk.client) == 200
    conversation = next(one for one in await conversations(desk) if one["channel"]["kind"] == "sms")
    file = await upload(desk, png(), "cat.png")
    await desk.post(f"/api/v1/conversations/{conversation['id']}/messages", {"attachments": [file]}, 201)
    await desk.until_sent(1)
    [sent] = desk.provider.sent
    connection = desk.tenant.integration("twilio")
    assert (sent["To"], sent["StatusCallback"].partition("?")[0]) == ("+12025550144", connection["hook_url"])
    link = urlsplit(sent["MediaUrl"])
    assert f"{link.scheme}://{link.netloc}" == "http://gateway.test"
    async with desk.client.get(link.path) as answer:
        assert (answer.status, await answer.read()) == (200, png())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"template": {"name": "hello", "language": "en_US", "body": [{"text": "Jane"}]}},
            {"type": "template", "name": "hello"},
        ),
        ({"text": "Well?", "buttons": {"choices": [{"id": "1", "title": "Yes"}]}}, {"type": "interactive"}),
        ({"location": {"latitude": 52.5, "longitude": 13.4}}, {"type": "location"}),
        ({"contacts": [{"name": "Jo", "phones": ["+12025550177"]}]}, {"type": "contacts"}),
        ({"links": [{"type": "document", "url": "https://files.example.org/a.pdf"}]}, {"type": "document"}),
    ],
)
async def test_every_kind_of_message_arrives_as_such(desk: Desk, body: Any, expected: Any) -> None:
    message = await desk.post(f"/api/v1/conversations/{desk.conversation}/messages", body, 201)
    await desk.until(message["id"], "sent")
    [sent] = desk.provider.sent
    assert sent["type"] == expected["type"]
    assert expected.get("name", "") in orjson.dumps(sent).decode()
