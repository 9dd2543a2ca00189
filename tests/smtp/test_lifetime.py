"""A gateway that stops, or is killed: what it said 250 to is stored, and what it did not is nobody's."""

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from gateway.running import Refused, run_gateway
from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.ledger import raw_webhooks
from tests.smtp.conftest import Connect, letter

BOX = "support@shop.test"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def wait_for(port: int) -> None:
    """Return once somebody listens."""
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def deliver(port: int, taken: list[str], prefix: str) -> None:
    """Deliver mails until the connection is lost; notes the ids of those that were taken."""
    client = SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="mta.test", timeout=20)
    try:
        await client.connect()
        for number in range(10_000):
            own = f"{prefix}.{number}@mail.example.org"
            await client.sendmail("jane@example.org", [BOX], letter(message_id=own))
            taken.append(own)
    except (SMTPException, OSError):
        client.close()


async def test_a_kill_loses_no_mail_that_was_taken(
    settings: Settings, database: Database, master_key: str, tenant: Tenant, connect: Connect
) -> None:
    await connect(tenant, BOX, allowed_hosts=["127.0.0.1"])
    smtp_port = free_port()
    secrets = {name: getattr(settings, name).get_secret_value() for name in (
        "database_url", "hook_database_url", "relay_database_url", "master_key")}  # fmt: skip
    environment = {**os.environ, **{f"POSTGATE_{name.upper()}": value for name, value in secrets.items()}}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli.main", "serve", "--port", "0", "--smtp", str(smtp_port),
        env=environment, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    taken: list[str] = []
    try:
        await wait_for(smtp_port)
        senders = [asyncio.create_task(deliver(smtp_port, taken, f"s{number}")) for number in range(4)]
        while len(taken) < 40:
            await asyncio.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await asyncio.gather(*senders)
    kept = " ".join(raw.body[:400].decode() for raw in await raw_webhooks(database, master_key))
    stored = set(re.findall(r"Message-ID: <([^>]+)>", kept))
    assert set(taken) <= stored
    assert len(stored) <= len(taken) + 4  # beside those whose 250 was on its way

    await database.fetch("UPDATE inbound_webhooks SET lease_until = NULL WHERE state = 'pending'")  # as if time passed
    async with run_gateway(settings), asyncio.timeout(90):  # the next one reads what the killed one left
        while await database.value("SELECT count(*) FROM inbound_webhooks WHERE state = 'pending'"):
            await asyncio.sleep(0.1)
    assert await database.value("SELECT count(*) FROM messages") == len(stored)


async def test_a_stop_stores_the_mail_at_hand_and_says_so(
    settings: Settings, database: Database, tenant: Tenant, connect: Connect
) -> None:
    await connect(tenant, BOX, allowed_hosts=["127.0.0.1"])
    async with run_gateway(settings) as running:
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", running.smtp_port)
        reader, writer = await asyncio.open_connection("127.0.0.1", running.smtp_port)
        await idle_reader.readline()
        writer.write(b"EHLO x.test\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<support@shop.test>\r\nDATA\r\n")
        while not (await reader.readline()).startswith(b"354"):
            pass

        async def finish() -> bytes:
            assert (await idle_reader.readline())[:3] == b"421"
            writer.write(letter() + b".\r\n")
            return await reader.readline()

        last = asyncio.create_task(finish())
    assert (await last)[:3] == b"250"
    assert await reader.read() == b""
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 1
    for each in (idle_writer, writer):
        each.close()


async def test_a_certificate_that_is_none_keeps_the_gateway_from_starting(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    for path in (tmp_path / "bad.pem", tmp_path / "missing.pem"):
        with pytest.raises(Refused, match="certificate"):
            async with run_gateway(settings.model_copy(update={"smtp_tls_cert": path})):
                pass


async def test_a_port_that_is_taken_keeps_the_gateway_from_starting(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Refused, match="--smtp"):
            async with run_gateway(settings.model_copy(update={"smtp_port": taken.getsockname()[1]})):
                pass


def test_networks_are_read_from_the_environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "hook_database_url", "relay_database_url"):
        monkeypatch.setenv(f"POSTGATE_{name.upper()}", "postgresql://user@127.0.0.1/name")
    monkeypatch.setenv("POSTGATE_MASTER_KEY", "x")
    monkeypatch.setenv("POSTGATE_ALLOW_PRIVATE", "10.1.0.0/16, fd00:1::/32,192.0.2.7")
    read = Settings()
    assert [str(network) for network in read.allow_private] == ["10.1.0.0/16", "fd00:1::/32", "192.0.2.7/32"]
    monkeypatch.setenv("POSTGATE_ALLOW_PRIVATE", "10.1.0.0/99")
    with pytest.raises(ValueError, match="allow_private"):
        Settings()
