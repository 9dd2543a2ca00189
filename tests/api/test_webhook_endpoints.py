"""Endpoints from their making to their end: what is told of them, and what never is."""

import asyncio
import base64
from collections import Counter
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.api.endpoints.managing import MOST_ENDPOINTS
from gateway.model.endpoint import EndpointNews
from gateway.model.endpoint_secrets import EndpointSecrets
from gateway.model.event_types import PING
from gateway.model.ids import parse
from tests.api.conftest import Served
from tests.api.hooks import PATH, URL, Owner
from tests.api.writing import channel
from tests.conftest import Database, Tenant, new_id

LANE = "SELECT * FROM webhook_lanes WHERE endpoint_id = $1"
ILL = """
UPDATE webhook_lanes SET cap = 7, failures = 9, backoff_until = now() + interval '1 hour', failing_since = now(),
    due_at = NULL
WHERE endpoint_id = $1
"""
MORE = """
INSERT INTO webhook_endpoints (tenant_id, id, url, key_id, sealed, since_seq)
SELECT tenant_id, gen_random_uuid(), url, key_id, sealed, 0 FROM webhook_endpoints, generate_series(1, $1)
"""


@pytest.fixture
def owner(served: Served, database: Database, tenant: Tenant, master_key: str) -> Owner:
    """Whoever manages the endpoints."""
    return Owner(served, database, tenant, master_key)


async def test_an_endpoint_lives(owner: Owner, database: Database, capfd: pytest.CaptureFixture[str]) -> None:
    login = {"type": "oauth2", "token_url": "https://login.example.org/token", "client_id": "pg", "client_secret": "s3"}
    body = {"url": URL, "event_types": ["message.*", "label.updated"], "auth": login, "schemes": ["v1a", "github"]}
    made = await owner.ask("POST", "", 201, body)
    first, key = made.pop("secret"), made["id"]
    row = parse("ep", key)
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == 32
    assert await owner.ask("GET", f"/{key}", 200) == made
    assert (await owner.ask("GET", "", 200))["data"] == [made]
    assert made["auth"] == {k: v for k, v in login.items() if k != "client_secret"} | {"scope": ""}
    news = {name: made[name] for name in EndpointNews.model_fields if name != "host"}
    assert await owner.told() == [(made["since_seq"], {**news, "host": "integrator.example.org"})]
    assert await database.value("SELECT dispatched_seq FROM delivery_heads") == made["since_seq"]
    stored = await owner.secrets(key)
    assert (stored.secrets[0].value, stored.login.client_secret) == (first, "s3")

    tag = await owner.tag(key)
    changed = await owner.ask(
        "PATCH", f"/{key}", 200, {"description": "Orders", "per_second": 2.5}, **{"If-Match": tag}
    )
    assert changed == {**made, "description": "Orders", "per_second": 2.5, "updated_at": changed["updated_at"]}
    problem = await owner.ask("PATCH", f"/{key}", 412, {"description": "Late"}, **{"If-Match": tag})
    assert problem["code"] == "changed_meanwhile"

    rotated = await owner.ask("POST", f"/{key}/rotate-secret", 200, {"overlap_seconds": 60, "probe": True})
    second, probe = rotated.pop("secret"), rotated.pop("probe")
    assert await owner.ask("GET", f"/{key}", 200) == rotated
    assert [one["expires_at"] is None for one in rotated["secrets"]] == [True, False]
    assert rotated["public_key"] != made["public_key"]
    new = rotated["secrets"][0]["id"]
    kept = await owner.secrets(key)
    assert [one.value for one in kept.secrets] == [second, first]
    assert kept.keys[0].id == new
    delivery = await database.fetch("SELECT kind, secret_id, body FROM webhook_deliveries")
    assert [(one["kind"], one["secret_id"]) for one in delivery] == [("ping", new)]
    assert (probe["kind"], probe["status"], probe["held_reason"]) == ("ping", "PENDING", None)

    await switch(owner, database, rotated)
    await owner.ask("DELETE", f"/{key}", 412, None, **{"If-Match": '"old"'})
    await owner.ask("DELETE", f"/{key}", 204)
    for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/ping"), ("GET", "/health")):
        assert (await owner.ask(method, f"/{key}{rest}", 404, {} if method == "PATCH" else None))["code"] == "not_found"
    assert (await owner.ask("GET", "", 200))["data"] == []
    assert await owner.secrets(key) == EndpointSecrets(secrets=[])
    assert (await database.fetch(LANE, row))[0]["due_at"] is None
    told = [one for _, one in await owner.told()]
    assert [one["status"] for one in told] == ["enabled"] * 3 + ["disabled"] + ["enabled"] * 2
    assert [one["deleted_at"] is None for one in told] == [True] * 5 + [False]
    assert owner.served.neighbours.endpoints == [row] * 6
    assert await database.value("SELECT version FROM webhook_endpoints") == 6
    everything = "".join(capfd.readouterr()) + orjson.dumps([told, made, changed, rotated]).decode()
    assert not any(word in everything for word in (first, second, "s3", "whsec_", "whsk_"))


