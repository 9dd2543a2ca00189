"""Bytes that other servers read otherwise: nothing but CR LF dot CR LF ends a mail, and nothing in one is a command."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.running import Running
from tests.conftest import Database, Tenant
from tests.ledger import raw_webhooks
from tests.smtp.conftest import Connect

BOX = "support@shop.test"
HEAD = b"From: jane@example.org\r\nSubject: Hi\r\n\r\n"
SMUGGLED = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<support@shop.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nboo"


class Wire:
    """A connection on which every byte is ours."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, data: bytes) -> bytes:
        """Send bytes and read one reply."""
        self._writer.write(data)
        reply = b""
        async with asyncio.timeout(20):
            while not reply or reply[-1:] != b"\n" or reply.rstrip().split(b"\n")[-1][3:4] == b"-":
                chunk = await self._reader.read(4096)
                if not chunk:
                    break
                reply += chunk
        return reply

    async def until(self, data: bytes, end: bytes) -> None:
        """Send bytes and read until a reply is among what comes."""
        self._writer.write(data)
        async with asyncio.timeout(20):
            await self._reader.readuntil(end)

    async def leave(self) -> None:
        """Send the beginning of a mail and hang up."""
        self._writer.write(HEAD + b"half of i")
        self._writer.close()
        await self._writer.wait_closed()

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def wire(gateway: Running, tenant: Tenant, connect: Connect) -> AsyncIterator[Wire]:
    """A session in which a recipient was taken."""
    await connect(tenant, BOX, allowed_hosts=["127.0.0.1"])
    opened = Wire(*await asyncio.open_connection("127.0.0.1", gateway.smtp_port))
    await opened.say(b"")
    await opened.say(b"EHLO mta.test\r\n")
    await opened.say(b"MAIL FROM:<jane@example.org>\r\n")
    assert (await opened.say(b"RCPT TO:<support@shop.test>\r\n"))[:3] == b"250"
    yield opened
    opened.close()


async def bodies(database: Database, master_key: str) -> list[bytes]:
    return [raw.body for raw in await raw_webhooks(database, master_key)]


@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n\x00.\r\n", b"\n.\r", b"\r\n .\r\n"],
)
async def test_no_other_end_ends_a_mail(wire: Wire, database: Database, master_key: str, end: bytes) -> None:
    assert (await wire.say(b"DATA\r\n"))[:3] == b"354"
    reply = await wire.say(HEAD + b"one" + end + SMUGGLED + b"\r\n.\r\n")
    assert reply == b"250 2.0.0 Stored\r\n"
    [body] = await bodies(database, master_key)
    # A dot that begins a line is there to be taken away (RFC 5321 section 4.5.2); that is all that is done.
    assert body == HEAD + b"one" + end.replace(b"\r\n.", b"\r\n") + SMUGGLED + b"\r\n"


@pytest.mark.parametrize(
    "content",
    [
        b"bare\nline\nfeeds\r\n",
        b"bare\rreturns\r\n",
        b"nul \x00 in it\r\n",
        b"\xff\xfe eight bits \x80\r\n",
        "grüße\r\n".encode(),
        b"\r\n\r\n\r\n",
        b".dots\r\n..two\r\n",
    ],
)
async def test_a_mail_is_stored_as_it_came(wire: Wire, database: Database, master_key: str, content: bytes) -> None:
    await wire.say(b"DATA\r\n")
    stuffed = b"".join(b"." + line if line[:1] == b"." else line for line in content.splitlines(keepends=True))
    sent = stuffed if content[:1] == b"." else content
    assert (await wire.say(HEAD + sent + b".\r\n"))[:3] == b"250"
    assert await bodies(database, master_key) == [HEAD + content]


@pytest.mark.parametrize(
    "command",
    [
        b"MAIL FROM:<a@b.test>\nRCPT TO:<c@d.test>\r\n",
        b"RCPT TO:<support@shop.test\x00>\r\n",
        b"RCPT TO:<support@shop.test> SIZE=1\r\n",
        b"RCPT TO:<@relay.test:support@other.test>\r\n",
        b"RCPT TO:<\xff\xfe@shop.test>\r\n",
        b"RCPT TO:<" + b"a" * 3000 + b"@shop.test>\r\n",
        b'RCPT TO:<"support@shop.test"@elsewhere.test>\r\n',
        b"RCPT TO:<support%shop.test@elsewhere.test>\r\n",
        b"RCPT TO:\r\n",
        b"\xff\xfe\x00\r\n",
        b"GET / HTTP/1.1\r\n",
        b"AUTH PLAIN " + b"A" * 1500 + b"\r\n",
        b"AUTH LOGIN \xff\r\n",
        b"AUTH CRAM-MD5\r\n",
        b"HELP " + b"x" * 500 + b"\r\n",
        b"STARTTLS now\r\n",
        b"\r\n",
    ],
    ids=lambda command: repr(command[:30]),
)
async def test_odd_commands_are_refused_and_the_session_goes_on(
    wire: Wire, database: Database, master_key: str, command: bytes
) -> None:
    assert (await wire.say(command))[:1] in {b"4", b"5"}
    await wire.until(b"NOOP\r\n", b"250 OK")
    assert await bodies(database, master_key) == []


async def test_a_session_that_ends_inside_a_mail_stores_nothing(
    wire: Wire, database: Database, master_key: str
) -> None:
    await wire.say(b"DATA\r\n")
    await wire.leave()
    assert await bodies(database, master_key) == []
