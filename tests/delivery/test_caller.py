"""The caller with receivers that behave: what it sends, whom it calls, and what it tells of each step."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.delivery.caller import Caller, Request
from gateway.delivery.dialling import system_trust
from tests.delivery.receivers import OK, Visit, kind, receiving
from tests.outgoing.test_calls import LOOPBACK

NOW = datetime.now(UTC).replace(microsecond=0)
EXPIRES = NOW + timedelta(days=30)
Certify = Callable[[datetime], ssl.SSLContext]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Caller(LOOPBACK) as opened:
        yield opened


@pytest.fixture
def certify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certify:
    """Makes certificates for localhost that the system trusts."""

    def make(expires: datetime) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        hosts = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=60))
            .not_valid_after(expires)
            .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        path = tmp_path / "localhost.pem"
        unsealed = serialization.NoEncryption()
        pkcs8 = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unsealed)
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pkcs8)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        system_trust.cache_clear()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    return make


@pytest.fixture(autouse=True)
def trust_again() -> Any:
    yield
    system_trust.cache_clear()


async def test_a_request_arrives_as_it_was_made(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
    answers = [
        b"HTTP/1.1 201 Made\r\nX-Id: 7\r\nSet-Cookie: a=b\r\nRetry-After: 120\r\nContent-Length: 4\r\n\r\nd\xc3\xa9j",
        b"HTTP/1.1 204 Nothing\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 Nothing\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\noh",
    ]

    async def answer(visit: Visit) -> None:
        for said in answers[visit.number :]:
            await visit.request()
            await visit.send(said)
            if b"close" in said:
                return

    async with receiving(answer) as receiver:
        headers = {"webhook-id": "evt_1", "content-type": "application/json", "user-agent": "Own"}
        request = Request(f"{receiver.url}/a%2Fb;c?x=%C3%A9&y=a+b&z", headers, b'{"a":1}', 5)
        first, empty, second, third = [await caller.post(request) for _ in range(4)]
        [visit] = receiver.visits
        assert visit.bodies == [b'{"a":1}'] * 4
        head = visit.heads[1].decode().split("\r\n")
        assert head[0] == "POST /hook/a%2Fb;c?x=%C3%A9&y=a+b&z HTTP/1.1"
        names = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        assert names["webhook-id"] == "evt_1"
        assert names["user-agent"] == "Own"
        assert names["accept-encoding"] == "identity"
        assert "cookie" not in names
    assert (first.status, first.body, first.retry_after) == (201, "déj", "120")
    assert first.headers["x-id"] == "7"
    assert (empty.status, empty.body) == (204, "")
    assert (second.status, second.body, dict(second.headers)) == (204, "", {})
    assert (third.status, third.body) == (500, "oh")
    assert {answer.address for answer in (first, second, third)} == {"127.0.0.1"}
    assert first.connect_ms is not None
    assert (first.dns_ms, second.connect_ms, second.dns_ms, second.tls_ms) == (None, None, None, None)
    for one in (first, second, third):
        assert one.error_kind is None
        assert one.first_byte_ms is not None
        assert 0 < one.first_byte_ms <= one.total_ms


async def test_each_step_to_a_new_connection_is_told(caller: Caller, certify: Certify) -> None:
    tls = certify(EXPIRES)
    async with receiving(kind, tls) as receiver, Caller(LOOPBACK) as secure:
        url = receiver.url.replace("http://127.0.0.1", "https://localhost")
        first, second = [await secure.post(Request(url, {}, b"{}", 5)) for _ in range(2)]
        assert [first.error, second.error] == [None, None]
        assert len(receiver.visits) == 1
        steps = (first.dns_ms, first.connect_ms, first.tls_ms)
        assert all(step is not None and step > 0 for step in steps), first
        assert sum(step for step in steps if step is not None) <= first.total_ms
        assert (second.dns_ms, second.connect_ms, second.tls_ms) == (None, None, None)
        for answer in (first, second):
            assert (answer.status, answer.address, answer.tls_version) == (200, "127.0.0.1", "TLSv1.3")
            assert answer.tls_expires_at == EXPIRES
        elsewhere = await secure.post(Request(url.replace("localhost", "127.0.0.2"), {}, b"{}", 5))
        assert elsewhere.error_kind == "connect"


async def test_tls_that_is_no_good_is_told(certify: Certify) -> None:
    async with receiving(kind, certify(NOW - timedelta(days=1))) as receiver, Caller(LOOPBACK) as caller:
        url = receiver.url.replace("http:", "https:")
        answer = await caller.post(Request(url, {}, b"{}", 5))
        assert (answer.error_kind, answer.error) == ("tls", "the certificate is no good: certificate has expired")
        assert (answer.address, answer.tls_version) == ("127.0.0.1", None)
        assert answer.connect_ms is not None
    certify(EXPIRES)

    async def talks_plainly(visit: Visit) -> None:
        await visit.send(OK)
        await visit.end()

    async with receiving(talks_plainly) as plain, Caller(LOOPBACK) as caller:
        answer = await caller.post(Request(plain.url.replace("http:", "https:"), {}, b"{}", 5))
        assert answer.error_kind == "tls", answer
        await plain.deserted()

    async def hangs(visit: Visit) -> None:
        await visit.end()

    async with receiving(hangs) as mute, Caller(LOOPBACK) as caller:
        answer = await caller.post(Request(mute.url.replace("http:", "https:"), {}, b"{}", 0.3))
        assert (answer.error_kind, answer.error) == ("connect_timeout", "no TLS in time")
        await mute.deserted()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://127.0.0.1/", "loopback"),
        ("https://[::ffff:169.254.169.254]/", "link-local"),
        ("https://2130706433/", "loopback"),
        ("https://0x7f.1/", "loopback"),
        ("http://8.8.8.8/", "not among the allowed networks"),
        ("https://two.test/", "two.test must not be called: its address is blocked (private)"),
        ("https://metadata.google.internal/", "name for something inside"),
        ("ftp://example.org/", "https://"),
        ("https://user:hunter2@example.org/", "login"),
        ("nonsense", "https://"),
    ],
)
async def test_what_must_not_be_called_is_not(url: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"two.test": ["1.1.1.1", "10.0.0.1"], "metadata.google.internal": ["1.1.1.1"]}
    asked = socket.getaddrinfo

    def answered(host: str, port: int, *rest: Any) -> Any:
        return [found for address in names.get(host, [host]) for found in asked(address, port, *rest)]

    monkeypatch.setattr(socket, "getaddrinfo", answered)
    async with Caller() as caller:
        answer = await caller.post(Request(url, {}, b"{}", 2))
    assert (answer.status, answer.error_kind, answer.address) == (None, "blocked", None), answer
    assert told in (answer.error or "")
    assert "hunter2" not in (answer.error or "")


async def test_a_name_that_nobody_knows_or_tells_is_told(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    held = asyncio.Event()
    loop = asyncio.get_running_loop()

    def answered(host: str, *_: Any) -> Any:
        asked.append(host)
        if host == "unknown.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        asyncio.run_coroutine_threadsafe(held.wait(), loop).result()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", answered)
    answer = await caller.post(Request("https://unknown.test/", {}, b"{}", 2))
    assert (answer.error_kind, answer.error) == ("dns", "the name has no address: name or service not known")
    request = Request("https://slow.test/", {}, b"{}", 0.2)
    for answer in await asyncio.gather(*(caller.post(request) for _ in range(8))):
        assert (answer.error_kind, answer.error) == ("dns", "the name was not looked up in time")
    held.set()
    assert asked == ["unknown.test", "slow.test"]


async def test_headers_that_http_does_not_allow_are_told(caller: Caller) -> None:
    async with receiving(kind) as receiver:
        answer = await caller.post(Request(receiver.url, {"x-a": "b\r\nx-c: secret"}, b"{}", 2))
        assert answer.error_kind == "request"
        assert "secret" not in (answer.error or "")
        await receiver.deserted()


async def test_who_is_cancelled_leaves_nothing_behind(caller: Caller) -> None:
    arrived = asyncio.Event()

    async def waits(visit: Visit) -> None:
        await visit.request()
        arrived.set()
        await visit.end()

    async with receiving(waits) as receiver:
        task = asyncio.create_task(caller.post(Request(receiver.url, {}, b"{}", 60)))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await receiver.deserted()


async def test_many_at_once_share_connections(caller: Caller) -> None:
    async with receiving(kind) as receiver:
        for _ in range(3):
            answers = await asyncio.gather(*(caller.post(Request(receiver.url, {}, b"{}", 5)) for _ in range(40)))
            assert {answer.status for answer in answers} == {200}
        assert len(receiver.visits) == 40
        assert sum(len(visit.bodies) for visit in receiver.visits) == 120
        assert OK.endswith(answers[0].body.encode())
