"""Coming in, going, and being recognised."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.access import new_api_key, new_session_token, token_hash
from gateway.model.me import Me
from tests.api.conftest import ORIGIN, Served
from tests.conftest import Database, Tenant

LOGIN, ME = "/api/v1/login", "/api/v1/me"


def body(tenant: Tenant, **changed: Any) -> dict[str, Any]:
    return {"email": tenant.ready["email"], "password": tenant.ready["password"], **changed}


async def test_a_login_opens_the_api_and_tells_who_it_is(served: Served, tenant: Tenant) -> None:
    address = f"  {tenant.ready['email'].upper()} "
    async with served.client.post(LOGIN, json=body(tenant, email=address), headers=ORIGIN) as answer:
        assert answer.status == 200
        cookie = answer.cookies["postgate_session"]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert cookie["max-age"] == str(14 * 24 * 3600)
        me = Me.model_validate_json(await answer.text())
    assert me.user is not None
    assert me.user.email == tenant.ready["email"]
    assert (me.tenant.id, me.role, me.demo, me.seq) == (str(tenant.id), "owner", True, 0)
    async with served.client.get(ME) as answer:
        assert Me.model_validate_json(await answer.text()) == me


async def test_an_api_key_has_no_person(served: Served, tenant: Tenant) -> None:
    me = await served.get(ME, tenant)
    assert (me["user"], me["role"], me["tenant"]["slug"]) == (None, "api_key", "acme")


async def test_an_unknown_address_and_a_wrong_password_look_the_same(served: Served, tenant: Tenant) -> None:
    wrong = await served.problem("POST", LOGIN, 401, "login_failed", json=body(tenant, password="wrong"))
    stranger = body(tenant, email="nobody@example.org")
    assert await served.problem("POST", LOGIN, 401, "login_failed", json=stranger) == wrong


async def test_a_disabled_person_and_a_suspended_tenant_stay_out(
    served: Served, tenant: Tenant, database: Database
) -> None:
    await served.log_in(tenant)
    for stop, go in [
        ("UPDATE users SET status = 'disabled'", "UPDATE users SET status = 'active'"),
        ("UPDATE tenants SET status = 'suspended'", "UPDATE tenants SET status = 'active'"),
    ]:
        await database.fetch(stop)
        await served.problem("GET", ME, 401, "unauthenticated")
        await served.problem("POST", LOGIN, 401, "login_failed", json=body(tenant))
        await database.fetch(go)
    async with served.client.get(ME) as answer:
        assert answer.status == 200


async def test_too_many_tries_for_one_address_must_wait(served: Served, tenant: Tenant) -> None:
    for _ in range(10):
        await served.problem("POST", LOGIN, 401, "login_failed", json=body(tenant, password="wrong"))
    async with served.client.post(LOGIN, json=body(tenant)) as answer:
        assert answer.status == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 300


async def test_a_login_from_another_site_is_refused(served: Served, tenant: Tenant) -> None:
    foreign = {"Origin": "http://evil.test"}
    await served.problem("POST", LOGIN, 403, "origin_mismatch", json=body(tenant), headers=foreign)
    form = {"Content-Type": "text/plain"}
    await served.problem("POST", LOGIN, 415, "unsupported_media_type", data=b"{}", headers=form)


async def test_a_second_login_of_a_browser_ends_the_first(served: Served, tenant: Tenant) -> None:
    first = await served.log_in(tenant)
    second = await served.log_in(tenant)
    assert first != second
    assert served.neighbours.ended == [token_hash(first)]
    async with ClientSession(served.url, cookies={"postgate_session": first}) as old, old.get(ME) as answer:
        assert answer.status == 401


async def test_a_logout_ends_the_session_and_tells_the_live_side(
    served: Served, tenant: Tenant, database: Database
) -> None:
    token = await served.log_in(tenant)
    foreign = {"Origin": "http://evil.test"}
    await served.problem("POST", "/api/v1/logout", 403, "origin_mismatch", headers=foreign)
    async with served.client.post("/api/v1/logout", headers=ORIGIN) as answer:
        assert answer.status == 204
        assert answer.cookies["postgate_session"].value == ""
    assert served.neighbours.ended == [token_hash(token)]
    assert await database.value("SELECT count(*) FROM sessions") == 0
    await served.problem("GET", ME, 401, "unauthenticated")
    async with served.client.post("/api/v1/logout") as answer:  # again: nothing to end
        assert answer.status == 204


async def test_a_session_ends_after_two_weeks(served: Served, tenant: Tenant) -> None:
    await served.log_in(tenant)
    served.neighbours.ahead = timedelta(days=14, minutes=1)
    await served.problem("GET", ME, 401, "unauthenticated")


async def test_the_database_holds_no_token(served: Served, tenant: Tenant, database: Database) -> None:
    token = await served.log_in(tenant)
    stored = await database.value("SELECT row_to_json(s)::text FROM sessions s")
    assert token not in stored
    assert token_hash(token).hex() in stored


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Basic abc", "Bearer pgk_00000000_", "Bearer pgk_00000000_!!!", "Bearer ünïcode",
        "Bearer pgk_0000_" + "A" * 64, "Bearer pgk_00000000_" + "A" * 64, "Bearer pgk_00000000_" + "A" * 63,
        "Bearer " + "A" * 4000,
    ],
)  # fmt: skip
async def test_a_header_that_is_no_key_is_nobody(served: Served, tenant: Tenant, header: str) -> None:
    await served.log_in(tenant)  # a cookie does not make up for a wrong key
    await served.problem("GET", ME, 401, "unauthenticated", headers={"Authorization": header})


@pytest.mark.parametrize("cookie", ["x", "A" * 63, "A" * 64, "A" * 65, "é", "-" * 64])
async def test_a_cookie_that_is_no_session_is_nobody(served: Served, cookie: str) -> None:
    await served.problem("GET", ME, 401, "unauthenticated", cookies={"postgate_session": cookie})


async def test_a_key_does_not_open_another_tenant(served: Served, tenant: Tenant, other: Tenant) -> None:
    key = tenant.ready["api_key"]
    secret = base64.urlsafe_b64decode(key.split("_", 2)[2])[16:]
    forged = {"Authorization": f"Bearer {new_api_key(other.id, secret)}"}
    await served.problem("GET", ME, 401, "unauthenticated", headers=forged)


async def test_a_session_does_not_open_another_tenant(served: Served, tenant: Tenant, other: Tenant) -> None:
    token = await served.log_in(tenant)
    secret = base64.urlsafe_b64decode(token)[16:]
    forged = {"postgate_session": new_session_token(other.id, secret)}
    async with ClientSession(served.url, cookies=forged) as client, client.get(ME) as answer:
        assert answer.status == 401


async def test_a_revoked_key_is_nobody(served: Served, tenant: Tenant, database: Database) -> None:
    await database.fetch("UPDATE api_keys SET revoked_at = now()")
    await served.problem("GET", ME, 401, "unauthenticated", headers=tenant.auth)


async def test_who_may_only_read_changes_nothing(served: Served, tenant: Tenant, database: Database) -> None:
    path = "/api/v1/conversations/cnv_" + "0" * 32 + "/read"
    await database.fetch("UPDATE api_keys SET scopes = '{read}'")
    await served.problem("POST", path, 403, "forbidden", headers=tenant.auth)
    await database.fetch("UPDATE memberships SET role = 'viewer'")
    await served.log_in(tenant)
    await served.problem("POST", path, 403, "forbidden", headers=ORIGIN)
    async with served.client.get(ME) as answer:
        assert (await answer.json())["role"] == "viewer"
