"""Mails handed to real servers: what they get, and what their replies come to."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from channels.http import NO_ANSWER
from channels.outbound import Accepted, OutboundMessage, Refused
from channels.providers.smtp import ADAPTER, SmtpCredentials
from gateway.outgoing.smtp import MailSender

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
MESSAGE = OutboundMessage(
    reference="m1@shop.test",
    sender="Shop <support@shop.test>",
    recipient="jane@example.org",
    text="Hello\n.\nthere\n..\n" + "ü" * 2000,
    subject="Grüße",
    html="<p>Hello</p>",
)


class Server:
    """A mail server that keeps what it gets, and answers as it is told."""

    def __init__(self) -> None:
        self.replies: dict[str, str] = {}
        self.got: list[tuple[str | None, list[str], bytes]] = []
        self.logins: list[tuple[str, bytes, bytes, bool]] = []

    async def handle_MAIL(self, _s: SMTP, _session: Session, envelope: Envelope, address: str, _o: list[str]) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, _s: SMTP, _session: Session, envelope: Envelope, address: str, _o: list[str]) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, _s: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content or b""))
        return self.replies.get("DATA", "250 2.0.0 queued as 1")

    def check(self, _server: SMTP, session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((mechanism, data.login, data.password, session.ssl is not None))
        return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture
def server() -> Server:
    return Server()


@asynccontextmanager
async def served(server: Server, certificate: Path | None = None, *, implicit: bool = False) -> AsyncIterator[int]:
    """Run it; yields its port."""
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            server, tls_context=None if implicit else context, authenticator=server.check, hostname="mx.test",
            auth_require_tls=not implicit, loop=loop,
        )  # fmt: skip

    running = await loop.create_server(session, "127.0.0.1", 0, ssl=context if implicit else None)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


def credentials(port: int, **more: Any) -> SmtpCredentials:
    return SmtpCredentials.model_validate({"host": "localhost", "port": port, "tls": "none", **more})


def sender(certificate: Path | None = None, **more: Any) -> MailSender:
    tls = None if certificate is None else ssl.create_default_context(cafile=str(certificate))
    return MailSender(LOOPBACK, name="gate.test", tls=tls, **more)


async def deliver(made: MailSender, told: SmtpCredentials) -> Accepted | Refused:
    async with made:
        return ADAPTER.read(await made.deliver(ADAPTER.build(MESSAGE, told), told))


async def test_a_mail_arrives_as_it_was_rendered(server: Server) -> None:
    async with served(server) as port, sender() as made:
        request = ADAPTER.build(MESSAGE, credentials(port))
        assert ADAPTER.read(await made.deliver(request, credentials(port))) == Accepted("m1@shop.test")
    [(mail_from, recipients, content)] = server.got
    assert (mail_from, recipients) == ("support@shop.test", ["jane@example.org"])
    assert content == request.body
    assert b"multipart/alternative" in content
    assert max(len(line) for line in content.split(b"\r\n")) < 998


@pytest.mark.parametrize("implicit", [True, False], ids=["tls", "starttls"])
async def test_a_login_goes_through_encryption(server: Server, certificate: Path, implicit: bool) -> None:
    login = {"username": "shop", "password": "right", "tls": "tls" if implicit else "starttls"}
    async with served(server, certificate, implicit=implicit) as port:
        assert await deliver(sender(certificate), credentials(port, **login)) == Accepted("m1@shop.test")
    [(_, username, password, is_secret)] = server.logins
    assert (username, password) == (b"shop", b"right")
    assert is_secret or implicit


async def test_a_wrong_login_breaks_the_connection_and_not_the_mail(server: Server, certificate: Path) -> None:
    async with served(server, certificate) as port:
        told = credentials(port, username="shop", password="wrong", tls="starttls")
        refused = await deliver(sender(certificate), told)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == ("535", False, False)
    assert "login" in refused.reason
    assert "wrong" not in refused.reason
    assert server.got == []


async def test_a_login_is_never_sent_in_the_clear(server: Server, certificate: Path) -> None:
    async with served(server) as port:
        assert isinstance(await deliver(sender(), credentials(port, username="shop", password="right")), Accepted)
        refused = await deliver(sender(), credentials(port, username="shop", password="right", tls="starttls"))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable) == ("unreachable", True)
    assert server.logins == []
    assert len(server.got) == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(server: Server, certificate: Path) -> None:
    async with served(server, certificate) as port:
        refused = await deliver(sender(), credentials(port, username="shop", password="right", tls="starttls"))
    assert isinstance(refused, Refused)
    assert (refused.unknown, server.logins, server.got) == (False, [], [])


@pytest.mark.parametrize(
    ("command", "reply", "code", "retryable"),
    [
        ("MAIL", "451 4.3.0 later", "451", True),
        ("MAIL", "550 5.7.1 not from you", "550", False),
        ("RCPT", "450 4.2.0 greylisted", "450", True),
        ("RCPT", "550 5.1.1 unknown", "550", False),
        ("DATA", "452 4.2.2 full", "452", True),
        ("DATA", "554 5.7.1 spam", "554", False),
    ],
)
async def test_a_refusal_at_any_step_is_told(
    server: Server, command: str, reply: str, code: str, retryable: bool
) -> None:
    server.replies[command] = reply
    async with served(server) as port:
        refused = await deliver(sender(), credentials(port))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == (code, retryable, False)


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[int]:
    running = await asyncio.start_server(script, "127.0.0.1", 0)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


def hangs_up_after(last: bytes, *, waits: bool = False) -> Script:
    """Return a server that says yes to everything, and is gone (or silent) once it has read some words."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.test\r\n")
        while line := await reader.readline():
            if line.startswith(last):
                if waits:
                    await reader.read()
                break
            if line.startswith((b"EHLO", b"MAIL", b"RCPT")):
                writer.write(b"250 OK\r\n")
            elif line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
        writer.close()

    return script


