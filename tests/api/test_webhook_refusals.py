"""What can't be entered as an endpoint: each refusal names the place, and nothing is stored."""

import base64
from typing import Any

import pytest

from tests.api.conftest import Served
from tests.api.hooks import URL, Owner
from tests.conftest import Database, Tenant

INSIDE = {
    "inside.example.org": ["10.0.0.7"],
    "both.example.org": ["1.1.1.1", "169.254.169.254"],
    "gone.example.org": [],
    "metadata.google.internal": [],
    "intranet": [],
}
OAUTH = {"type": "oauth2", "token_url": "https://login.example.org/token", "client_id": "c", "client_secret": "s"}
#: What is entered beside a good URL, where the fault is, and a word of what is said.
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no https": ({"url": "http://integrator.example.org/"}, "/url", "http"),
    "a login": ({"url": "https://user:word@integrator.example.org/"}, "/url", "login"),
    "a fragment": ({"url": f"{URL}#top"}, "/url", "fragment"),
    "a port": ({"url": "https://integrator.example.org:70000/"}, "/url", "port"),
    "no host": ({"url": "https:///hooks"}, "/url", "host"),
    "no URL": ({"url": "hooks"}, "/url", "https"),
    "a private address": ({"url": "https://192.168.1.9/hooks"}, "/url", ""),
    "an odd spelling of loopback": ({"url": "https://0x7f.1/"}, "/url", ""),
    "loopback in IPv6": ({"url": "https://[::ffff:127.0.0.1]/"}, "/url", ""),
    "a name that leads inside": ({"url": "https://inside.example.org/"}, "/url", ""),
    "a name that leads inside, too": ({"url": "https://both.example.org/"}, "/url", ""),
    "a name that is never public": ({"url": "https://metadata.google.internal/"}, "/url", "no address"),
    "a word": ({"url": "https://intranet/"}, "/url", "no address"),
    "no such event": ({"event_types": ["message.created", "mesage.*"]}, "/event_types/1", "message.created, "),
    "half a word": ({"event_types": ["mess*"]}, "/event_types/0", "pattern"),
    "a ping": ({"event_types": ["webhook_endpoint.ping"]}, "/event_types/0", "asked for"),
    "no types": ({"event_types": []}, "/event_types", "at least 1"),
    "no channels": ({"channel_ids": []}, "/channel_ids", "at least 1"),
    "a name with a colon": ({"auth": {"type": "basic", "username": "a:b", "password": ""}}, "/auth/username", ""),
    "no password": ({"auth": {"type": "basic", "username": "a"}}, "/auth/password", "needed"),
    "no token": ({"auth": {"type": "bearer"}}, "/auth/token", "needed"),
    "a token with a break": ({"auth": {"type": "bearer", "token": "a\r\nb: c"}}, "/auth/token", ""),
    "an unknown login": ({"auth": {"type": "digest"}}, "/auth", "digest"),
    "two logins": ({"auth": {"type": "bearer", "token": "t", "username": "u"}}, "/auth/username", ""),
    "no headers": ({"auth": {"type": "headers"}}, "/auth/headers", "needed"),
    "a header without value": ({"auth": {"type": "headers", "headers": {"X-Key": None}}}, "/auth/headers/X-Key", ""),
    "our signature": ({"auth": {"type": "headers", "headers": {"Webhook-Id": "1"}}}, "/auth/headers/Webhook-Id", ""),
    "a token URL inside": ({"auth": {**OAUTH, "token_url": "https://10.9.9.9/"}}, "/auth/token_url", ""),
    "no client": ({"auth": {**OAUTH, "client_secret": None}}, "/auth/client_secret", "needed"),
    "a scope with a quote": ({"auth": {**OAUTH, "scope": 'a "b"'}}, "/auth/scope", ""),
    "a login as a header": ({"headers": {"Authorization": "Bearer x"}}, "/headers/Authorization", "auth"),
    "a header twice": ({"headers": {"X-A": "1", "x-a": "2"}}, "/headers/x-a", "X-A"),
    "a name with a blank": ({"headers": {"X A": "1"}}, "/headers/X A", ""),
    "a value with a break": ({"headers": {"X-A": "1\r\nX-B: 2"}}, "/headers/X-A", ""),
    "a value with a blank before": ({"headers": {"X-A": " 1"}}, "/headers/X-A", ""),
    "a value in Greek": ({"headers": {"X-A": "λ"}}, "/headers/X-A", ""),
    "too many headers": ({"headers": {f"X-{n}": "" for n in range(21)}}, "/headers", "at most 20"),
    "too large headers": ({"headers": {"X-A": "a" * 2500, "X-B": "b" * 2500}}, "/headers", "4096"),
    "an unknown scheme": ({"schemes": ["v2"]}, "/schemes/0", "v1a"),
    "a weak secret": ({"secret": f"whsec_{base64.b64encode(b'k' * 23).decode()}"}, "/secret", "24"),
    "a long secret": ({"secret": base64.b64encode(b"k" * 65).decode()}, "/secret", "64"),
    "a secret that is none": ({"secret": "whsec_===="}, "/secret", ""),
    "no attempt": ({"retry_seconds": []}, "/retry_seconds", "at least 1"),
    "too many attempts": ({"retry_seconds": [0] * 21}, "/retry_seconds", "at most 20"),
    "a long wait": ({"retry_seconds": [0, 259_201]}, "/retry_seconds/1", "259200"),
    "long waits": ({"retry_seconds": [200_000] * 14}, "/retry_seconds", "30 days"),
    "no time": ({"timeout_ms": 999}, "/timeout_ms", "1000"),
    "much time": ({"timeout_ms": 30_001}, "/timeout_ms", "30000"),
    "half a millisecond": ({"timeout_ms": 2000.5}, "/timeout_ms", "integer"),
    "none in flight": ({"max_in_flight": 0}, "/max_in_flight", "1"),
    "very slow": ({"per_second": 0.01}, "/per_second", "0.1"),
    "no number": ({"per_second": float("nan")}, "/per_second", "finite"),
    "another order": ({"ordering": "strict"}, "/ordering", "conversation"),
    "a status": ({"status": "disabled"}, "/status", ""),
    "two lines": ({"description": "a\nb"}, "/description", ""),
}  # fmt: skip
DANGEROUS = (
    "Host", "Content-Length", "content-type", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "TE",
    "Trailer", "Upgrade", "Expect", "Proxy-Authorization", "Accept-Encoding", "Cookie", "User-Agent", "Via",
    "Forwarded", "X-Forwarded-For", "X-Real-IP", "Date", "Webhook-Signature", "Postgate-Seq", "svix-id",
    "X-Hub-Signature-256", "Stripe-Signature", "Metadata-Flavor", "X-aws-ec2-metadata-token",
    "X-HTTP-Method-Override", "Sec-Fetch-Site",
)  # fmt: skip


