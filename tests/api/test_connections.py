"""Connections and channels: made, changed, removed; by whom; and what is never told."""

from typing import Any

import orjson
import pytest
from aiohttp import ClientSession

from channels.http import HttpResponse
from channels.registry import ADAPTERS
from gateway.keys import Keyring, WrappedKey, credentials_of, unseal
from gateway.model.ids import parse
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.conftest import Database, MakeTenant, Tenant, new_id
from tests.ingest.posts import text, unique, whatsapp
from tests.ingest.reading import events, until

LIST = "/api/v1/connections"
SECRET = "a-secret-that-nobody-may-see"
BODY: dict[str, Any] = {
    "provider": "whatsapp_cloud",
    "name": "Shop",
    "credentials": {"app_secret": SECRET, "verify_token": "word"},
    "settings": {"country": "DE"},
    "channels": [{"kind": "whatsapp", "address": "106000000000777", "name": "Sales"}],
}


async def call(client: ClientSession, tenant: Tenant, method: str, path: str, status: int, body: Any = None) -> Any:
    """Call the API; returns the JSON of the answer."""
    async with client.request(method, path, json=body, headers=tenant.auth) as answer:
        got = await answer.text()
        assert answer.status == status, got
        assert SECRET not in got
        return orjson.loads(got) if got else None


async def create(served: Served, tenant: Tenant, **changes: Any) -> Any:
    """Make a connection."""
    return await call(served.client, tenant, "POST", LIST, 201, {**BODY, **changes})


async def stored(database: Database, master_key: str, connection: str) -> dict[str, Any]:
    """Return a connection's credentials as they are stored, decrypted."""
    key = parse("int", connection)
    [row] = await database.fetch(
        "SELECT i.tenant_id, i.credentials_sealed, k.wrapped_key, k.master_key_id FROM external_integrations i"
        " JOIN encryption_keys k ON k.id = i.key_id WHERE i.id = $1", key
    )  # fmt: skip
    data_key = await Keyring(master_key).unwrap(WrappedKey(row["wrapped_key"], row["master_key_id"]))
    opened: dict[str, Any] = orjson.loads(
        unseal(data_key, row["credentials_sealed"], credentials_of(row["tenant_id"], key))
    )
    return opened


async def test_a_connection_is_made_and_tells_what_to_do(served: Served, tenant: Tenant) -> None:
    made = await create(served, tenant)
    assert made["hook_url"] == f"http://gateway.test/hooks/{made['id']}"
    assert any(made["hook_url"] in step for step in made["steps"])
    assert (made["name"], made["status"], made["report_only"]) == ("Shop", "active", False)
    assert (made["settings"], made["credentials_set"]) == ({"country": "DE"}, ["app_secret", "verify_token"])
    [channel] = made["channels"]
    assert (channel["kind"], channel["address"], channel["name"]) == ("whatsapp", "106000000000777", "Sales")
    assert await served.get(f"{LIST}/{made['id']}", tenant) == made
    assert (await served.get(LIST, tenant))["data"][-1] == made
    assert served.neighbours.changed == [parse("int", made["id"])]
    assert [(e.type, orjson.loads(e.data)) for e in served.neighbours.announced] == [("channel.created", channel)]
    for path, status, body in [(LIST, 201, made), (f"{LIST}/{{id}}", 200, made)]:
        assert faults(served, "POST" if status == 201 else "GET", path, status, body) == []


async def test_what_a_provider_demands_is_said_in_its_own_words(served: Served, tenant: Tenant) -> None:
    body = {"provider": "generic", "credentials": {"secret": "short"}}
    problem = await served.problem("POST", LIST, 422, "invalid", json=body, headers=tenant.auth)
    assert [fault["detail"] for fault in problem["errors"]] == ["the secret isn't whsec_ and base64"]


