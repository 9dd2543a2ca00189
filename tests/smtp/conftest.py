"""Fixtures of the SMTP tests: tenants with mailboxes, and a gateway that takes mail."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiosmtplib import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.keys import Keyring, credentials_of, seal
from gateway.model.ids import public
from gateway.running import Running, run_gateway
from gateway.settings import Settings
from gateway.store import provision
from tests.conftest import Database, Tenant, new_id

BOX = "support@shop.test"


@dataclass(frozen=True)
class Connection:
    """A connection of the provider ``smtp``."""

    id: UUID
    username: str
    password: str
    mailboxes: tuple[str, ...]

    @property
    def hook(self) -> str:
        return f"/hooks/{public('int', self.id)}"


Connect = Callable[..., Awaitable[Connection]]


@pytest.fixture
def connect(database: Database, master_key: str) -> Connect:
    """Gives a tenant a connection with mailboxes, and a login of its own unless told otherwise."""

    async def make(
        tenant: Tenant,
        *mailboxes: str,
        config: dict[str, Any] | None = None,
        report_only: bool = False,
        **credentials: Any,
    ) -> Connection:
        key_id, integration_id = new_id(), new_id()
        login = {"username": f"mta-{secrets.token_hex(4)}", "password": secrets.token_hex(8), **credentials}
        async with provision.provisioning(database.admin_url) as connection:
            data_key, stored = await Keyring(master_key).new_data_key()
            await provision.add_data_key(connection, tenant.id, key_id, stored.wrapped, stored.master_key_id)
            sealed = seal(data_key, orjson.dumps(login), credentials_of(tenant.id, integration_id))
            await provision.add_integration(
                connection, tenant.id, integration_id, "smtp", "Mail", key_id, sealed, config=config,
                report_only=report_only,
            )  # fmt: skip
            for mailbox in mailboxes:
                await provision.add_channel(
                    connection, tenant.id, new_id(), integration_id, "smtp", "email", mailbox, mailbox
                )
        return Connection(integration_id, login["username"], login["password"], mailboxes)

    return make


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, signed by itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def settings(settings: Settings, certificate: Path) -> Settings:
    return settings.model_copy(
        update={"smtp_port": 0, "smtp_tls_cert": certificate, "allow_private": (ip_network("127.0.0.0/8"),)}
    )


@pytest.fixture
async def gateway(settings: Settings) -> AsyncIterator[Running]:
    async with run_gateway(settings) as running:
        yield running


@pytest.fixture
async def smtp(gateway: Running) -> AsyncIterator[SMTP]:
    """A client that is connected and has said EHLO; nothing is encrypted."""
    client = SMTP(hostname="127.0.0.1", port=gateway.smtp_port, start_tls=False, local_hostname="mta.test", timeout=20)
    await client.connect()
    await client.ehlo()
    yield client
    client.close()


def letter(text: str = "Where is my order?", subject: str = "Order 1043", message_id: str | None = None) -> bytes:
    """Return a mail."""
    own = message_id or f"{secrets.token_hex(8)}@mail.example.org"
    head = (
        f"From: Jane Doe <jane@example.org>\r\nTo: support@shop.test\r\nSubject: {subject}\r\nMessage-ID: <{own}>\r\n"
    )
    return f"{head}Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\n{text}\r\n".encode()


async def log_in(smtp: SMTP, connection: Connection) -> None:
    """Log in as whoever delivers for a connection."""
    await smtp.login(connection.username, connection.password)


async def send(smtp: SMTP, mail: bytes, *recipients: str, sender: str = "jane@example.org") -> str:
    """Send a mail; returns the text of the last reply."""
    await smtp.mail(sender)
    for recipient in recipients:
        await smtp.rcpt(recipient)
    return (await smtp.data(mail)).message


@pytest.fixture
async def box(tenant: Tenant, connect: Connect) -> Connection:
    """A mailbox of the tenant, with a login."""
    return await connect(tenant, BOX)