async def switch(owner: Owner, database: Database, before: Any) -> None:
    """Disable an endpoint, let it fall ill, and enable it: nothing is left of that."""
    path, row = f"/{before['id']}", parse("ep", before["id"])
    off = await owner.ask("PATCH", path, 200, {"status": "disabled"})
    assert (off["status"], off["disabled_reason"]) == ("disabled", "member")
    assert off["disabled_at"] is not None
    await database.fetch(ILL, row)
    on = await owner.ask("PATCH", path, 200, {"status": "enabled"})
    assert on == {**before, "updated_at": on["updated_at"]}
    lane = (await database.fetch(LANE, row))[0]
    assert (lane["cap"], lane["failures"], lane["failing_since"]) == (1, 0, None)
    assert lane["due_at"] is not None
    assert await database.value("SELECT backoff_until < now() FROM webhook_lanes WHERE endpoint_id = $1", row)


async def test_a_ping_is_an_event_that_everybody_gets(owner: Owner, database: Database) -> None:
    key = (await owner.ask("POST", "", 201, {"url": URL, "event_types": ["label.updated"]}))["id"]
    await owner.ask("PATCH", f"/{key}", 200, {"status": "disabled"})
    await database.fetch("UPDATE webhook_lanes SET due_at = NULL")
    delivery = await owner.ask("POST", f"/{key}/ping", 202)
    assert (delivery["endpoint_id"], delivery["event_type"], delivery["seq"]) == (key, PING, None)
    assert await database.value("SELECT due_at <= now() FROM webhook_lanes")
    body = orjson.loads(await database.value("SELECT body FROM webhook_deliveries WHERE kind = 'ping'"))
    assert (body["id"], body["seq"], body["data"]) == (delivery["event_id"], 0, {"endpoint_id": key})
    for _ in range(9):
        await owner.ask("POST", f"/{key}/ping", 202)
    assert (await owner.ask("POST", f"/{key}/ping", 429))["code"] == "too_many_requests"
    assert (await owner.ask("POST", f"/{key}/rotate-secret", 429, {"probe": True}))["code"] == "too_many_requests"
    assert len((await owner.ask("GET", f"/{key}", 200))["secrets"]) == 1


async def test_secrets_are_replaced_with_an_overlap(owner: Owner) -> None:
    given = f"whsec_{base64.b64encode(b'k' * 24).decode()}"
    made = await owner.ask("POST", "", 201, {"url": URL, "secret": given, "schemes": ["v1a"]})
    key, rotate = made["id"], f"/{made['id']}/rotate-secret"
    assert made["secret"] == given
    problem = await owner.ask("POST", rotate, 422, {"secret": given.removeprefix("whsec_")})
    assert problem["errors"][0]["pointer"] == "/secret"
    for _ in range(4):
        await owner.ask("POST", rotate, 200, {"overlap_seconds": 3600})
    assert (await owner.ask("POST", rotate, 409, {}))["code"] == "wrong_state"
    shorter = await owner.secrets(key)
    assert [one.expires_at is None for one in shorter.secrets] == [True, False, False, False, False]
    for shared, private in zip(shorter.secrets, shorter.keys, strict=True):
        pair = base64.b64decode(private.value.removeprefix("whsk_"))
        Ed25519PublicKey.from_public_bytes(pair[32:]).verify(
            Ed25519PrivateKey.from_private_bytes(pair[:32]).sign(b"x"), b"x"
        )
        assert private.expires_at == shared.expires_at
    assert [one.id for one in shorter.secrets[:4]] == [one.id for one in shorter.keys[:4]]
    owner.served.neighbours.ahead = timedelta(hours=2)
    await owner.ask("POST", rotate, 200, {"overlap_seconds": 3600})
    later = await owner.secrets(key)
    assert [one.value for one in later.secrets][1:] == [shorter.secrets[0].value]
    at_once = await owner.ask("POST", rotate, 200, {"overlap_seconds": 0})
    assert [one["id"] for one in at_once["secrets"]] == [(await owner.secrets(key)).secrets[0].id]
    assert (await owner.ask("PATCH", f"/{key}", 200, {"schemes": ["github"]}))["public_key"] is None
    assert (await owner.secrets(key)).keys == []


