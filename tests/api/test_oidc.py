"""Signing in through an identity provider: who comes in, and who does not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, CookieJar

from gateway.outgoing.http import Calls
from gateway.people.single_sign_on import Client, SingleSignOn
from tests.api.conftest import Served
from tests.api.people import Browser, browser, colleague, logged_in, owner
from tests.api.test_second_factor import code, enrol, finish
from tests.conftest import Database, Tenant
from tests.people.provider import CLIENT, SECRET, Provider, running

BEGIN = "/api/v1/login/oidc"
LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running(Provider()) as served:
        yield served


@pytest.fixture
async def single_sign_on(provider: Provider) -> AsyncIterator[SingleSignOn]:
    """The provider of these tests, as the gateway knows it."""
    client = Client(issuer=provider.url, client_id=CLIENT, client_secret=SECRET, name="Staff")
    async with Calls(LOOPBACK) as calls:
        yield SingleSignOn(client, lambda request, limit: calls.send(request, limit=limit), lambda: datetime.now(UTC))


async def led_to(opened: Browser, path: str) -> str:
    """Return where a browser is led to."""
    async with opened.session.get(path, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.headers["Location"]


async def sign_in(opened: Browser, provider: Provider) -> str:
    """Go there and come back; returns where the gateway leads to then."""
    back = urlsplit(provider.sign_in(await led_to(opened, BEGIN)))
    return await led_to(opened, f"{back.path}?{back.query}")


async def test_a_member_signs_in(served: Served, tenant: Tenant, database: Database, provider: Provider) -> None:
    kim = await colleague(database, tenant, "operator")
    async with served.client.get("/api/v1/login") as answer:
        assert (await answer.json())["single_sign_on"] == "Staff"
    provider.claims["email"] = "KIM@example.org"
    async with browser(served) as opened:
        assert await sign_in(opened, provider) == "/"
        assert (await opened.send("GET", "/me"))["user"]["email"] == kim.email
    async with browser(served) as opened:
        await opened.log_in(kim.email)  # the password still works: the address was theirs before


async def test_nobody_comes_in_who_does_not_belong_here(
    served: Served, tenant: Tenant, database: Database, provider: Provider
) -> None:
    async with browser(served) as opened:
        assert await sign_in(opened, provider) == "/login?refused=not_a_member"
        await opened.send("GET", "/me", status=401)
    assert await database.value("SELECT count(*) FROM users WHERE email = 'kim@example.org'") == 0
    await colleague(database, tenant, "operator")
    await database.fetch("UPDATE memberships SET status = 'disabled' WHERE role = 'operator'")
    async with browser(served) as opened:
        assert await sign_in(opened, provider) == "/login?refused=not_a_member"


async def test_an_invitation_is_accepted_by_signing_in(
    served: Served, tenant: Tenant, database: Database, provider: Provider
) -> None:
    async with owner(served, tenant) as opened:
        await opened.send("POST", "/invitations", {"email": "kim@example.org", "role": "manager"}, status=201)
    async with browser(served) as opened:
        assert await sign_in(opened, provider) == "/"
        me = await opened.send("GET", "/me")
        assert (me["role"], me["user"]["name"]) == ("manager", "Kim")
        assert await sign_in(opened, provider) == "/"
    assert [entry.type for entry in served.neighbours.announced] == ["member.updated"]
    assert await database.value("SELECT password_hash IS NULL FROM users WHERE email = 'kim@example.org'")


async def test_a_password_set_in_advance_ends_with_the_first_sign_in(
    served: Served, tenant: Tenant, database: Database, provider: Provider
) -> None:
    kim = await colleague(database, tenant, "operator")
    await database.fetch("UPDATE users SET verified_at = NULL WHERE email = $1", kim.email)
    async with logged_in(served, kim) as stranger, browser(served) as opened:
        assert await sign_in(opened, provider) == "/"
        await stranger.send("GET", "/me", status=401)
        assert len(served.neighbours.ended) == 1
        await stranger.log_in(kim.email, status=401)
        await opened.send("GET", "/me")


async def test_the_second_factor_is_asked_for_too(
    served: Served, tenant: Tenant, database: Database, provider: Provider
) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        app, _ = await enrol(served, opened)
    async with browser(served) as opened:
        assert await sign_in(opened, provider) == "/login?code=needed"
        await opened.send("GET", "/me", status=401)
        await finish(opened, code(served, app))
        await opened.send("GET", "/me")


async def test_only_the_browser_that_began_comes_back(
    served: Served, tenant: Tenant, database: Database, provider: Provider
) -> None:
    await colleague(database, tenant, "operator")
    async with browser(served) as opened, browser(served) as victim:
        back = urlsplit(provider.sign_in(await led_to(opened, BEGIN)))
        callback = f"{back.path}?{back.query}"
        assert await led_to(victim, callback) == "/login?refused=not_believed"  # a login forced upon somebody
        await led_to(victim, BEGIN)
        assert await led_to(victim, callback) == "/login?refused=not_believed"
        assert await led_to(opened, f"{callback}&iss=https%3A%2F%2Fevil.test") == "/login?refused=refused"
        assert await led_to(opened, callback) == "/login?refused=not_believed"  # an attempt counts once
        await opened.send("GET", "/me", status=401)


async def test_who_says_no_over_there_is_back_at_the_login(served: Served, provider: Provider) -> None:
    async with browser(served) as opened:
        state = (await led_to(opened, BEGIN)).partition("state=")[2].partition("&")[0]
        path = f"{BEGIN}/callback?error=access_denied&state={state}"
        assert await led_to(opened, path) == "/login?refused=refused"


async def test_a_forged_token_leads_back_to_the_login(
    served: Served, tenant: Tenant, database: Database, provider: Provider
) -> None:
    await colleague(database, tenant, "operator")
    provider.change = lambda claims: {**claims, "aud": "somebody else"}
    async with browser(served) as opened:
        assert await sign_in(opened, provider) == "/login?refused=not_believed"


async def test_the_attempt_is_kept_from_scripts(served: Served, provider: Provider) -> None:
    async with (
        ClientSession(served.url, cookie_jar=CookieJar(unsafe=True)) as client,
        client.get(BEGIN, allow_redirects=False) as answer,
    ):
        cookie = answer.cookies["postgate_sign_in"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
