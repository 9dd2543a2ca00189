"""Being invited, joining, and getting in again without the password."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest

from gateway.access import new_link_token, token_hash
from gateway.people.rules import weakness
from tests.api.conftest import ORIGIN, Served
from tests.api.contract import faults
from tests.api.people import PASSWORD, Browser, browser, colleague, logged_in, owner
from tests.conftest import Database, Tenant

KIM = {"email": "Kim@Example.org", "role": "operator"}


def link_of(served: Served) -> str:
    """Return what stands behind # in the link of the last letter."""
    return served.neighbours.letters[-1].text.partition("#")[2].split()[0]


async def invite(served: Served, tenant: Tenant, **changed: str) -> dict[str, Any]:
    async with owner(served, tenant) as opened:
        made: dict[str, Any] = await opened.send("POST", "/invitations", KIM | changed, status=201)
    return made


async def join(opened: Browser, token: str, status: int = 200, **changed: str) -> Any:
    body = {"token": token, "name": "Kim", "password": PASSWORD, **changed}
    return await opened.send("POST", "/join", body, status=status)


async def test_who_is_invited_joins_by_the_link_in_the_mail(served: Served, tenant: Tenant) -> None:
    made = await invite(served, tenant)
    assert faults(served, "POST", "/api/v1/invitations", 201, made) == []
    assert (made["mailed"], made["link"], made["email"]) == (True, None, "kim@example.org")
    assert served.neighbours.letters[-1].to == "kim@example.org"
    token = link_of(served)
    async with browser(served) as opened:
        seen = await opened.send("POST", "/join/look", {"token": token})
        assert faults(served, "POST", "/api/v1/join/look", 200, seen) == []
        assert (seen["tenant"], seen["email"], seen["role"], seen["account"]) == (
            "Acme", "kim@example.org", "operator", "new"
        )  # fmt: skip
        me = await join(opened, token)
        assert (me["role"], me["user"]["name"], me["tenant"]["slug"]) == ("operator", "Kim", "acme")
        assert await opened.send("GET", "/me") == me
        await join(opened, token, 404)  # it works once
    [entry] = served.neighbours.announced
    assert (entry.type, orjson.loads(entry.data)["email"]) == ("member.updated", "kim@example.org")
    async with owner(served, tenant) as opened:
        assert (await opened.send("GET", "/invitations"))["data"] == []
        await opened.send("POST", "/invitations", KIM, status=422)  # a member already


async def test_an_address_of_letters_that_only_postgres_knows_is_refused(served: Served, tenant: Tenant) -> None:
    for letter in ("\ua7cb", "\U00010d50"):  # capital letters since Unicode 16; Postgres knows their small ones
        async with owner(served, tenant) as opened:
            refused = await opened.send("POST", "/invitations", KIM | {"email": f"{letter}@example.org"}, status=422)
            assert refused["errors"][0]["pointer"] == "/email"


async def test_without_a_mail_server_the_link_is_passed_on(served: Served, tenant: Tenant) -> None:
    served.neighbours.mail_server = False
    made = await invite(served, tenant)
    assert made["mailed"] is False
    address, _, token = made["link"].partition("#")
    assert address == "http://gateway.test/join"
    async with owner(served, tenant) as opened:
        assert "link" not in (await opened.send("GET", "/invitations"))["data"][0]
    async with browser(served) as opened:
        await join(opened, token)


async def test_a_link_holds_for_a_week_and_can_be_sent_again(served: Served, tenant: Tenant) -> None:
    made, first = await invite(served, tenant), link_of(served)
    served.neighbours.ahead = timedelta(days=7, minutes=1)
    async with browser(served) as opened, owner(served, tenant) as boss:
        await join(opened, first, 404)
        assert (await boss.send("GET", "/invitations"))["data"][0]["expired"] is True
        await boss.send("POST", f"/invitations/{made['id']}/resend")
        await join(opened, first, 404)
        await join(opened, link_of(served))


async def test_an_invitation_is_taken_back_or_replaced(served: Served, tenant: Tenant) -> None:
    await invite(served, tenant)
    first = link_of(served)
    made, second = await invite(served, tenant, role="viewer"), link_of(served)
    async with browser(served) as opened, owner(served, tenant) as boss:
        await join(opened, first, 404)
        assert len((await boss.send("GET", "/invitations"))["data"]) == 1
        await boss.send("DELETE", f"/invitations/{made['id']}", status=204)
        await join(opened, second, 404)
        await boss.send("DELETE", f"/invitations/{made['id']}", status=404)
        await boss.send("POST", f"/invitations/{made['id']}/resend", status=404)


