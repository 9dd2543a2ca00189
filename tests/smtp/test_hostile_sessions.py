"""Sessions of those who mean ill: each gets clear replies, holds little, and costs nobody else their turn."""

import asyncio
import contextlib
import ssl
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from gateway.peers import counted
from gateway.running import Running
from gateway.smtp import content, session
from gateway.smtp.content import Fault, read_content
from tests.conftest import Database, Tenant
from tests.smtp.conftest import BOX, Connect, letter

ENVELOPE = b"MAIL FROM:<jane@example.org>\r\nRCPT TO:<support@shop.test>\r\n"
MALFORMED = [
    b"<", b"<@", b'<"', b"<a@[", b"<a@[1", b"<@a:", b"<(>a@b>", b"<" + b"(" * 1500, b"a@" + b"(" * 1500,
    b"<=?utf-8?q?a=0D=0ARCPT?=@shop.test>", b"<a\x00b@shop.test>", b"<a\x7f@shop.test>", b"<a\rb@shop.test>",
    b"<\xff\xfe@shop.test>", "<\u202egnp@shop.test>".encode(), b"<a@b> SIZE", b"", b"<@>", b"<a@b> \x1b[2J",
]  # fmt: skip


class Wire:
    """A connection on which every byte is ours."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> bytes:
        """Send bytes and read one reply, of any number of lines."""
        if not self.writer.is_closing():
            self.writer.write(data)
        return await self.reply()

    async def reply(self) -> bytes:
        """Read one reply; nothing: it was hung up."""
        line = b"-" * 4
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):  # who is hung up on while sending hears of it so
                while line[3:4] == b"-":
                    line = b""
                    line = await self.reader.readline()
        return line

    async def rest(self) -> bytes:
        """Read until it is hung up."""
        said = b""
        while line := await self.reply():
            said += line
        return said


@pytest.fixture
async def wires(gateway: Running, tenant: Tenant, connect: Connect) -> AsyncIterator[list[Wire]]:
    """Two sessions that were greeted."""
    await connect(tenant, BOX, allowed_hosts=["127.0.0.1"])
    opened = [Wire(*await asyncio.open_connection("127.0.0.1", gateway.smtp_port)) for _ in range(2)]
    for one in opened:
        await one.reply()
        assert (await one.say(b"EHLO mta.test\r\n"))[:3] == b"250"
    yield opened
    for one in opened:
        one.writer.close()


@pytest.mark.parametrize("flood", [b"\r\n", b"\xff\r\n", b"DATA\r\n"], ids=repr)
async def test_a_flood_is_hung_up(wires: list[Wire], flood: bytes) -> None:
    flooding, other = wires
    flooding.writer.write(flood * 5_000)
    said = (await flooding.rest()).splitlines()
    assert (await other.say(b"NOOP\r\n"))[:3] == b"250"
    assert len(said) == session.MOST_REFUSED + 1
    assert said[-1] == session.ENOUGH.encode()


async def test_an_endless_command_is_held_in_no_memory(wires: list[Wire], monkeypatch: pytest.MonkeyPatch) -> None:
    wire, _ = wires
    assert (await wire.say(b"X" * 3_000_000 + b"\r\n"))[:3] == b"500"
    limits = session._Limits()
    assert (limits["X" * 60_000], dict(limits)) == (session.COMMAND_BYTES, {})
    assert (await wire.say(b"AUTH LOGIN\r\n"))[:3] == b"334"
    assert await wire.say(b"A" * 300_000 + b"\r\n") == session.LOGIN_TOO_LONG.encode() + b"\r\n"
    assert await wire.rest() == b""


async def test_an_address_that_is_none_is_refused_for_good(wires: list[Wire]) -> None:
    wire, _ = wires
    for path in MALFORMED:
        assert (await wire.say(b"MAIL FROM:" + path + b"\r\n"))[:1] == b"5", path
        assert (await wire.say(b"MAIL FROM:<jane@example.org>\r\n"))[:3] == b"250"
        assert (await wire.say(b"RCPT TO:" + path + b"\r\n"))[:1] == b"5", path
        assert (await wire.say(b"RCPT TO:<support@shop.test>\r\n"))[:3] == b"250"
        assert (await wire.say(b"RSET\r\n"))[:3] == b"250"
    for name in (b"\xff", b"a\x00b", b"a\rb", "\u202eb".encode()):
        assert (await wire.say(b"HELO " + name + b"\r\n"))[:3] == b"501", name
        assert (await wire.say(b"EHLO " + name + b"\r\n"))[:3] == b"501", name


async def test_nobody_learns_who_has_a_mailbox(wires: list[Wire]) -> None:
    wire, _ = wires
    told = {
        await wire.say(b"VRFY " + name + b"\r\n")
        for name in (b"support@shop.test", b"nobody@shop.test", b"\xff", b"a\rb")
    }
    assert told == {session.WHO_KNOWS.encode() + b"\r\n"}
    assert (await wire.say(b"EXPN support\r\n"))[:3] == b"502"
    await wire.say(b"MAIL FROM:<jane@example.org>\r\n")
    wire.writer.write(b"".join(b"RCPT TO:<guess%d@elsewhere.test>\r\n" % number for number in range(1_000)))
    said = (await wire.rest()).splitlines()
    assert (len(said), said[0][:3], said[-1][:3]) == (session.MOST_REFUSED, b"550", b"421")


async def test_thousands_of_recipients_are_a_hundred_and_others_have_their_turns_meanwhile(
    wires: list[Wire], database: Database
) -> None:
    wire, other = wires
    await wire.say(b"MAIL FROM:<jane@example.org>\r\n")
    wire.writer.write(b"".join(b"RCPT TO:<support+%d@shop.test>\r\n" % number for number in range(4_000)))
    codes = [(await wire.reply())[:3] for _ in range(101)]
    meanwhile = asyncio.create_task(other.say(b"NOOP\r\n"))
    while not meanwhile.done():
        codes.append((await wire.reply())[:3])
    assert len(codes) < 1_000
    codes += [(await wire.reply())[:3] for _ in range(4_000 - len(codes))]
    assert (codes.count(b"250"), codes.count(b"452")) == (100, 3_900)
    assert (await wire.say(b"DATA\r\n"))[:3] == b"354"
    assert (await wire.say(letter() + b".\r\n"))[:3] == b"250"
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 1


async def test_what_is_sent_ahead_of_encryption_is_not_heard(wires: list[Wire], database: Database) -> None:
    wire, _ = wires
    assert (await wire.say(b"STARTTLS\r\nEHLO evil.test\r\n" + ENVELOPE + b"DATA\r\n"))[:3] == b"220"
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    await wire.writer.start_tls(trusting)
    assert (await wire.say(b"RCPT TO:<support@shop.test>\r\n"))[:3] == b"503"
    assert (await wire.say(b"EHLO mta.test\r\n"))[:3] == b"250"
    assert (await wire.say(b"DATA\r\n"))[:3] == b"503"


async def test_who_only_keeps_a_connection_loses_it(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "IDLE_SECONDS", 0.02)
    wire = Wire(*await asyncio.open_connection("127.0.0.1", gateway.smtp_port))
    await wire.reply()
    said = 0
    while await wire.say(b"RSET\r\n"):
        said += 1
    assert said < session.CALLS["*"]  # by its time, not by what it said


async def test_a_mail_without_an_end_is_hung_up(
    wires: list[Wire], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "DRAINED_BYTES", 1024 * 1024)
    wire, _ = wires
    wire.writer.write(b"MAIL FROM:<jane@example.org> SIZE=1000\r\n" + ENVELOPE[30:] + b"DATA\r\n")
    wire.writer.write(b"no line end " * 200_000)
    await wire.rest()
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 0


@pytest.mark.parametrize("flood", [b"\r\n", b"..\r\n", b"\n.\n", b"a" * 100_000], ids=repr)
async def test_what_a_mail_is_made_of_costs_no_more_memory(flood: bytes) -> None:
    size = 4 * 1024 * 1024
    mail = flood * (size // len(flood))
    reader = asyncio.StreamReader(limit=session.READ_BYTES)

    async def feed() -> None:
        for place in range(0, len(mail), session.READ_BYTES):
            reader.feed_data(mail[place : place + session.READ_BYTES])
            await asyncio.sleep(0)
        reader.feed_data(b"\r\n.\r\nQUIT\r\n")

    feeding = asyncio.create_task(feed())
    tracemalloc.start()
    try:
        found = await read_content(reader, size * 2)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    await feeding
    assert most < 5 * size
    assert await reader.read(100) == b"QUIT\r\n"
    if flood[:1] == b"a":
        assert found is Fault.LINE_TOO_LONG
    else:
        assert found == b"\r\n".join(line.removeprefix(b".") for line in (mail + b"\r\n").split(b"\r\n"))


def test_a_network_of_addresses_counts_as_one_computer() -> None:
    assert counted("2001:db8:0:1::1") == counted("2001:db8:0:1:ffff::2") != counted("2001:db8:0:2::1")
    assert counted("192.0.2.1") == counted("::ffff:192.0.2.1") == "192.0.2.1"
