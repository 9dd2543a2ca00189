"""What is too much: size, recipients, hops, connections; and what happens while the database is away."""

import asyncio

import asyncpg
import pytest
from aiohttp import ClientSession
from aiosmtplib import SMTP, SMTPDataError, SMTPRecipientRefused, SMTPResponseException
from aiosmtplib.errors import SMTPException

from gateway.embedded import Superuser
from gateway.running import Running
from tests.conftest import Database, Tenant
from tests.ingest.reading import messages, until
from tests.smtp.conftest import BOX, Connection, letter, log_in, send


async def test_too_large_a_mail_is_refused_when_announced_and_when_sent(
    gateway: Running, smtp: SMTP, box: Connection, database: Database
) -> None:
    await log_in(smtp, box)
    with pytest.raises(SMTPResponseException) as caught:
        await smtp.mail("jane@example.org", options=[f"SIZE={32 * 1024 * 1024 + 1}"])
    assert caught.value.code == 552
    await smtp.mail("jane@example.org", options=["SIZE=1000"])
    await smtp.rcpt(BOX)
    with pytest.raises(SMTPDataError) as refused:
        await smtp.data(letter("x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 3000))
    assert refused.value.code == 552
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 0
    assert await send(smtp, letter(), BOX) == "2.0.0 Stored"


async def test_long_lines_pass(smtp: SMTP, box: Connection, client: ClientSession, tenant: Tenant) -> None:
    await log_in(smtp, box)
    assert await send(smtp, letter("z" * 200_000), BOX) == "2.0.0 Stored"
    [message] = await until(lambda: messages(client, tenant), bool)
    assert message["text"].strip() == "z" * 200_000


async def test_a_mail_that_goes_round_in_circles_is_refused(smtp: SMTP, box: Connection) -> None:
    await log_in(smtp, box)
    hop = b"Received: from a.test by b.test; Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    assert await send(smtp, hop * 50 + letter("received: in the body\r\n" * 30), BOX) == "2.0.0 Stored"
    with pytest.raises(SMTPDataError) as caught:
        await send(smtp, hop * 51 + letter(), BOX)
    assert (caught.value.code, caught.value.message[:5]) == (554, "5.4.6")


async def test_too_many_recipients_wait(smtp: SMTP, box: Connection) -> None:
    await log_in(smtp, box)
    await smtp.mail("jane@example.org")
    for number in range(100):
        await smtp.rcpt(f"support+{number}@shop.test")
    with pytest.raises(SMTPRecipientRefused) as caught:
        await smtp.rcpt("support+100@shop.test")
    assert caught.value.code == 452
    await smtp.data(letter())


async def test_twenty_connections_from_one_address_and_no_more(gateway: Running) -> None:
    async def opened() -> tuple[bytes, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.smtp_port)
        return await reader.readline(), writer

    first = [await opened() for _ in range(20)]
    assert {line[:3] for line, _ in first} == {b"220"}
    line, writer = await opened()
    assert line[:9] == b"421 4.7.0"
    writer.close()
    first.pop()[1].close()

    async def again() -> bytes:
        line, writer = await opened()
        first.append((line, writer))
        return line[:3]

    await until(again, lambda code: code == b"220")
    for _, writer in first:
        writer.close()


async def test_a_database_that_is_down_is_our_trouble(
    smtp: SMTP,
    box: Connection,
    database: Database,
    cluster: Superuser,
    client: ClientSession,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.ingest.mail.TROUBLE_SECONDS", 0.1)
    monkeypatch.setattr("gateway.ingest.mail.LOOK_SECONDS", 0.1)
    await log_in(smtp, box)
    await smtp.mail("jane@example.org")
    await smtp.rcpt(BOX)
    outside = await asyncpg.connect(cluster.url())
    await outside.execute(f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS false')
    await outside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database.name)
    mail = letter("after the trouble")
    with pytest.raises(SMTPDataError) as caught:
        await smtp.data(mail)
    assert caught.value.code == 451
    await outside.execute(f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS true')
    await outside.close()

    async def again() -> int:
        try:
            await send(smtp, mail, BOX)
        except SMTPException as error:
            await smtp.rset()
            return int(getattr(error, "code", 0))
        return 250

    await until(again, lambda code: code == 250)
    found = await until(lambda: messages(client, tenant), bool)
    assert [message["text"].strip() for message in found] == ["after the trouble"]