async def test_names_that_are_left_out_are_taken_from_what_is_known(served: Served, tenant: Tenant) -> None:
    channels = [{"kind": "sms", "address": "+1 (202) 555-0177"}]
    credentials = {"account_sid": "AC1", "auth_token": SECRET}
    body = {"provider": "twilio", "credentials": credentials, "channels": channels}
    made = await call(served.client, tenant, "POST", LIST, 201, body)
    assert made["name"] == "Twilio"
    assert [(c["address"], c["name"]) for c in made["channels"]] == [("+12025550177", "+12025550177")]


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"provider": "nobody"}, ["/provider"]),
        ({"credentials": {}}, ["/credentials/app_secret"]),
        ({"credentials": {"app_secret": ""}}, ["/credentials/app_secret"]),
        ({"credentials": {"app_secret": [SECRET]}}, ["/credentials/app_secret"]),
        ({"credentials": {"app_secret": "x", "api_version": SECRET}}, ["/credentials/api_version"]),
        ({"credentials": {"app_secret": "x", "app_sekret": SECRET}}, ["/credentials/app_sekret"]),
        ({"credentials": {"app_secret": 2**70}}, ["/credentials"]),
        ({"settings": {"country": SECRET}}, ["/settings/country"]),
        ({"settings": {"nothing": SECRET}}, ["/settings/nothing"]),
        ({"channels": [{"kind": "email", "address": "x@example.org"}]}, ["/channels/0/kind"]),
        ({"channels": [{"kind": "fax", "address": "1"}]}, ["/channels/0/kind"]),
        ({"channels": BODY["channels"] * 2}, ["/channels/1/address"]),
        ({"channels": [{"kind": "whatsapp", "address": "a\0b"}]}, ["/channels/0/address"]),
        ({"name": ""}, ["/name"]),
        ({"status": "active"}, ["/status"]),
    ],
)
async def test_what_is_wrong_is_named_and_no_value_is_repeated(
    served: Served, tenant: Tenant, database: Database, changes: dict[str, Any], pointers: list[str]
) -> None:
    before = await database.value("SELECT count(*) FROM external_integrations")
    problem = await served.problem("POST", LIST, 422, "invalid", json={**BODY, **changes}, headers=tenant.auth)
    assert [fault["pointer"] for fault in problem["errors"]] == pointers
    assert SECRET not in str(problem)
    assert await database.value("SELECT count(*) FROM external_integrations") == before
    assert served.neighbours.changed == []


@pytest.mark.parametrize("provider", ADAPTERS)
async def test_no_provider_repeats_a_value_that_it_refuses(served: Served, tenant: Tenant, provider: str) -> None:
    fields = ADAPTERS[provider].credentials.model_fields
    for wrong in (SECRET, [SECRET], {"x": SECRET}):
        credentials = dict.fromkeys([*fields, "unknown_field"], wrong)
        body = {"provider": provider, "credentials": credentials, "settings": dict.fromkeys(credentials, wrong)}
        problem = await served.problem("POST", LIST, 422, "invalid", json=body, headers=tenant.auth)
        assert SECRET not in str(problem)
        assert problem["errors"]


async def test_a_mailbox_is_kept_in_lower_case_and_has_to_be_one(served: Served, tenant: Tenant) -> None:
    body = {"provider": "postmark", "credentials": {"username": "u", "password": SECRET}}
    wrong = {**body, "channels": [{"kind": "email", "address": "nobody"}]}
    problem = await served.problem("POST", LIST, 422, "invalid", json=wrong, headers=tenant.auth)
    assert problem["errors"][0]["pointer"] == "/channels/0/address"
    right = {**body, "channels": [{"kind": "email", "address": "Help@Example.org"}]}
    made = await call(served.client, tenant, "POST", LIST, 201, right)
    assert made["channels"][0]["address"] == "help@example.org"


async def test_changing_one_credential_keeps_the_others(
    served: Served, tenant: Tenant, database: Database, master_key: str
) -> None:
    path = f"{LIST}/{(made := await create(served, tenant))['id']}"
    changed = await call(served.client, tenant, "PATCH", path, 200, {"credentials": {"access_token": "t"}})
    assert changed["credentials_set"] == ["access_token", "app_secret", "verify_token"]
    assert await stored(database, master_key, made["id"]) == {**BODY["credentials"], "access_token": "t"}
    changed = await call(served.client, tenant, "PATCH", path, 200, {"credentials": {"verify_token": None}})
    assert changed["credentials_set"] == ["access_token", "app_secret"]
    await served.problem("PATCH", path, 422, "invalid", json={"credentials": {"app_secret": None}}, headers=tenant.auth)