async def test_stored_logins_go_to_no_other_server(owner: Owner) -> None:
    login = {"type": "headers", "headers": {"X-Api-Key": "k1", "Authorization": "Token t1"}}
    key = (await owner.ask("POST", "", 201, {"url": URL, "auth": login}))["id"]

    async def change(status: int, **body: Any) -> Any:
        return await owner.ask("PATCH", f"/{key}", status, body)

    async def stored() -> Any:
        return (await owner.secrets(key)).login

    assert (await change(200, url=f"{URL}/v2"))["auth"] == {
        "type": "headers",
        "headers": ["X-Api-Key", "Authorization"],
    }
    elsewhere = "https://elsewhere.example.org/"
    assert (await change(422, url=elsewhere))["errors"][0]["pointer"] == "/auth/headers"
    half = {"type": "headers", "headers": {"X-Api-Key": "k2", "Authorization": None}}
    assert (await change(422, url=elsewhere, auth=half))["errors"][0]["pointer"] == "/auth/headers"
    await change(200, auth=half)
    assert (await stored()).headers == {"X-Api-Key": "k2", "Authorization": "Token t1"}
    await change(422, auth={"type": "headers", "headers": {"X-Other": None}})
    assert (await change(422, headers={"x-api-key": "seen"}))["errors"][0]["pointer"] == "/headers/x-api-key"
    await change(200, url=elsewhere, auth={"type": "headers", "headers": {"X-Api-Key": "k3"}})

    assert (await change(422, auth={"type": "basic", "username": "pg"}))["errors"][0]["pointer"] == "/auth/password"
    await change(200, auth={"type": "basic", "username": "pg", "password": ""})
    assert (await change(200, auth={"type": "basic", "username": "pg2"}))["auth"]["username"] == "pg2"
    token = {"type": "oauth2", "token_url": "https://a.example.org/t", "client_id": "c", "client_secret": "s"}
    await change(200, auth=token)
    assert (await stored()).password == ""
    moved = {"type": "oauth2", "token_url": "https://b.example.org/t"}
    assert (await change(422, auth=moved))["errors"][0]["pointer"] == "/auth/client_secret"
    await change(200, auth={**moved, "client_secret": "s2", "scope": "read write"})
    found = await stored()
    assert (found.token_url, found.client_id, found.client_secret) == ("https://b.example.org/t", "c", "s2")
    assert found.scope == "read write"
    assert (await change(200, auth={"type": "none"}))["auth"] == {"type": "none"}
    assert (await change(200, url=URL))["url"] == URL


async def test_there_are_so_many_endpoints_and_no_more(owner: Owner, database: Database, other: Tenant) -> None:
    theirs = {"url": URL, "channel_ids": [channel(other, "twilio", "sms")]}
    assert (await owner.ask("POST", "", 422, theirs))["errors"][0]["pointer"] == "/channel_ids"
    unknown = {"url": URL, "label_ids": [f"lbl_{new_id().hex}"]}
    assert (await owner.ask("POST", "", 422, unknown))["errors"][0]["pointer"] == "/label_ids"
    key = (await owner.ask("POST", "", 201, {"url": URL}))["id"]
    await database.fetch(MORE, MOST_ENDPOINTS - 2)
    assert await at_once(owner, "POST", "", {"url": URL}) == {201: 1, 409: 2}
    assert await database.value("SELECT count(*) FROM webhook_endpoints") == MOST_ENDPOINTS
    tag = await owner.tag(key)
    assert await at_once(owner, "PATCH", f"/{key}", {"description": "x"}, **{"If-Match": tag}) == {200: 1, 412: 2}


async def at_once(owner: Owner, method: str, path: str, body: Any, **headers: str) -> Counter[int]:
    """Send the same request three times at once; returns how often each status was answered."""

    async def one() -> int:
        sent = {**owner.tenant.auth, **headers}
        async with owner.served.client.request(method, f"{PATH}{path}", json=body, headers=sent) as answer:
            return answer.status

    return Counter(await asyncio.gather(one(), one(), one()))
