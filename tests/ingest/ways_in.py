"""All ways into a gateway, as somebody with valid credentials uses them, each with a place for any value of JSON."""

import asyncio
import email.message
import email.policy
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import orjson
from aiohttp import ClientSession, FormData
from aiosmtplib import SMTP
from yarl import URL

from channels.http import HttpRequest
from channels.registry import ADAPTERS
from gateway.running import Running
from tests.conftest import Tenant
from tests.ingest.posts import Post, postmark_raw, twilio, whatsapp_raw
from tests.smtp.conftest import BOX

Way = Callable[[bytes], Awaitable[None]]
#: So that every post is another one.
NUMBERS = count(1)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SHOWN = frozenset({"image/gif", "image/jpeg", "application/pdf", "image/png"})
#: RFC 6266, in letters that can't end it.
DISPOSITION = re.compile(r"(inline|attachment); filename=\"[\w ().-]*\"; filename\*=UTF-8''[\w.~%-]*", re.ASCII)


def as_text(literal: bytes) -> str:
    """Return a value as a text that can stand in a form, a header or a URL."""
    try:
        found = json.loads(literal)
    except (ValueError, RecursionError):
        found = literal.decode("utf-8", "replace")
    text = found if isinstance(found, str) else literal.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()


class Ways:
    """The ways in of one gateway for one tenant; each fails where the answer is no clear one."""

    def __init__(self, client: ClientSession, gateway: Running, tenant: Tenant, conversation: str) -> None:
        self._client, self._gateway, self._tenant, self._conversation = client, gateway, tenant, conversation
        self.tried = 0

    def all(self) -> Iterator[tuple[str, Way]]:
        """Give the ways in by name."""
        for name in ("text", "from_name", "timestamp", "id", "attachments", "reply_to"):
            yield f"generic webhook, {name}", partial(self._generic, name)
        yield "WhatsApp, text", partial(self._whatsapp, b'"1767225600"')
        yield "WhatsApp, time", self._whatsapp_at
        for name in ("Body", "ProfileName", "MediaUrl0", "MessageSid"):
            yield f"Twilio's form, {name}", partial(self._twilio, name)
        for name in ("Subject", "FromName", "TextBody", "HtmlBody", "Date", "Headers", "Attachments"):
            yield f"Postmark, {name}", partial(self._postmark, name)
        for name in ("name", "customer_code", "identities", "custom_fields", "label_ids"):
            yield f"API's body, {name}", partial(self._body, "customers", name)
        yield "API's body, note", partial(self._body, f"conversations/{self._conversation}/notes", "text")
        yield "API's body, URL of an endpoint", partial(self._body, "webhook-endpoints", "url")
        yield "API's body, headers of an endpoint", self._endpoint
        for name in ("search?q", "events?after", "conversations?cursor", "messages?limit", "audit?from"):
            yield f"API's query, {name}", partial(self._get, f"/api/v1/{name}={{}}")
        for path in ("/api/v1/customers/{}", "/media/{}", "/docs/{}", "/hooks/{}", "/api/v1/attachments/{}/content"):
            yield f"path, {path}", partial(self._get, path)
        for name in ("Idempotency-Key", "If-None-Match", "Range", "X-Forwarded-For", "Accept-Language", "Cookie"):
            yield f"header, {name}", partial(self._header, name)
        yield "name of an upload", self._named
        yield "file of rows", self._rows
        yield "frame of the websocket", self._frame
        yield "mail by SMTP", self._mail

    async def _ask(self, method: str, url: str | URL, **more: Any) -> bytes:
        self.tried += 1
        async with self._client.request(method, url, allow_redirects=False, **more) as answer:
            said = await answer.read()
            told = (method, str(url)[:80], str(more)[:300], answer.status, said[:300])
            assert answer.status < 500, told
            if answer.status >= 400 and not str(url).startswith(("/hooks", "/media")):
                assert answer.content_type == "application/problem+json", told
                assert {"title", "detail", "status"} <= orjson.loads(said).keys(), told
        return said

    async def _post(self, post: Post) -> None:
        await self._ask("POST", post.path, data=post.body, headers=dict(post.headers))

    async def _generic(self, name: str, literal: bytes) -> None:
        integration = self._tenant.integration("generic")
        adapter = ADAPTERS["generic"]
        assert adapter.sign is not None
        if name == "attachments":
            literal = b'[{"type":"image","url":"https://example.org/a","filename":%b,"mime_type":%b}]' % (
                literal,
                literal,
            )
        fields = {
            "type": b'"message"', "id": b'"g%d"' % next(NUMBERS), "from": b'"+12025550142"', "text": b'"Hello"',
            "to": orjson.dumps(integration["channels"][0]["address"]), name: literal,
        }  # fmt: skip
        body = b"{" + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in fields.items()) + b"}"
        plain = HttpRequest("POST", f"http://gateway.test{URL(integration['hook_url']).path}", body=body)
        credentials = adapter.credentials.model_validate(integration["credentials"])
        made = adapter.sign(plain, credentials, datetime.now(UTC))
        await self._ask("POST", URL(made.url).path, data=made.body, headers=made.headers.as_dict())

    async def _whatsapp(self, moment: bytes, words: bytes) -> None:
        integration = self._tenant.integration("whatsapp_cloud")
        body = (
            b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{'
            b'"messaging_product":"whatsapp","metadata":{"phone_number_id":%b},"contacts":[{"wa_id":"12025550142",'
            b'"profile":{"name":%b}}],"messages":[{"from":"12025550142","id":"wamid.h%d","timestamp":%b,"type":"text",'
            b'"text":{"body":%b}}]}}]}]}'
            % (orjson.dumps(integration["channels"][0]["address"]), words, next(NUMBERS), moment, words)
        )
        await self._post(whatsapp_raw(integration, body))

    async def _whatsapp_at(self, moment: bytes) -> None:
        await self._whatsapp(moment, b'"Hello"')

    async def _twilio(self, name: str, literal: bytes) -> None:
        text = as_text(literal)[:200_000]
        await self._post(twilio(self._tenant.integration("twilio"), **{"NumMedia": "1", name: text}))

    async def _postmark(self, name: str, literal: bytes) -> None:
        integration = self._tenant.integration("postmark")
        mailbox, own = orjson.dumps(integration["channels"][0]["address"]), next(NUMBERS)
        values = {
            "Headers": b'[{"Name":"Message-ID","Value":%b},{"Name":%b,"Value":%b}]' % (literal, literal, literal),
            "Attachments": b'[{"Name":%b,"Content":"QUJD","ContentType":%b,"ContentID":%b}]'
            % (literal, literal, literal),
        }
        fields = {
            "From": b'"jane@example.org"', "To": mailbox, "OriginalRecipient": mailbox, "MessageID": b'"h%d"' % own,
            "TextBody": b'"Hello"', name: values.get(name, literal),
        }  # fmt: skip
        body = b"{" + b",".join(b'"%b":%b' % (key.encode(), value) for key, value in fields.items()) + b"}"
        await self._post(postmark_raw(integration, body))

    async def _body(self, path: str, name: str, literal: bytes) -> None:
        least = b'"name":"Jo",' if path == "customers" and name != "name" else b""
        value = b'[{"kind":"email","value":%b}]' % literal if name == "identities" else literal
        headers = {**self._tenant.auth, "Content-Type": "application/json"}
        body = b'{%b"%b":%b}' % (least, name.encode(), value)
        await self._ask("POST", f"/api/v1/{path}", data=body, headers=headers)

    async def _endpoint(self, literal: bytes) -> None:
        body = b'{"url":"https://example.org/","status":"disabled","headers":{"x-a":%b,%b:"b"}}' % (literal, literal)
        headers = {**self._tenant.auth, "Content-Type": "application/json"}
        await self._ask("POST", "/api/v1/webhook-endpoints", data=body, headers=headers)

    async def _get(self, path: str, literal: bytes) -> None:
        text = as_text(literal)[:4000]
        for value in (
            str(URL.build(path="/", query={"a": text}).raw_query_string)[2:],
            re.sub(r"[^!-~]|[?#]", "_", text),
        ):
            await self._ask("GET", URL(path.format(value), encoded=True), headers=self._tenant.auth)

    async def _header(self, name: str, literal: bytes) -> None:
        text = CONTROL.sub(" ", as_text(literal))[:4000]  # a line break ends a header, for every client there is
        await self._ask("GET", "/api/v1/customers", headers={**self._tenant.auth, name: text})

    async def _named(self, literal: bytes) -> None:
        await self._upload(as_text(literal), "text/plain", b"Hello")

    async def _upload(self, name: str, kind: str, content: bytes) -> None:
        form = FormData()
        form.add_field("file", content, filename=CONTROL.sub("_", name)[:500], content_type=kind)
        said = orjson.loads(await self._ask("POST", "/api/v1/files", data=form, headers=self._tenant.auth))
        if "link" in said:
            await self.is_inert(URL(said["link"]["url"]).path_qs)
        query = {"filename": name[:900]}
        await self._ask(
            "POST", "/api/v1/files", params=query, data=content, headers={**self._tenant.auth, "Content-Type": kind}
        )

    async def is_inert(self, path: str) -> None:
        """Follow a link to a file: it is shown by its bytes or saved, and has neither our origin nor a script."""
        async with self._client.get(path, headers=self._tenant.auth) as answer:
            disposition, policy = answer.headers["Content-Disposition"], answer.headers["Content-Security-Policy"]
            assert answer.status == 200
            assert DISPOSITION.fullmatch(disposition), disposition
            assert "sandbox" in policy or (answer.content_type == "application/pdf" and "script-src 'none'" in policy)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            shown = disposition.startswith("inline")
            assert shown == (answer.content_type in SHOWN), disposition
            assert not answer.headers.get("Content-Encoding")

    async def _rows(self, literal: bytes) -> None:
        cell = as_text(literal).replace('"', '""')[:100_000]
        content = f'Name,E-Mail,Telefon\n"{cell}",a{next(NUMBERS)}@example.org,"{cell}"\n'.encode()
        query = {"filename": as_text(literal)[:200] or "a"}
        said = orjson.loads(
            await self._ask("POST", "/api/v1/customer-imports", params=query, data=content, headers=self._tenant.auth)
        )
        if "plan" in said:
            path = f"/api/v1/customer-imports/{said['id']}/start"
            await self._ask("POST", path, json=said["plan"], headers=self._tenant.auth)

    async def _frame(self, literal: bytes) -> None:
        frames = (b"%b", b'{"type":%b}', b'{"type":"resume","after":%b}', b'{"type":"typing","conversation_id":%b}',
            b'{"type":"subscribe","conversation_id":%b,"x":1}')  # fmt: skip
        async with self._client.ws_connect("/api/v1/stream", headers=self._tenant.auth) as socket:
            for frame in frames:
                self.tried += 1
                text = (frame % literal)[:60_000].decode("utf-8", "replace")
                await socket.send_str(text)
            await socket.send_str('{"type":"ping"}')
            async with asyncio.timeout(20):
                while (said := await socket.receive()).type.name == "TEXT" and said.json()["type"] != "pong":
                    assert said.json()["type"] in {"error", "hello", "resync", "event", "presence", "typing"}
            assert said.type.name == "TEXT" or socket.close_code in {1003, 1007, 1008, 1009}, (
                literal[:80],
                socket.close_code,
            )

    async def _mail(self, literal: bytes) -> None:
        self.tried += 1
        raw = as_text(literal).encode()[:200_000].replace(b"\r\n", b"\r\n\r\n")
        head = b"".join(b"%b: %b\r\n" % (name, raw) for name in (b"Subject", b"Message-ID", b"Date", b"Reply-To"))
        mail = (
            b"From: " + raw + b" <jane@example.org>\r\n" + head + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
            b"--b\r\nContent-Type: text/html\r\n\r\n" + raw + b'\r\n--b\r\nContent-Type: application/zip; name="' + raw
            + b'"\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--b--\r\n'
        )  # fmt: skip
        await self.send(mail)

    async def send(self, mail: bytes) -> None:
        """Hand over a mail by SMTP."""
        smtp = SMTP(hostname="127.0.0.1", port=self._gateway.smtp_port, start_tls=False, timeout=20)
        async with smtp:
            await smtp.sendmail("jane@example.org", [BOX], mail)

    async def file(self, name: str, kind: str, content: bytes) -> None:
        """Hand in a file by each way that takes files."""
        await self._upload(name, kind, content)
        mail = email.message.EmailMessage(policy=email.policy.SMTP)
        mail["From"], mail["Subject"] = "jane@example.org", f"A file {next(NUMBERS)}"
        mail.set_content("See there")
        mail.add_attachment(content, *kind.split("/", 1), filename=name)
        await self.send(mail.as_bytes())