ALARM = """
INSERT INTO standing_alarms (tenant_id, integration_id, kind, level, sentence, since)
SELECT $1, $2, kind, 'warning', 'Something is wrong.', now() FROM unnest(ARRAY['login', 'silence']) AS kind
"""


async def test_a_new_login_ends_the_alarm_of_the_old_one_at_once(
    served: Served, tenant: Tenant, database: Database
) -> None:
    path = f"{LIST}/{(made := await create(served, tenant))['id']}"
    await database.fetch(ALARM, tenant.id, parse("int", made["id"]))
    served.neighbours.announced.clear()

    async def after(**body: Any) -> list[str]:
        changed = await call(served.client, tenant, "PATCH", path, 200, body)
        return [alarm["kind"] for alarm in changed["alarms"]]

    assert await after(name="Shop 2", credentials={"verify_token": "another"}) == ["login", "silence"]
    assert served.neighbours.announced == []
    assert await after(credentials={"access_token": SECRET}) == ["silence"]
    assert await after(credentials={"access_token": SECRET}) == ["silence"]
    [told] = served.neighbours.announced  # once
    assert (told.type, orjson.loads(told.data)["subtype"]) == ("channel.alarm", "login_well")
    assert orjson.loads(told.data)["connection_id"] == made["id"]


async def test_a_secret_that_is_rotated_counts_a_while_longer(
    served: Served, tenant: Tenant, database: Database, master_key: str
) -> None:
    made = await create(served, tenant)
    path = f"{LIST}/{made['id']}"
    for secret in ("second", "third", "third", "fourth", "fifth"):
        body = {"credentials": {"app_secret": secret}, "keep_previous": True}
        await call(served.client, tenant, "PATCH", path, 200, body)
    found = await stored(database, master_key, made["id"])
    assert (found["app_secret"], found["previous_app_secret"]) == ("fifth", ["fourth", "third", "second"])
    await call(served.client, tenant, "PATCH", path, 200, {"credentials": {"app_secret": "sixth"}})
    assert (await stored(database, master_key, made["id"]))["previous_app_secret"] == ["fourth", "third", "second"]
    shown = await call(served.client, tenant, "PATCH", path, 200, {"credentials": {"previous_app_secret": None}})
    assert "previous_app_secret" not in shown["credentials_set"]


async def test_settings_and_the_rest_are_changed_one_by_one(served: Served, tenant: Tenant) -> None:
    path = f"{LIST}/{(await create(served, tenant))['id']}"
    assert (await call(served.client, tenant, "PATCH", path, 200, {"name": "Shop 2"}))["name"] == "Shop 2"
    assert (await call(served.client, tenant, "PATCH", path, 200, {"report_only": True}))["report_only"] is True
    changed = await call(served.client, tenant, "PATCH", path, 200, {"settings": {"country": None}})
    assert (changed["settings"], changed["name"], changed["report_only"]) == ({}, "Shop 2", True)
    assert faults(served, "PATCH", f"{LIST}/{{id}}", 200, changed) == []


async def test_stored_secrets_are_not_led_to_another_server(
    served: Served, tenant: Tenant, database: Database, master_key: str
) -> None:
    made = await create(served, tenant)
    path = f"{LIST}/{made['id']}"

    async def refused(provider_path: str, body: Any) -> list[str]:
        problem = await served.problem("PATCH", provider_path, 422, "invalid", json=body, headers=tenant.auth)
        return [fault["pointer"] for fault in problem["errors"]]

    both = ["/credentials/app_secret", "/credentials/verify_token"]
    elsewhere = {"settings": {"base_url": "https://proxy.example.org/whatsapp"}}
    assert await refused(path, elsewhere) == both
    assert await refused(path, {**elsewhere, "credentials": {"verify_token": "word"}}) == both[:1]
    assert await stored(database, master_key, made["id"]) == BODY["credentials"]
    entered = {**elsewhere, "credentials": {**BODY["credentials"], "app_secret": "another"}}
    moved = await call(served.client, tenant, "PATCH", path, 200, entered)
    assert moved["settings"]["base_url"] == elsewhere["settings"]["base_url"]
    same = {"settings": {"base_url": "https://proxy.example.org:443/other"}}
    await call(served.client, tenant, "PATCH", path, 200, same)
    assert await refused(path, {"settings": {"base_url": None}}) == both

    smtp = {"host": "mail.example.org", "username": "shop", "password": SECRET, "port": 587}
    made = await create(served, tenant, provider="smtp", credentials=smtp, settings={}, channels=[])
    path = f"{LIST}/{made['id']}"
    assert await refused(path, {"credentials": {"host": "mail.example.net"}}) == ["/credentials/password"]
    await call(served.client, tenant, "PATCH", path, 200, {"credentials": {"host": "MAIL.example.org"}})


