"""Logins: listed, ended, growing old, and switched between tenants."""

from datetime import timedelta

import pytest

from gateway.access import SAFE_METHODS, token_hash
from gateway.people.devices import device_of
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.people import PASSWORD, Browser, browser, colleague, logged_in, owner
from tests.conftest import Database, Tenant

FOREIGN = {"Origin": "http://evil.test"}


def cookie_of(opened: Browser) -> str:
    return next(one.value for one in opened.session.cookie_jar if one.key == "postgate_session")


async def belongs_too(database: Database, tenant: Tenant, email: str, role: str = "viewer") -> None:
    await database.fetch(
        "INSERT INTO memberships (tenant_id, user_id, role, created_at)"
        " SELECT $1, id, $3, now() + interval '1 s' FROM users WHERE email = $2", tenant.id, email, role
    )  # fmt: skip


async def test_logins_are_listed_and_one_is_ended(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as first, logged_in(served, kim) as second, owner(served, tenant) as boss:
        page = await first.send("GET", "/sessions")
        assert faults(served, "GET", "/api/v1/sessions", 200, page) == []
        assert [one["current"] for one in page["data"]] == [False, True]  # the last used first
        assert {(one["device"], one["tenant"]) for one in page["data"]} == {("Firefox on Linux", "Acme")}
        theirs = page["data"][0]["id"]
        await boss.send("DELETE", f"/sessions/{theirs}", status=404)  # nobody else's
        await first.send("DELETE", f"/sessions/{theirs}", status=204)
        assert served.neighbours.ended == [token_hash(cookie_of(second))]
        await second.send("GET", "/me", status=401)
        await first.send("DELETE", f"/sessions/{theirs}", status=404)
        assert len((await first.send("GET", "/sessions"))["data"]) == 1


async def test_all_other_logins_end_in_all_tenants(
    served: Served, tenant: Tenant, other: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    await belongs_too(database, other, kim.email)
    async with logged_in(served, kim) as first, browser(served) as second, owner(served, tenant) as boss:
        await second.log_in(kim.email, tenant="umbrella")
        assert {one["tenant"] for one in (await first.send("GET", "/sessions"))["data"]} == {"Acme", "Umbrella"}
        await first.send("POST", "/sessions/end-others", status=204)
        await second.send("GET", "/me", status=401)
        await first.send("GET", "/me")
        await boss.send("GET", "/me")


async def test_a_session_that_nobody_uses_ends(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        for _ in range(2):
            served.neighbours.ahead += timedelta(days=6)
            await opened.send("GET", "/me")
        served.neighbours.ahead += timedelta(days=2, minutes=1)
        await opened.send("GET", "/me", status=401)  # used, but two weeks old
        await opened.log_in(kim.email)
        served.neighbours.ahead += timedelta(days=7)
        await opened.send("GET", "/me", status=401)


async def test_the_last_use_is_noted_now_and_then(served: Served, tenant: Tenant, database: Database) -> None:
    seen = "SELECT last_seen_at FROM sessions"
    async with owner(served, tenant) as opened:
        first = await database.value(seen)
        served.neighbours.ahead += timedelta(minutes=14)
        await opened.send("GET", "/me")
        assert await database.value(seen) == first
        served.neighbours.ahead += timedelta(minutes=2)
        await opened.send("GET", "/me")
        assert await database.value(seen) > first + timedelta(minutes=15)


async def test_a_person_of_two_tenants_chooses(
    served: Served, tenant: Tenant, other: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    await belongs_too(database, other, kim.email, "admin")
    async with browser(served) as opened:
        me = await opened.log_in(kim.email)
        assert [(one["slug"], one["role"]) for one in me["tenants"]] == [("acme", "operator"), ("umbrella", "admin")]
        assert me["tenant"]["slug"] == "acme"
        assert (await opened.log_in(kim.email, tenant="umbrella"))["role"] == "admin"
        await opened.log_in(kim.email, tenant="nowhere", status=401)
        old = cookie_of(opened)
        assert (await opened.send("POST", "/me/tenant", {"tenant": "acme"}))["role"] == "operator"
        assert token_hash(old) in served.neighbours.ended
        await opened.send("POST", "/me/tenant", {"tenant": "nowhere"}, status=404)
        await database.fetch("UPDATE memberships SET status = 'disabled' WHERE tenant_id = $1", other.id)
        await opened.send("POST", "/me/tenant", {"tenant": "umbrella"}, status=404)
        await opened.log_in(kim.email, tenant="umbrella", status=401)


async def test_a_new_name_is_told_in_every_tenant(
    served: Served, tenant: Tenant, other: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    await belongs_too(database, other, kim.email)
    async with logged_in(served, kim) as opened:
        assert (await opened.send("PATCH", "/me", {"name": " Kim Doe "}))["user"]["name"] == "Kim Doe"
        await opened.send("PATCH", "/me", {"name": "  "}, status=422)
        await opened.send("PATCH", "/me", {})
    assert {entry.tenant_id for entry in served.neighbours.announced} == {tenant.id, other.id}
    assert {entry.type for entry in served.neighbours.announced} == {"member.updated"}
    assert await database.value("SELECT name FROM users WHERE email = $1", kim.email) == "Kim Doe"


async def test_another_site_changes_nothing_with_somebodys_cookie(served: Served, tenant: Tenant) -> None:
    tried = 0
    async with owner(served, tenant) as opened:
        for mounted in served.api.mounted:
            operation = mounted.operation
            if operation.method in SAFE_METHODS or not mounted.needs_caller:
                continue
            path = operation.path.replace("{id}", f"{operation.id_prefix}_{'0' * 32}").replace("{name}", "x")
            for headers in (FOREIGN, {}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
                async with opened.session.request(operation.method, path, headers=headers, json={}) as answer:
                    assert answer.status == 403, (operation.name, headers)
                    assert (await answer.json(content_type=None))["code"] == "origin_mismatch", operation.name
            tried += 1
    assert tried > 25


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/login", {"email": "a@example.org", "password": "x"}),
        ("/login/second-factor", {"code": "000000"}),
        ("/join/look", {"token": "x"}),
        ("/join", {"token": "x", "password": "x"}),
        ("/password-reset", {"email": "a@example.org"}),
        ("/password-reset/look", {"token": "x"}),
        ("/password-reset/use", {"token": "x", "password": "x"}),
    ],
)
async def test_another_site_sends_nobody_through_a_way_in(served: Served, path: str, body: dict[str, str]) -> None:
    await served.problem("POST", f"/api/v1{path}", 403, "origin_mismatch", json=body, headers=FOREIGN)


async def test_a_password_is_changed_by_who_knows_it(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    fresh = "seven green lamps"
    async with logged_in(served, kim) as first, logged_in(served, kim) as second:
        wrong = await first.send(
            "POST", "/me/password", {"current_password": "x", "new_password": fresh}, status=422
        )  # fmt: skip
        assert wrong["errors"][0]["pointer"] == "/current_password"
        for weak in ("short", kim.email, "Password123", "aaaaaaaaaaaa"):
            body = {"current_password": PASSWORD, "new_password": weak}
            refused = await first.send("POST", "/me/password", body, status=422)
            assert refused["errors"][0]["pointer"] == "/new_password", weak
        await first.send("POST", "/me/password", {"current_password": PASSWORD, "new_password": fresh}, status=204)
        await first.send("GET", "/me")
        await second.send("GET", "/me", status=401)
        await second.log_in(kim.email, status=401)
        await second.log_in(kim.email, fresh)
    assert [(letter.to, letter.subject) for letter in served.neighbours.letters] == [
        (kim.email, "Your password was changed")
    ]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
         " Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
         " Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile"
         " Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Mac"),
        ("curl/8.5.0", "curl"),
        ("", None),
        ("something else", None),
    ],
)  # fmt: skip
def test_a_device_is_named_in_words(user_agent: str, words: str | None) -> None:
    assert device_of(user_agent) == words
