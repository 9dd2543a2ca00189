"""Who may make whom what, and how people are let in and shown out."""

from typing import Any

import orjson
import pytest

from gateway.access import token_hash
from gateway.model.member import Member
from gateway.permissions import OF_ROLE, of_member
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.people import browser, colleague, logged_in, owner
from tests.conftest import Database, Tenant

ROLES = tuple(OF_ROLE)


async def test_members_are_listed_for_everybody(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "viewer", extra=("customers.export",))
    async with logged_in(served, kim) as opened:
        page = await opened.send("GET", "/members")
        me = await opened.send("GET", "/me")
    assert faults(served, "GET", "/api/v1/members", 200, page) == []
    assert [(one["role"], one["status"]) for one in page["data"]] == [("owner", "active"), ("viewer", "active")]
    assert Member.model_validate(page["data"][1]).extra_permissions == ["customers.export"]
    assert set(me["permissions"]) == of_member("viewer", ["customers.export"])  # at the login already


async def test_a_login_answers_what_a_member_may_do(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "viewer", extra=("messages.send", "no.such"))
    async with browser(served) as opened:
        me = await opened.log_in(kim.email)
        assert set(me["permissions"]) == {"inbox.read", "account.write", "messages.send"}
        assert await opened.send("GET", "/me") == me


async def test_a_change_is_told_to_everybody(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "viewer")
    async with owner(served, tenant) as opened:
        after = await opened.send("PATCH", f"/members/{kim.id}", {"role": "manager"})
    assert (after["role"], after["email"]) == ("manager", kim.email)
    [entry] = served.neighbours.announced
    assert (entry.type, orjson.loads(entry.data)) == ("member.updated", after)
    assert entry.seq == await database.value("SELECT last_seq FROM tenant_heads WHERE tenant_id = $1", tenant.id)


@pytest.mark.parametrize("by", ["owner", "admin"])
@pytest.mark.parametrize("before", ROLES)
@pytest.mark.parametrize("after", ROLES)
async def test_nobody_gives_or_takes_more_than_they_have(
    served: Served, tenant: Tenant, database: Database, by: str, before: str, after: str
) -> None:
    boss = await colleague(database, tenant, by, name="boss")
    kim = await colleague(database, tenant, before)
    allowed = by == "owner" or "owner" not in {before, after}
    async with logged_in(served, boss) as opened:
        await opened.send("PATCH", f"/members/{kim.id}", {"role": after}, status=200 if allowed else 403)
        await opened.send("POST", "/invitations", {"email": "new@example.org", "role": after},
                          status=201 if by == "owner" or after != "owner" else 403)  # fmt: skip
    stored = await database.value("SELECT role FROM memberships m JOIN users u ON u.id = user_id WHERE email = $1",
                                  kim.email)  # fmt: skip
    assert stored == (after if allowed else before)


async def test_extra_permissions_come_from_those_who_have_them(
    served: Served, tenant: Tenant, database: Database
) -> None:
    admin, kim = await colleague(database, tenant, "admin", name="boss"), await colleague(database, tenant, "viewer")
    async with logged_in(served, admin) as opened:
        me = (await opened.send("GET", "/me"))["user"]["id"]
        await opened.send("PATCH", f"/members/{kim.id}", {"extra_permissions": ["customers.export"]})
        await opened.send("PATCH", f"/members/{kim.id}", {"extra_permissions": ["tenant.write"]}, status=403)
        await opened.send("PATCH", f"/members/{me}", {"extra_permissions": ["tenant.write"]}, status=403)
        await opened.send("PATCH", f"/members/{me}", {"role": "owner"}, status=403)
    await database.fetch("UPDATE memberships SET extra_permissions = '{tenant.write}' WHERE role = 'viewer'")
    async with logged_in(served, admin) as opened:  # nor is it theirs to take away
        await opened.send("PATCH", f"/members/{kim.id}", {"status": "disabled"}, status=403)


@pytest.mark.parametrize("change", [{"role": "admin"}, {"status": "disabled"}])
async def test_the_last_owner_stays(served: Served, tenant: Tenant, database: Database, change: dict[str, Any]) -> None:
    async with owner(served, tenant) as opened:
        me = (await opened.send("GET", "/me"))["user"]["id"]
        await opened.send("PATCH", f"/members/{me}", change, status=422)
        second = await colleague(database, tenant, "owner")
        await opened.send("PATCH", f"/members/{second.id}", {"status": "disabled"})
        await opened.send("PATCH", f"/members/{me}", change, status=422)  # who is disabled is no owner to rely on
        await opened.send("PATCH", f"/members/{second.id}", {"status": "active"})
        await opened.send("PATCH", f"/members/{me}", change)