async def test_switching_it_off_and_on_is_told_for_each_channel(served: Served, tenant: Tenant) -> None:
    made = await create(served, tenant)
    path = f"{LIST}/{made['id']}"
    for status in ("disabled", "disabled", "active"):
        assert (await call(served.client, tenant, "PATCH", path, 200, {"status": status}))["status"] == status
    told = [(e.type, orjson.loads(e.data)["status"]) for e in served.neighbours.announced]
    assert told == [("channel.created", "active"), ("channel.updated", "disabled"), ("channel.updated", "active")]


async def test_channels_come_and_go_and_come_back(served: Served, tenant: Tenant) -> None:
    made = await create(served, tenant, channels=[])
    path = f"{LIST}/{made['id']}/channels"
    body = {"kind": "whatsapp", "address": "106000000000888"}
    added = await call(served.client, tenant, "POST", path, 201, body)
    assert faults(served, "POST", f"{LIST}/{{id}}/channels", 201, added) == []
    problem = await served.problem("POST", path, 422, "invalid", json=body, headers=tenant.auth)
    assert problem["errors"][0]["pointer"] == "/address"
    named = await call(served.client, tenant, "PATCH", f"/api/v1/channels/{added['id']}", 200, {"name": "Support"})
    assert (named["name"], named["id"]) == ("Support", added["id"])
    await call(served.client, tenant, "DELETE", f"/api/v1/channels/{added['id']}", 204)
    assert (await served.get(f"{LIST}/{made['id']}", tenant))["channels"] == []
    for method in ("DELETE", "PATCH"):
        await served.problem(
            method, f"/api/v1/channels/{added['id']}", 404, "not_found", headers=tenant.auth,
            json={"name": "x"} if method == "PATCH" else None,
        )  # fmt: skip
    assert (await call(served.client, tenant, "POST", path, 201, body))["id"] == added["id"]
    told = [(e.type, orjson.loads(e.data)["deleted_at"] is None) for e in served.neighbours.announced]
    assert told == [("channel.created", True), *[("channel.updated", gone) for gone in (True, False, True)]]


async def test_a_removed_connection_is_gone_and_its_secrets_with_it(
    served: Served, tenant: Tenant, database: Database
) -> None:
    made = await create(served, tenant)
    path = f"{LIST}/{made['id']}"
    await call(served.client, tenant, "DELETE", path, 204)
    for method, where in [("GET", ""), ("DELETE", ""), ("PATCH", ""), ("POST", "/channels")]:
        body = {"kind": "whatsapp", "address": "1"} if where else {}
        await served.problem(
            method, path + where, 404, "not_found", headers=tenant.auth,
            json=body if method in {"PATCH", "POST"} else None,
        )  # fmt: skip
    assert made["id"] not in [one["id"] for one in (await served.get(LIST, tenant))["data"]]
    sealed = "SELECT credentials_sealed FROM external_integrations WHERE id = $1"
    assert await database.value(sealed, parse("int", made["id"])) == b""
    assert orjson.loads(served.neighbours.announced[-1].data)["deleted_at"] is not None


