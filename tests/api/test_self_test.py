"""The self-test of a connection, through a real proxy that does what proxies do to webhooks."""

import asyncio
import datetime
import socket
import ssl
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import ClientSession, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.errors import SignatureInvalid
from channels.registry import ADAPTERS
from gateway.keys import Keyring
from gateway.selftest import findings
from gateway.selftest.probes import HEADER, Probes
from gateway.selftest.refusals import KEPT, Refusals
from gateway.settings import Settings
from tests.api.conftest import ORIGIN, Served
from tests.api.proxying import Change, behind, forwarded, host, probe_of, proxying, rewrite, without
from tests.conftest import Database, Tenant
from tests.ingest.posts import text, twilio, unique, whatsapp
from tests.ingest.reading import webhooks


async def test_all_is_well_but_for_an_address_inside(settings: Settings, tenant: Tenant, database: Database) -> None:
    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        for provider in ("whatsapp_cloud", "twilio", "postmark"):
            found = await probe_of(client, tenant, provider)
            assert [name for name, check in found.items() if not check["ok"]] == ["public_url"], found
            assert {"reachable", "path", "query", "body", "headers", "signature", "clock", "refusals"} <= set(found)
        assert len(proxy.passed) == 3
        assert await webhooks(client, tenant) == []
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 0


@pytest.mark.parametrize(
    ("change", "check", "words", "others"),
    [
        pytest.param(
            rewrite("data", lambda body: body.replace(b"\\u00fc", "ü".encode())), "body", "changes the body",
            {"signature"}, id="body",
        ),
        pytest.param(
            rewrite("path", lambda path: path.replace("%20", "+")), "query", "changes the query",
            {"signature"}, id="query",
        ),
        pytest.param(
            rewrite("path", lambda path: path.partition("?")[0]), "query", "into ''", {"signature"}, id="no query"
        ),
        pytest.param(
            rewrite("path", lambda path: path.replace("int_", "int%5F")), "path", "changes the path",
            {"signature"}, id="path",
        ),
        pytest.param(
            without("x-twilio-signature"), "headers", "drops x-twilio-signature", {"signature"}, id="a header"
        ),
        pytest.param(
            lambda _r, sent: sent["headers"].update({"Content-Type": "text/plain"}), "headers",
            "changes content-type", {"signature"}, id="another type",
        ),
        pytest.param(forwarded(X_Forwarded_Host="other.example.org"), "host", "other.example.org", set(), id="host"),
        pytest.param(forwarded(X_Forwarded_Proto="https"), "scheme", "called by https", set(), id="scheme"),
    ],
)  # fmt: skip
async def test_what_a_proxy_does_is_said(
    settings: Settings, tenant: Tenant, change: Change, check: str, words: str, others: set[str]
) -> None:
    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        proxy.change = change
        found = await probe_of(client, tenant)
    wrong = {name for name, one in found.items() if not one["ok"]} - {"public_url"}
    assert check in wrong
    assert words in found[check]["sentence"]
    assert wrong - {check} <= others, found


async def test_another_host_that_nobody_claims_does_no_harm(settings: Settings, tenant: Tenant) -> None:
    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        proxy.change = host("backend:8080")
        found = await probe_of(client, tenant)
    assert found["host"]["ok"]
    assert "backend:8080" in found["host"]["sentence"]
    assert found["signature"]["ok"]


async def test_a_prefix_that_the_proxy_cuts_off_is_no_fault(settings: Settings, tenant: Tenant) -> None:
    async with proxying() as proxy, behind(settings, proxy.url + "/chat", proxy) as client:
        proxy.change = rewrite("path", lambda path: path.removeprefix("/chat"))
        found = await probe_of(client, tenant)
        assert found["path"]["ok"]
        assert found["signature"]["ok"]
        proxy.change = lambda _request, _sent: None
        found = await probe_of(client, tenant)
        assert "not under the path" in found["reachable"]["sentence"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (web.Response(text="It works"), "Something else answers"),
        (web.Response(status=401, text="log in"), "status 401"),
        (web.Response(status=502), "status 502"),
        (web.json_response({"postgate_probe": {"nonce": "1"}}), "Something else answers"),
        (web.Response(body=b"x" * 200_000), "Something else answers"),
        (web.Response(status=308, headers={"Location": "https://www.example.org/hooks"}), "308 to https://www.example"),
    ],
    ids=["a page", "a login", "no backend", "almost", "endless", "redirect"],
)
async def test_somebody_elses_answer_is_told(
    settings: Settings, tenant: Tenant, answer: web.Response, words: str
) -> None:
    async def say() -> web.StreamResponse:
        return answer

    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        proxy.answer = say
        found = await probe_of(client, tenant)
    assert not found["reachable"]["ok"]
    assert words in found["reachable"]["sentence"]
    assert "signature" not in found