async def test_who_is_disabled_is_out_at_once(served: Served, tenant: Tenant, database: Database) -> None:
    kim = await colleague(database, tenant, "operator")
    async with logged_in(served, kim) as theirs, owner(served, tenant) as opened:
        [cookie] = [one.value for one in theirs.session.cookie_jar if one.key == "postgate_session"]
        await opened.send("PATCH", f"/members/{kim.id}", {"status": "disabled"})
        assert served.neighbours.ended == [token_hash(cookie)]
        await theirs.send("GET", "/me", status=401)
        await theirs.log_in(kim.email, status=401)
        assert (await opened.send("GET", f"/members/{kim.id}"))["status"] == "disabled"
        await opened.send("PATCH", f"/members/{kim.id}", {"status": "active"})
        await theirs.send("GET", "/me", status=401)  # the old login does not come back
        await theirs.log_in(kim.email)


async def test_a_key_that_manages_people_does_not_make_owners(
    served: Served, tenant: Tenant, database: Database
) -> None:
    kim = await colleague(database, tenant, "viewer")
    path = f"/api/v1/members/{kim.id}"
    await served.problem("PATCH", path, 403, "forbidden", headers=tenant.auth, json={"role": "owner"})
    # An admin may erase customers, and a key has to name that.
    await served.problem("PATCH", path, 403, "forbidden", headers=tenant.auth, json={"role": "admin"})
    async with served.client.patch(path, headers=tenant.auth, json={"role": "manager"}) as answer:
        assert answer.status == 200, await answer.text()


async def test_a_key_has_only_what_its_maker_has(served: Served, tenant: Tenant, database: Database) -> None:
    admin = await colleague(database, tenant, "admin")
    async with logged_in(served, admin) as opened:
        made = await opened.send("POST", "/api-keys", {"name": "CRM", "scopes": ["inbox.read", "inbox.read"]})
        assert faults(served, "POST", "/api/v1/api-keys", 201, made) == []
        await opened.send("POST", "/api-keys", {"name": "CRM", "scopes": ["tenant.write"]}, status=403)
        await opened.send("POST", "/api-keys", {"name": "CRM", "scopes": ["account.write"]}, status=422)
        await opened.send("POST", "/api-keys", {"name": "CRM", "scopes": []}, status=422)
        auth = {"Authorization": f"Bearer {made['key']}"}
        async with served.client.get("/api/v1/me", headers=auth) as answer:
            assert (await answer.json())["permissions"] == ["inbox.read"]
        listed = (await opened.send("GET", "/api-keys"))["data"]
        newest = listed[0]
        assert (newest["id"], newest["prefix"], newest["last_used_at"] is None) == (
            made["id"], made["key"].split("_")[1], False
        )  # fmt: skip
        assert "key" not in listed[0]
        assert made["key"] not in await database.value("SELECT json_agg(k)::text FROM api_keys k")
        await opened.send("DELETE", f"/api-keys/{made['id']}", status=204)
        await opened.send("DELETE", f"/api-keys/{made['id']}", status=404)
        await served.problem("GET", "/api/v1/me", 401, "unauthenticated", headers=auth)


async def test_a_key_makes_no_key_with_more(served: Served, tenant: Tenant, database: Database) -> None:
    async with owner(served, tenant) as opened:
        made = await opened.send("POST", "/api-keys", {"name": "Keys", "scopes": ["api_keys.write", "inbox.read"]})
    auth = {"Authorization": f"Bearer {made['key']}"}
    body = {"name": "More", "scopes": ["messages.send"]}
    await served.problem("POST", "/api/v1/api-keys", 403, "forbidden", headers=auth, json=body)


async def test_another_tenants_key_is_not_there(served: Served, tenant: Tenant, other: Tenant) -> None:
    async with owner(served, other) as opened:
        made = await opened.send("POST", "/api-keys", {"name": "Theirs", "scopes": ["inbox.read"]})
    path = f"/api/v1/api-keys/{made['id']}"
    await served.problem("DELETE", path, 404, "not_found", headers=tenant.auth)
    auth = {"Authorization": f"Bearer {made['key']}"}
    async with served.client.get("/api/v1/me", headers=auth) as answer:
        assert answer.status == 200