async def test_of_those_who_invite_somebody_at_once_the_last_one_counts(served: Served, tenant: Tenant) -> None:
    made = await asyncio.gather(*(invite(served, tenant) for _ in range(4)))
    (left,) = (await served.get("/api/v1/invitations", tenant))["data"]
    assert left["id"] in {one["id"] for one in made}


async def test_another_tenants_invitation_is_not_there(served: Served, tenant: Tenant, other: Tenant) -> None:
    made = await invite(served, tenant)
    token = link_of(served)
    for method, path in (("DELETE", ""), ("POST", "/resend")):
        where = f"/api/v1/invitations/{made['id']}{path}"
        await served.problem(method, where, 404, "not_found", headers=other.auth)
    assert (await served.get("/api/v1/invitations", other))["data"] == []
    async with browser(served) as opened:
        await join(opened, new_link_token(other.id, b"0" * 32), 404)
        await join(opened, token)


@pytest.mark.parametrize("token", ["x", "é", "A" * 64, "A" * 65, "=" * 64])
async def test_what_is_no_link_lets_nobody_in(served: Served, token: str) -> None:
    for path, body in (("join", {"token": token, "password": PASSWORD}), ("join/look", {"token": token})):
        await served.problem("POST", f"/api/v1/{path}", 404, "not_found", json=body, headers=ORIGIN)
    body = {"token": token, "password": PASSWORD}
    await served.problem("POST", "/api/v1/password-reset/use", 404, "not_found", json=body, headers=ORIGIN)


async def test_two_who_use_a_link_at_once_make_one_member(served: Served, tenant: Tenant, database: Database) -> None:
    await invite(served, tenant)
    token = link_of(served)
    async with browser(served) as first, browser(served) as second:
        body = {"token": token, "name": "Kim", "password": PASSWORD}

        async def status(opened: Browser) -> int:
            async with opened.session.post("/api/v1/join", json=body, headers=ORIGIN) as answer:
                return answer.status

        statuses = sorted(await asyncio.gather(status(first), status(second)))
    assert statuses[0] == 200
    assert statuses[1] in {401, 404}
    assert await database.value("SELECT count(*) FROM users WHERE email = 'kim@example.org'") == 1


async def test_an_account_joins_with_its_own_password(
    served: Served, tenant: Tenant, other: Tenant, database: Database
) -> None:
    await colleague(database, other, "viewer")
    await invite(served, tenant)
    token = link_of(served)
    async with browser(served) as opened:
        assert (await opened.send("POST", "/join/look", {"token": token}))["account"] == "password"
        refused = await join(opened, token, 401, password="another password")
        assert refused["code"] == "login_failed"
        me = await join(opened, token)
        assert [one["slug"] for one in me["tenants"]] == ["umbrella", "acme"]
        assert me["tenant"]["slug"] == "acme"


async def test_a_new_account_needs_a_name_and_a_good_password(served: Served, tenant: Tenant) -> None:
    await invite(served, tenant)
    token = link_of(served)
    async with browser(served) as opened:
        weak = await join(opened, token, 422, password="qwertyuiop")
        assert weak["errors"][0]["pointer"] == "/password"
        body = {"token": token, "password": PASSWORD}
        assert (await opened.send("POST", "/join", body, status=422))["errors"][0]["pointer"] == "/name"


@pytest.mark.parametrize(
    "email", ["nobody", "a@b@c", "a b@example.org", "<a@example.org>", "a@example.org\r\nBcc: b", ""]
)
async def test_only_addresses_are_invited(served: Served, tenant: Tenant, email: str) -> None:
    body = {"email": email, "role": "viewer"}
    await served.problem("POST", "/api/v1/invitations", 422, "invalid", headers=tenant.auth, json=body)


async def test_nobody_is_flooded_with_invitations(served: Served, tenant: Tenant) -> None:
    for _ in range(5):
        await invite(served, tenant)
    await served.problem("POST", "/api/v1/invitations", 429, "too_many_requests", headers=tenant.auth, json=KIM)