async def test_nothing_that_listens_is_told(settings: Settings, tenant: Tenant) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with behind(settings, f"http://127.0.0.1:{port}") as client:
        assert "Nothing answers" in (await probe_of(client, tenant))["reachable"]["sentence"]


async def test_a_name_without_an_address_is_told(settings: Settings, tenant: Tenant) -> None:
    async with behind(settings, "https://nowhere.invalid") as client:
        found = await probe_of(client, tenant)
    assert "can't be looked up" in found["reachable"]["sentence"]
    assert "can't be reached from outside" in found["public_url"]["sentence"]


async def test_an_answer_that_never_comes_is_told(
    settings: Settings, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.selftest.calling.SECONDS", 0.2)
    hanging = asyncio.Event()

    async def hang() -> web.StreamResponse:
        await hanging.wait()
        return web.Response()

    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        proxy.answer = hang
        assert "didn't answer within" in (await probe_of(client, tenant))["reachable"]["sentence"]
        hanging.set()


async def test_a_connection_that_breaks_off_is_told(settings: Settings, tenant: Tenant) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, behind(settings, f"http://127.0.0.1:{port}") as client:
        assert "broke off" in (await probe_of(client, tenant))["reachable"]["sentence"]


async def test_a_certificate_that_nobody_trusts_is_told(settings: Settings, tenant: Tenant, tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    async with proxying(context) as proxy, behind(settings, proxy.url, proxy) as client:
        found = await probe_of(client, tenant)
    assert "isn't one that providers trust" in found["reachable"]["sentence"]
    assert "self-signed" in found["reachable"]["sentence"]


async def test_a_port_without_tls_is_told(settings: Settings, tenant: Tenant) -> None:
    async with proxying() as proxy, behind(settings, proxy.url.replace("http:", "https:"), proxy) as client:
        assert "No encrypted connection" in (await probe_of(client, tenant))["reachable"]["sentence"]


async def test_a_connection_that_is_off_is_told_and_not_tried(settings: Settings, tenant: Tenant) -> None:
    path = f"/api/v1/connections/{tenant.integration('twilio')['id']}"
    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        async with client.patch(path, json={"status": "disabled"}, headers=tenant.auth) as answer:
            assert answer.status == 200
        found = await probe_of(client, tenant)
        assert not found["switched_on"]["ok"]
        assert proxy.passed == []


async def test_credentials_that_are_missing_are_told(settings: Settings, tenant: Tenant) -> None:
    path = f"/api/v1/connections/{tenant.integration('whatsapp_cloud')['id']}"
    nothing = {"credentials": {"verify_token": None, "access_token": None}}
    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        async with client.patch(path, json=nothing, headers=tenant.auth) as answer:
            assert answer.status == 200
        found = await probe_of(client, tenant, "whatsapp_cloud")
    assert "no verify token" in found["handshake"]["sentence"]
    assert "access_token" in found["sending"]["sentence"]
    assert found["signature"]["ok"]


async def test_refused_webhooks_are_counted_and_explained(settings: Settings, tenant: Tenant) -> None:
    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        hook = tenant.integration("whatsapp_cloud")
        post = whatsapp({**hook, "credentials": {"app_secret": "another"}}, [text(unique())])
        for _ in range(3):
            assert await post.send(client) == 401
        found = await probe_of(client, tenant, "whatsapp_cloud")
        assert found["refusals"]["sentence"].startswith("3 requests were refused in the last hour")
        assert "signature_mismatch" in found["refusals"]["sentence"]
        assert "secret here is likely not the one" in found["refusals"]["hint"]
        assert f"got {client._base_url}/hooks/{hook['id']}" in found["refusals"]["hint"]
        assert (await probe_of(client, tenant, "twilio"))["refusals"]["ok"]


async def test_the_browsers_address_is_compared(settings: Settings, tenant: Tenant) -> None:
    async with proxying() as proxy, behind(settings, proxy.url, proxy) as client:
        assert "browser_url" not in await probe_of(client, tenant)
        assert (await probe_of(client, tenant, Origin=proxy.url))["browser_url"]["ok"]
        found = await probe_of(client, tenant, Origin="https://inbox.example.org")
        assert "https://inbox.example.org" in found["browser_url"]["sentence"]


async def test_a_probe_of_somebody_else_is_a_webhook_like_any(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("twilio")
    for value in ("", "1.2.3", "9" * 30 + ".a.b", "x", "1767225600.n." + "0" * 64):
        post = twilio(hook)
        headers = {**post.headers, HEADER: value}
        async with client.post(post.path, data=post.body, headers=headers) as answer:
            assert answer.content_type == "text/xml"
    assert len(await webhooks(client, tenant)) == 5


def test_a_proof_counts_for_one_connection_and_a_while(master_key: str) -> None:
    time = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    mine, yours = UUID(int=1), UUID(int=2)
    proof = Probes(Keyring(master_key), lambda: time).proof(mine, "n")
    for later, connection, good in [
        (timedelta(), mine, True), (timedelta(minutes=10), mine, True), (timedelta(minutes=-10), mine, True),
        (timedelta(minutes=20), mine, False), (timedelta(), yours, False),
    ]:  # fmt: skip
        moment = time + later
        probes = Probes(Keyring(master_key), partial(_same, moment))
        assert bool(probes._nonce(proof, connection)) is good


def _same(moment: datetime.datetime) -> datetime.datetime:
    return moment


def test_refusals_are_bounded_and_forgotten_after_an_hour() -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    refusals = Refusals(lambda: now)
    for _ in range(KEPT + 5):
        refusals.note(UUID(int=1), SignatureInvalid("timestamp_too_old", "too long ago"), "https://a.example.org/x")
    lately = refusals.lately(UUID(int=1))
    assert lately is not None
    assert (lately.count, lately.at_least) == (KEPT, True)
    check = findings.of_refusals(lately, "https://a.example.org/x")
    assert check.sentence.startswith(f"More than {KEPT} requests were refused")
    assert "clock" in (check.hint or "")
    now += timedelta(hours=2)
    assert refusals.lately(UUID(int=1)) is None
    assert findings.of_refusals(None, "").ok


def test_clocks_that_differ_are_told() -> None:
    now = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    assert findings.of_clocks(findings.Clocks(now, now), None).ok
    check = findings.of_clocks(findings.Clocks(now, now + timedelta(seconds=90)), None)
    assert (check.ok, "90 seconds apart" in check.sentence) == (False, True)


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        ("https://chat.example.org", True), ("http://chat.example.org", False), ("https://127.0.0.1:8080", False),
        ("https://10.1.2.3", False), ("https://localhost", False), ("https://gateway", False),
        ("https://chat.local", False), ("https://[::1]", False), ("https://203.0.114.7", True),
    ],
)  # fmt: skip
def test_an_address_that_providers_cannot_use_is_told(url: str, ok: bool) -> None:
    [check] = findings.of_public_url(url, None)
    assert check.ok is ok


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_each_providers_connection_can_be_tested(served: Served, tenant: Tenant, provider: str) -> None:
    found = await probe_of(served.client, tenant, provider)
    assert found["sending"]["sentence"]
    assert ("reachable" in found) is ADAPTERS[provider].posted


async def test_only_managers_test(served: Served, tenant: Tenant, database: Database) -> None:
    await served.log_in(tenant)
    await database.fetch("UPDATE memberships SET role = 'viewer'")
    path = f"/api/v1/connections/{tenant.integration('twilio')['id']}/self-test"
    await served.problem("POST", path, 403, "forbidden", headers=ORIGIN)


def self_signed(folder: Path) -> ssl.SSLContext:
    """Make a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway.test")])
    now = datetime.datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "self-signed.pem"
    file.write_bytes(private + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
