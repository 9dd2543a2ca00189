"""Logging in with a code: setting it up, using it, losing the device."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from yarl import URL

from gateway.people import totp
from tests.api.conftest import ORIGIN, Served
from tests.api.people import PASSWORD, Browser, browser, colleague, logged_in
from tests.conftest import Database, Tenant

FACTOR = "/me/second-factor"
PROOF = {"current_password": PASSWORD}


async def enrol(served: Served, opened: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """Set up a second factor; returns the app and the recovery codes. Two steps pass, so that no code is spent."""
    made = await opened.send("POST", FACTOR, PROOF)
    app = pyotp.parse_uri(made["address"])
    assert isinstance(app, pyotp.TOTP)
    assert app.secret == made["secret"]
    codes = await opened.send("POST", f"{FACTOR}/confirm", {"code": code(served, app)})
    served.neighbours.ahead += timedelta(seconds=2 * totp.STEP_SECONDS)
    return app, codes["recovery_codes"]


def code(served: Served, app: pyotp.TOTP, steps: int = 0) -> str:
    return app.at(served.neighbours.now() + timedelta(seconds=steps * totp.STEP_SECONDS))


async def begin(opened: Browser, email: str) -> None:
    refused = await opened.log_in(email, status=401)
    assert refused["code"] == "second_factor_required"


async def finish(opened: Browser, given: str, status: int = 200) -> Any:
    return await opened.send("POST", "/login/second-factor", {"code": given}, status=status)


async def test_a_login_asks_for_a_code_once_it_was_set_up(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        assert await opened.send("GET", FACTOR) == {"enabled": False, "recovery_codes": 0}
        app, codes = await enrol(served, opened)
        assert len(set(codes)) == 10
        assert await opened.send("GET", FACTOR) == {"enabled": True, "recovery_codes": 10}
    async with browser(served) as opened:
        await begin(opened, kim.email)
        await opened.send("GET", "/me", status=401)
        me = await finish(opened, code(served, app))
        assert me["user"]["email"] == kim.email
        assert await opened.send("GET", "/me") == me
        await finish(opened, code(served, app, 1), 401)  # the challenge has ended with it


async def test_an_unconfirmed_secret_asks_nobody(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        made = await opened.send("POST", FACTOR, PROOF)
        again = await opened.send("POST", FACTOR, PROOF)
        assert made["secret"] != again["secret"]
        wrong = await opened.send("POST", f"{FACTOR}/confirm", {"code": "000000"}, status=422)
        assert wrong["errors"][0]["pointer"] == "/code"
        assert made["qr"].startswith("<svg")
    async with browser(served) as opened:
        await opened.log_in(kim.email)


async def test_a_code_works_once(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        app, _ = await enrol(served, opened)
    given = code(served, app)
    async with browser(served) as opened:
        await begin(opened, kim.email)
        await finish(opened, given)
    async with browser(served) as opened:
        await begin(opened, kim.email)
        assert (await finish(opened, given, 401))["code"] == "code_wrong"
        await finish(opened, code(served, app, -1), 401)  # earlier ones neither
        await finish(opened, code(served, app, 1))


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
async def test_a_clock_may_be_a_little_off(
    served: Served, tenant: Tenant, database: Database, steps: int, status: int
) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        app, _ = await enrol(served, opened)
    async with browser(served) as opened:
        await begin(opened, kim.email)
        served.neighbours.ahead += timedelta(seconds=totp.STEP_SECONDS)
        await finish(opened, code(served, app, steps), status)


async def test_a_recovery_code_works_once(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        _, codes = await enrol(served, opened)
    async with browser(served) as opened:
        await begin(opened, kim.email)
        await finish(opened, f" {codes[3].upper()} ")
        assert (await opened.send("GET", FACTOR))["recovery_codes"] == 9
    async with browser(served) as opened:
        await begin(opened, kim.email)
        await finish(opened, codes[3], 401)
        await finish(opened, codes[4].replace("-", ""))


async def test_only_the_browser_with_the_right_password_may_go_on(
    served: Served, tenant: Tenant, database: Database
) -> None:
    kim, ann = await colleague(database, tenant, "operator"), await colleague(database, tenant, "viewer", name="ann")
    async with logged_in(served, kim) as opened:
        app, _ = await enrol(served, opened)
    async with browser(served) as opened:
        await finish(opened, code(served, app), 401)  # it never gave a password
        await opened.log_in(ann.email)
        await finish(opened, code(served, app), 401)
    async with browser(served) as opened:
        await begin(opened, kim.email)
        cookie = opened.session.cookie_jar.filter_cookies(URL(served.url + "/api/v1/login"))["postgate_login"].value
        served.neighbours.ahead += timedelta(minutes=11)
        assert (await finish(opened, code(served, app), 401))["code"] == "unauthenticated"
    for forged in (cookie[:-1], cookie.partition(".")[0], "", "x.y", cookie.replace(".", ".0")):
        served.neighbours.ahead -= timedelta(minutes=11)
        path = "/api/v1/login/second-factor"
        await served.problem(
            "POST", path, 401, "unauthenticated", json={"code": code(served, app)}, headers=ORIGIN,
            cookies={"postgate_login": forged},
        )  # fmt: skip
        served.neighbours.ahead += timedelta(minutes=11)


async def test_codes_cannot_be_guessed(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        app, _ = await enrol(served, opened)
    right = code(served, app)
    async with browser(served) as opened:
        await begin(opened, kim.email)
        for number in range(10):
            await finish(opened, "000000" if right != "000000" else f"11111{number}", 401)
        assert (await finish(opened, right, 429))["code"] == "too_many_requests"
    async with browser(served) as opened:  # another challenge is no way around
        await begin(opened, kim.email)
        await finish(opened, right, 429)


async def test_who_guesses_codes_keeps_nobody_from_a_new_password(
    served: Served, tenant: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened, browser(served) as elsewhere:
        app, _ = await enrol(served, opened)
        await begin(elsewhere, kim.email)
        for _ in range(10):
            await finish(elsewhere, "000000" if code(served, app) != "000000" else "111111", 401)
        await finish(elsewhere, code(served, app), 429)
        await opened.send("POST", f"{FACTOR}/recovery-codes", PROOF)
        changed = PROOF | {"new_password": "an entirely other harbour"}
        await opened.send("POST", "/me/password", changed, status=204)


async def test_a_login_that_was_begun_with_an_earlier_password_ends_with_it(
    served: Served, tenant: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened, browser(served) as elsewhere:
        app, codes = await enrol(served, opened)
        await begin(elsewhere, kim.email)
        changed = PROOF | {"new_password": "an entirely other harbour"}
        await opened.send("POST", "/me/password", changed, status=204)
        for given in (code(served, app), codes[0]):
            assert (await finish(elsewhere, given, 401))["code"] == "unauthenticated"


async def test_a_second_factor_ends_the_logins_that_were_begun_without_it(
    served: Served, tenant: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened, logged_in(served, kim) as elsewhere:
        await elsewhere.send("GET", "/me")
        await enrol(served, opened)
        await opened.send("GET", "/me")
        await elsewhere.send("GET", "/me", status=401)


async def test_disabling_needs_the_password(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        await enrol(served, opened)
        wrong = {"current_password": "another one"}
        for path in (f"{FACTOR}/disable", f"{FACTOR}/recovery-codes", FACTOR):
            refused = await opened.send("POST", path, wrong, status=422)
            assert refused["errors"][0]["pointer"] == "/current_password"
        await opened.send("POST", FACTOR, PROOF, status=422)  # a second one in its place would be a way around
        fresh = await opened.send("POST", f"{FACTOR}/recovery-codes", PROOF)
        assert len(fresh["recovery_codes"]) == 10
        await opened.send("POST", f"{FACTOR}/disable", PROOF, status=204)
    async with browser(served) as opened:
        await opened.log_in(kim.email)


async def test_the_database_holds_no_secret(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as opened:
        app, codes = await enrol(served, opened)
    stored = await database.value("SELECT row_to_json(f)::text FROM second_factors f")
    plain = [app.secret, app.secret.encode().hex(), *(one for given in codes for one in (given, given.encode().hex()))]
    assert not [one for one in plain if one in stored]


async def test_a_secret_does_not_open_for_another_person(served: Served, tenant: Tenant, database: Database) -> None:
    kim, ann = await colleague(database, tenant, "operator"), await colleague(database, tenant, "viewer", name="ann")
    for person in (kim, ann):
        async with logged_in(served, person) as opened:
            app, _ = await enrol(served, opened)
    await database.fetch(
        "UPDATE second_factors f SET secret_sealed = o.secret_sealed, wrapped_key = o.wrapped_key FROM second_factors o"
        " WHERE o.user_id <> f.user_id AND f.user_id = (SELECT id FROM users WHERE email = $1)", kim.email
    )  # fmt: skip
    async with browser(served) as opened:
        await begin(opened, kim.email)
        await finish(opened, code(served, app), 503)


async def test_an_api_key_has_no_second_factor(served: Served, tenant: Tenant) -> None:
    await served.problem("GET", f"/api/v1{FACTOR}", 403, "forbidden", headers=tenant.auth)
