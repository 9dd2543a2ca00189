"""The ways in, as an attacker tries them: what is told, whom guessing locks out, which cookies can be forced."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp import ClientResponse
from argon2 import PasswordHasher

from gateway.api import routes
from tests.api.conftest import ORIGIN, Served
from tests.api.people import browser, colleague
from tests.conftest import Database, Tenant

LOGIN = "/api/v1/login"
HTTPS = "https://gateway.test"
TRIES = 2


@pytest.fixture
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password may be guessed at less often: each try costs what a login costs."""
    monkeypatch.setattr(routes, "TRIES_PER_ADDRESS", TRIES)


async def test_an_address_that_is_nobodys_costs_and_says_what_a_wrong_password_does(
    served: Served, tenant: Tenant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("kim", "sam", "alex"):
        await colleague(database, tenant, "operator", name=name)
    await database.fetch("UPDATE users SET password_hash = NULL WHERE email = 'sam@example.org'")
    await database.fetch("UPDATE users SET status = 'disabled' WHERE email = 'alex@example.org'")
    checked: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, stored: str, password: str) -> bool:
        checked.append(stored.rpartition("$")[0].rpartition("$")[0])  # its kind and its costs
        return bool(real(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    told = []
    for who in ("nobody", "kim", "sam", "alex"):
        body = {"email": f"{who}@example.org", "password": "a loud harbour"}
        told.append(await served.problem("POST", LOGIN, 401, "login_failed", json=body, headers=ORIGIN))
    assert told == [told[0]] * 4
    assert checked == [checked[0]] * 4
    assert checked[0].startswith("$argon2id$")


async def test_who_guesses_elsewhere_locks_nobody_out_of_their_own_browser(
    few_tries: None, served: Served, tenant: Tenant, database: Database
) -> None:
    kim, sam = await colleague(database, tenant, "operator"), await colleague(database, tenant, "viewer", name="sam")
    async with browser(served) as known, browser(served) as stranger:
        await known.log_in(kim.email)
        for _ in range(TRIES):
            await stranger.log_in(kim.email, "a guess or two", status=401)
        await stranger.log_in(kim.email, status=429)
        await known.send("POST", "/logout", status=204)
        await known.log_in(kim.email)
        for _ in range(TRIES):  # it has tries of its own, and not more of them
            await known.log_in(kim.email, "a guess or two", status=401)
        await known.log_in(kim.email, status=429)
        await stranger.log_in(sam.email)  # nor is anybody else kept out
        await stranger.log_in(kim.email, status=429)  # to be known as somebody else helps nobody


async def test_a_reset_asked_for_by_a_stranger_keeps_nobody_from_being_invited(served: Served, tenant: Tenant) -> None:
    for _ in range(5):
        async with served.client.post("/api/v1/password-reset", json={"email": "kim@example.org"}) as answer:
            assert answer.status == 202
    await served.problem("POST", "/api/v1/password-reset", 429, "too_many_requests", json={"email": "kim@example.org"})
    body = {"email": "kim@example.org", "role": "viewer"}
    async with served.client.post("/api/v1/invitations", json=body, headers=tenant.auth) as answer:
        assert answer.status == 201


async def test_a_link_in_a_letter_is_of_the_gateways_own_address(
    served: Served, tenant: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    lies = {
        "Host": "evil.test",
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "http",
        "Forwarded": "host=evil.test",
    }
    async with served.client.post("/api/v1/password-reset", json={"email": kim.email}, headers=lies) as answer:
        assert answer.status == 202
    await served.neighbours.written()
    assert "evil.test" not in served.neighbours.letters[0].text
    assert "http://gateway.test/reset#" in served.neighbours.letters[0].text


class TestHttps:
    """The same gateway behind a proxy that ends the encryption."""

    @pytest.fixture
    def public_url(self) -> str:
        return HTTPS

    async def test_cookies_are_of_this_host_alone(self, served: Served, tenant: Tenant) -> None:
        body = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
        forced = "A" * 64  # by a neighbour's page, before the login
        headers = {"Origin": HTTPS, "Cookie": f"__Host-postgate_session={forced}; postgate_session={forced}"}
        async with served.client.post(LOGIN, json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
            given = cookies_of(answer)
        assert set(given) == {"__Host-postgate_session", "__Host-postgate_browser"}
        for cookie in given.values():
            assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert given["__Host-postgate_session"]["samesite"] == "Lax"
        assert given["__Host-postgate_browser"]["samesite"] == "Strict"
        token = given["__Host-postgate_session"].value
        assert token != forced
        for name, status in (("postgate_session", 401), ("__Host-postgate_session", 200)):
            async with served.client.get("/api/v1/me", headers={"Cookie": f"{name}={token}"}) as answer:
                assert answer.status == status
        headers = {"Origin": HTTPS, "Cookie": f"__Host-postgate_session={token}"}
        async with served.client.post("/api/v1/logout", headers=headers) as answer:
            assert cookies_of(answer)["__Host-postgate_session"].value == ""
        async with served.client.get("/api/v1/me", headers=headers) as answer:
            assert answer.status == 401

    async def test_a_page_without_encryption_is_another_site(self, served: Served, tenant: Tenant) -> None:
        body = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
        await served.problem("POST", LOGIN, 403, "origin_mismatch", json=body, headers=ORIGIN)


def cookies_of(answer: ClientResponse) -> dict[str, Any]:
    """Return the cookies that an answer sets, however the client takes them."""
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.getall("Set-Cookie", []):
        found.load(line)
    return dict(found)