@pytest.mark.parametrize(("last", "unknown"), [(b"EHLO", False), (b"MAIL", False), (b"RCPT", False), (b".\r\n", True)])
@pytest.mark.parametrize("waits", [False, True], ids=["hangs up", "falls silent"])
async def test_what_is_lost_after_the_mail_was_sent_is_unknown(last: bytes, unknown: bool, waits: bool) -> None:
    async with scripted(hangs_up_after(last, waits=waits)) as port:
        refused = await deliver(sender(reply_seconds=0.3), credentials(port))
    assert isinstance(refused, Refused)
    assert (refused.unknown, refused.retryable) == (unknown, not unknown)


@pytest.mark.parametrize(
    "greeting", [b"421 4.3.2 too busy\r\n", b"554 5.7.1 not you\r\n", b"HTTP/1.1 400 Bad\r\n\r\n", b"\xff\xfe\r\n", b""]
)
async def test_odd_greetings_are_no_fault_of_the_mail(greeting: bytes) -> None:
    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    async with scripted(script) as port:
        refused = await deliver(sender(reply_seconds=2), credentials(port))
    assert isinstance(refused, Refused)
    assert refused.unknown is False
    assert refused.retryable is not greeting.startswith(b"554")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0x7f.1", "169.254.169.254"])
async def test_no_server_inside_is_called_without_leave(server: Server, host: str) -> None:
    async with served(server) as port, MailSender() as made:
        told = credentials(port, host=host)
        response = await made.deliver(ADAPTER.build(MESSAGE, told), told)
    assert (response.status, response.sent) == (NO_ANSWER, False)
    assert "must not be called" in (response.failure or "")
    assert server.got == []


@pytest.mark.parametrize("host", ["a..b", "nobody.invalid", "x" * 300, "\udcff", "a b", "[", "%00"])
async def test_a_host_that_is_none_is_no_answer(host: str) -> None:
    told = SmtpCredentials(host=host, tls="none")
    async with sender() as made:
        response = await made.deliver(ADAPTER.build(MESSAGE, told), told)
    assert (response.status, response.sent) == (NO_ANSWER, False)


async def test_who_is_not_there_did_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        refused = await deliver(sender(), credentials(taken.getsockname()[1], host="127.0.0.1"))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.retryable, refused.unknown) == ("unreachable", True, False)