async def test_templates_are_fetched_and_stored_anew(served: Served, tenant: Tenant) -> None:
    path = f"{LIST}/{tenant.integration('whatsapp_cloud')['id']}/templates"
    assert (await served.get(path, tenant))["data"] == []
    [hello, bye] = [
        {"name": name, "language": "en", "status": "APPROVED", "category": "UTILITY", "id": name,
         "components": [{"type": "BODY", "text": f"{name} {{{{1}}}}"}]}
        for name in ("hello", "bye")
    ]  # fmt: skip
    await call(served.client, tenant, "PATCH", path.removesuffix("/templates"), 200,
               {"credentials": {"business_account_id": "200000000000001"}})  # fmt: skip
    for listed, names in [([hello, bye], ["bye", "hello"]), ([hello], ["hello"]), ([], [])]:
        served.neighbours.provider = HttpResponse(200, orjson.dumps({"data": listed}))
        synced = await call(served.client, tenant, "POST", f"{path}/sync", 200)
        assert [one["name"] for one in synced["data"]] == names
        assert await served.get(path, tenant) == synced
        assert faults(served, "POST", f"{LIST}/{{id}}/templates/sync", 200, synced) == []
    assert "/200000000000001/message_templates" in served.neighbours.called[0].url


async def test_a_provider_that_lists_no_templates_is_told_of(served: Served, tenant: Tenant) -> None:
    path = f"{LIST}/{tenant.integration('whatsapp_cloud')['id']}"
    await call(served.client, tenant, "PATCH", path, 200, {"credentials": {"business_account_id": "2"}})
    served.neighbours.provider = HttpResponse(401, b'{"error": {"code": 190, "message": "expired"}}')
    problem = await served.problem("POST", f"{path}/templates/sync", 424, "provider_refused", headers=tenant.auth)
    assert "190" in problem["detail"]
    mail = f"{LIST}/{tenant.integration('postmark')['id']}/templates/sync"
    await served.problem("POST", mail, 404, "not_found", headers=tenant.auth)


async def test_the_last_webhook_of_a_connection_is_told(served: Served, tenant: Tenant, database: Database) -> None:
    hook = tenant.integration("twilio")
    await database.fetch(
        "INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers,"
        " body, verdict, state, received, stored, duplicate, ignored, quarantined) VALUES ($1, '2026-11-02T09:00Z',"
        " $2, $3, 'twilio', 'POST', '/', '{}', '', 'verified', 'ignored', 1, 0, 0, 1, 0)",
        tenant.id, new_id(), parse("int", hook["id"]),
    )  # fmt: skip
    found = {one["id"]: one["last_webhook_at"] for one in (await served.get(LIST, tenant))["data"]}
    assert found.pop(hook["id"]) == "2026-11-02T09:00:00.000Z"
    assert set(found.values()) == {None}


async def test_a_change_counts_for_the_very_next_webhook(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    path = f"{LIST}/{hook['id']}"
    assert await whatsapp(hook, [text(unique())]).send(client) == 200
    await call(client, tenant, "PATCH", path, 200, {"credentials": {"app_secret": "another"}})
    assert await whatsapp(hook, [text(unique())]).send(client) == 401
    renewed = {**hook, "credentials": {"app_secret": "another"}}
    assert await whatsapp(renewed, [text(unique())]).send(client) == 200
    await call(client, tenant, "PATCH", path, 200, {"status": "disabled"})
    assert await whatsapp(renewed, [text(unique())]).send(client) == 404
    await call(client, tenant, "PATCH", path, 200, {"status": "active"})
    assert await whatsapp(renewed, [text(unique())]).send(client) == 200
    assert "channel.updated" in [event["type"] for event in await events(client, tenant)]


async def test_a_change_reaches_other_processes(client: ClientSession, tenant: Tenant, settings: Settings) -> None:
    hook = tenant.integration("whatsapp_cloud")
    async with run_gateway(settings) as second, ClientSession(second.url) as there:
        assert await whatsapp(hook, [text(unique())]).send(there) == 200  # it is cached there now
        await call(client, tenant, "PATCH", f"{LIST}/{hook['id']}", 200, {"status": "disabled"})

        async def answered() -> int:
            return await whatsapp(hook, [text(unique())]).send(there)

        assert await until(answered, lambda status: status == 404) == 404


async def test_a_tenant_without_a_key_is_our_fault(served: Served, make_tenant: MakeTenant, database: Database) -> None:
    bare = await make_tenant("bare")
    await database.fetch("DELETE FROM channels WHERE tenant_id = $1", bare.id)
    await database.fetch("DELETE FROM external_integrations WHERE tenant_id = $1", bare.id)
    await database.fetch("DELETE FROM encryption_keys WHERE tenant_id = $1", bare.id)
    await served.problem("POST", LIST, 500, "internal", json=BODY, headers=bare.auth)