@pytest.fixture
def owner(served: Served, database: Database, tenant: Tenant, master_key: str) -> Owner:
    """Whoever manages the endpoints."""
    return Owner(served, database, tenant, master_key)


async def test_what_is_not_acceptable_is_named(
    owner: Owner, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    owner.served.neighbours.names.update(INSIDE)
    key = (await owner.ask("POST", "", 201, {"url": URL}))["id"]
    found, expected, said = {}, {}, []
    for name, (body, place, word) in REFUSED.items():
        for method, path in (("POST", ""), ("PATCH", f"/{key}")):
            if method == "PATCH" and name in {"a status", "a weak secret", "a long secret", "a secret that is none"}:
                continue
            problem = await owner.ask(method, path, 422, {"url": URL, **body})
            said.append(str(problem))
            found[f"{name} {method}"] = problem["errors"][0]["pointer"]
            expected[f"{name} {method}"] = place
            assert word in problem["errors"][0]["detail"], name
    assert found == expected
    headers = dict.fromkeys(DANGEROUS, "1")
    for some in (DANGEROUS[:15], DANGEROUS[15:]):
        problem = await owner.ask("POST", "", 422, {"url": URL, "headers": {name: headers[name] for name in some}})
        assert [one["pointer"] for one in problem["errors"]] == [f"/headers/{name}" for name in some]
    assert await database.value("SELECT count(*) FROM webhook_endpoints") == 1
    assert len(await owner.told()) == 1
    everything = "".join(said) + "".join(capfd.readouterr())
    assert [word for word in ("10.0.0.7", "169.254", "Bearer x", "kkkk", "a2tra2tr") if word in everything] == []


async def test_what_is_odd_but_right_is_taken(owner: Owner) -> None:
    owner.served.neighbours.names.update(INSIDE)
    for body in (
        {"url": "https://gone.example.org/not/yet?there=1"},
        {"url": "https://bücher.example/"},
        {"url": "https://[2606:4700:4700::1111]:8443/"},
        {"headers": {"X-Empty": "", "X-Tab": "a\tb", "X~Odd": "~"}},
        {"auth": {"type": "basic", "username": "", "password": "Größe:1"}},
        {"auth": {"type": "headers", "headers": {"Cookie": "a=b"}}, "headers": {"X-GitHub-Event": "push"}},
        {"event_types": ["*.updated", "*", "message.*"], "schemes": ["stripe", "stripe"]},
        {"retry_seconds": [259_200] * 10, "per_second": 0.1},
    ):
        made = await owner.ask("POST", "", 201, {"url": URL, **body})
        assert made["url"] == body.get("url", URL)