async def ask(served: Served, email: str) -> None:
    async with served.client.post("/api/v1/password-reset", json={"email": email}, headers=ORIGIN) as answer:
        assert (answer.status, await answer.read()) == (202, b"")


async def found_out() -> None:
    """Wait until the API has found out whether there are such accounts, which it does after it has answered."""
    looking = {task for task in asyncio.all_tasks() if "PasswordReset._send" in repr(task.get_coro())}
    if looking:
        await asyncio.wait(looking)


async def test_a_password_is_set_by_the_link_in_the_mail(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        await ask(served, f" {kim.email.upper()} ")
        await served.neighbours.written()
        token, fresh = link_of(served), "seven green lamps"
        assert await opened.send("POST", "/password-reset/look", {"token": token}) == {"email": kim.email}
        weak = await opened.send("POST", "/password-reset/use", {"token": token, "password": "short"}, status=422)
        assert weak["errors"][0]["pointer"] == "/password"
        await opened.send("POST", "/password-reset/use", {"token": token, "password": fresh}, status=204)
        assert len(served.neighbours.ended) == 1
        await opened.send("GET", "/me", status=401)
        await opened.send("POST", "/password-reset/use", {"token": token, "password": fresh}, status=404)
        await opened.log_in(kim.email, status=401)
        await opened.log_in(kim.email, fresh)
    assert token not in await database.value("SELECT coalesce(json_agg(r)::text, '') FROM password_resets r")


async def test_a_reset_link_holds_for_an_hour_and_only_the_newest_counts(
    served: Served, tenant: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    tokens = []
    for count in (1, 2):
        await ask(served, kim.email)
        await served.neighbours.written(count)
        tokens.append(link_of(served))
    assert await database.value("SELECT token_hash FROM password_resets") == token_hash(tokens[1])
    served.neighbours.ahead = timedelta(minutes=61)
    for token in tokens:
        body = {"token": token, "password": "seven green lamps"}
        await served.problem("POST", "/api/v1/password-reset/use", 404, "not_found", json=body, headers=ORIGIN)


async def test_nobody_learns_who_has_an_account(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    await ask(served, "nobody@example.org")
    await database.fetch("UPDATE memberships SET status = 'disabled' WHERE role = 'operator'")
    await ask(served, kim.email)
    await found_out()
    await database.fetch("UPDATE memberships SET status = 'active'")
    await ask(served, kim.email)
    await found_out()
    await served.neighbours.written()
    assert [letter.to for letter in served.neighbours.letters] == [kim.email]  # the third one's


async def test_a_password_that_a_stranger_set_in_advance_is_void_once_the_owner_comes(
    served: Served, tenant: Tenant, database: Database
) -> None:
    served.neighbours.mail_server = False
    made = await invite(served, tenant)
    async with browser(served) as opened:  # whoever was handed the link, not whoever reads the mailbox
        await join(opened, made["link"].partition("#")[2])
        await opened.send("POST", "/me/second-factor", {"current_password": PASSWORD})
        served.neighbours.mail_server = True
        await ask(served, "kim@example.org")
        await served.neighbours.written()
        body = {"token": link_of(served), "password": "seven green lamps"}
        await opened.send("POST", "/password-reset/use", body, status=204)
    assert await database.value("SELECT count(*) FROM second_factors") == 0
    assert await database.value("SELECT verified_at IS NOT NULL FROM users WHERE email = 'kim@example.org'")


async def test_the_ways_in_are_told(served: Served) -> None:
    async with served.client.get("/api/v1/login") as answer:
        assert await answer.json() == {"password_reset": True, "single_sign_on": None}
    await served.problem("GET", "/api/v1/login/oidc", 404, "not_found")
    await served.problem("GET", "/api/v1/login/oidc/callback?code=x&state=y", 404, "not_found")


def test_passwords_are_judged() -> None:
    assert weakness("a quiet harbour", "kim@example.org") is None
    assert weakness("ünïcödé wörds", "kim@example.org") is None
    for weak in ("123456789", "1234567890", "PASSWORD123 ", "kim@example.org", "ababababababab", "x" * 1025):
        assert weakness(weak, "kim@example.org") is not None, weak
    assert weakness("kimberley.quinn", "Kimberley.Quinn@example.org") is not None
