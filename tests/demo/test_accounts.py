"""The demo tenant: a connection to each provider, valid for its adapter, and signed as the provider would."""

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.http import Headers, HttpRequest
from channels.registry import ADAPTERS
from gateway.demo import accounts
from gateway.demo import tenant as demo_tenant
from gateway.keys import Keyring
from gateway.model.provider import kinds_of
from tests.conftest import Database, Tenant, new_id

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
BODY = b'{"a": "\xc3\xbc"}'


@pytest.fixture(scope="module")
def facts() -> Any:
    """A tenant's facts."""
    return demo_tenant.make(new_id, "demo")


def of(facts: Any, provider: str) -> Any:
    """The connection to a provider."""
    return next(one for one in facts["integrations"] if one["provider"] == provider)


@pytest.mark.parametrize("provider", ADAPTERS)
def test_there_is_a_connection_to_each_provider(facts: Any, provider: str) -> None:
    adapter, found = ADAPTERS[provider], of(facts, provider)
    credentials = adapter.credentials.model_validate(found["credentials"])
    assert {channel["kind"] for channel in found["channels"]} <= set(kinds_of(adapter))
    assert found["channels"]
    if adapter.sign is not None:
        # SendGrid signs its events with a key of its own; only what its Inbound Parse posts may come with a login.
        kind = "multipart/form-data; boundary=x" if provider == "sendgrid" else "application/json"
        fields = Headers.of({"content-type": kind})
        request = HttpRequest("POST", "https://demo.postgate.test/hooks/int_1", fields, BODY)
        adapter.verify(adapter.sign(request, credentials, NOW), credentials, NOW)


@pytest.mark.parametrize("provider", ["infobip", "postmark"])
def test_a_provider_that_nothing_is_known_of_gets_an_account_as_well(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "ACCOUNTS", {})
    adapter = replace(ADAPTERS[provider], provider="new")
    first = accounts.account_at(adapter, set())
    adapter.credentials.model_validate(first.credentials)
    second = accounts.account_at(adapter, {address for _, address, _ in first.channels})
    assert first.credentials != second.credentials
    if provider == "infobip":
        assert {kind for kind, _, _ in first.channels} == {"sms", "whatsapp"}
        assert first.channels != second.channels
    else:
        assert first.channels == (("email", "new@demo.postgate.test", "Postmark"),)


def test_no_two_connections_have_an_address_in_common(facts: Any) -> None:
    used = [{channel["address"] for channel in one["channels"]} for one in facts["integrations"]]
    assert len(set().union(*used)) == sum(map(len, used))


def test_what_is_made_is_of_this_installation_alone(facts: Any) -> None:
    another = demo_tenant.make(new_id, "demo")
    for one in facts["integrations"]:
        if one["provider"] != "ses":  # whose only credential names a topic
            assert one["credentials"] != of(another, one["provider"])["credentials"]


def test_the_private_halves_sign(facts: Any) -> None:
    telnyx = of(facts, "telnyx")
    key = load_pem_private_key(telnyx["signing_keys"]["public_key"].encode(), None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    stamp = str(int(NOW.timestamp()))
    signature = base64.b64encode(key.sign(f"{stamp}|".encode() + BODY)).decode()
    headers = Headers.of({"telnyx-signature-ed25519": signature, "telnyx-timestamp": stamp})
    _verified("telnyx", telnyx, headers)
    sendgrid = of(facts, "sendgrid")
    key = load_pem_private_key(sendgrid["signing_keys"]["verification_key"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = base64.b64encode(key.sign(stamp.encode() + BODY, ec.ECDSA(hashes.SHA256()))).decode()
    prefix = "x-twilio-email-event-webhook-"
    _verified("sendgrid", sendgrid, Headers.of({f"{prefix}signature": signature, f"{prefix}timestamp": stamp}))


def _verified(provider: str, found: Any, headers: Headers) -> None:
    adapter = ADAPTERS[provider]
    request = HttpRequest("POST", "https://demo.postgate.test/hooks/int_1", headers, BODY)
    adapter.verify(request, adapter.credentials.model_validate(found["credentials"]), NOW)


async def test_a_tenant_of_an_earlier_version_gets_what_it_lacks(
    database: Database, master_key: str, facts: Any
) -> None:
    earlier = {**facts, "integrations": facts["integrations"][:3]}
    keyring = Keyring(master_key)
    await demo_tenant.ensure(database.admin_url, keyring, earlier, new_id)
    now = demo_tenant.completed(earlier, new_id)
    assert [one["provider"] for one in now["integrations"]] == [one["provider"] for one in facts["integrations"]]
    assert now["integrations"][:3] == earlier["integrations"]
    for _ in range(2):
        await demo_tenant.ensure(database.admin_url, keyring, now, new_id)
        count = "SELECT count(*) FROM external_integrations"
        assert await database.value(count) == len(ADAPTERS)
    assert demo_tenant.completed(now, new_id) is now


async def test_the_gateway_knows_all_of_them(client: ClientSession, tenant: Tenant) -> None:
    async with client.get("/api/v1/connections", headers=tenant.auth) as answer:
        shown = {one["id"]: one for one in (await answer.json())["data"]}
    for one in tenant.ready["integrations"]:
        assert shown[one["id"]]["provider"] == one["provider"]
        assert shown[one["id"]]["hook_url"] == (one["hook_url"] if ADAPTERS[one["provider"]].posted else None)
        assert {c["id"] for c in shown[one["id"]]["channels"]} == {c["id"] for c in one["channels"]}


async def test_connections_are_led_to_a_simulator_unless_somebody_led_them_elsewhere(
    database: Database, tenant: Tenant
) -> None:
    entered = (
        "UPDATE external_integrations SET config = '{\"base_url\": \"https://proxy.test\"}' WHERE provider = 'twilio'"
    )
    await database.script(entered)
    for port in (4711, 4712):
        wanted = {"twilio", "postmark", "sendgrid"}
        await demo_tenant.lead_to(database.app_url, tenant.facts, wanted, f"http://127.0.0.1:{port}")
    found = await database.fetch("SELECT provider, config ->> 'base_url' AS url FROM external_integrations")
    led = {row["provider"]: row["url"] for row in found if row["url"]}
    ours = "http://127.0.0.1:4712"
    assert led == {"twilio": "https://proxy.test", "postmark": ours, "sendgrid": ours}
