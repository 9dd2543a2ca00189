"""``postgate users`` and ``postgate tenants`` on one's own Postgres."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import pytest
from aiohttp import ClientSession, CookieJar, WSServerHandshakeError
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.running import Running
from tests.conftest import Database, Tenant
from tests.ingest.posts import text, unique, whatsapp
from tests.live.clients import Reader

Run = Callable[..., Awaitable[str]]
ORIGIN = {"Origin": "http://gateway.test"}


@pytest.fixture
def run(database: Database, master_key: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    values = {
        "DATABASE_URL": database.app_url, "HOOK_DATABASE_URL": database.hook_url,
        "RELAY_DATABASE_URL": database.relay_url, "ADMIN_DATABASE_URL": database.admin_url, "MASTER_KEY": master_key,
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(f"POSTGATE_{name}", value)

    async def inside(*args: str, status: int = 0) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, args)
        assert result.exit_code == status, result.output
        return result.output

    return inside


async def log_in(client: ClientSession, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    async with client.post("/api/v1/login", json=body, headers=ORIGIN) as answer:
        return answer.status


async def test_a_tenant_is_made_with_its_first_owner(run: Run, gateway: Running, client: ClientSession) -> None:
    said = await run("tenants", "add", "initech", "--owner", "Bill@Example.org", "--name", "Initech")
    password = said.partition("password: ")[2].strip()
    assert len(password) >= 10
    body = {"email": "bill@example.org", "password": password}
    async with client.post("/api/v1/login", json=body, headers=ORIGIN) as answer:
        assert answer.status == 200, await answer.text()
        me = await answer.json()
    assert (me["tenant"]["name"], me["role"], me["seq"]) == ("Initech", "owner", 1)
    assert "initech\tactive\t1 members\tInitech" in await run("tenants", "list")
    assert "there is a tenant initech already" in await run(
        "tenants", "add", "initech", "--owner", "bill@example.org", status=1
    )
    assert "a slug is" in await run("tenants", "add", "In Itech", "--owner", "bill@example.org", status=2)
    assert "no e-mail address: 'bill'" in await run("tenants", "add", "other", "--owner", "bill", status=2)


async def test_people_are_added_and_get_another_password(
    run: Run, tenant: Tenant, database: Database, gateway: Running, client: ClientSession
) -> None:
    said = await run("users", "add", "kim@example.org", "--tenant", "acme", "--role", "manager", "--name", "Kim")
    first = said.partition("password: ")[2].strip()
    assert await log_in(client, "kim@example.org", first) == 200
    entry = await database.value("SELECT data::text FROM events WHERE tenant_id = $1 AND type = 'member.updated'",
                                 tenant.id)  # fmt: skip
    assert orjson.loads(entry)["role"] == "manager"
    assert "kim@example.org\tacme\tmanager\tactive\tpassword only\tKim" in await run("users", "list")
    second = (await run("users", "reset-password", "kim@example.org")).partition("password: ")[2].strip()
    async with client.get("/api/v1/me") as answer:
        assert answer.status == 401  # the login ended with it
    assert await log_in(client, "kim@example.org", first) == 401
    assert await log_in(client, "kim@example.org", second) == 200
    kim = await database.value("SELECT id FROM users WHERE email = 'kim@example.org'")
    noted = await database.fetch(
        "SELECT operation, action, $2 = ANY (record_ids) AS kim FROM data_access_audit"
        " WHERE tenant_id = $1 AND actor = 'operator' ORDER BY created_at",
        tenant.id,
        kim,
    )
    assert noted == [
        ("create", "postgate users add", True),
        ("read", "postgate users list", True),
        ("change", "postgate users reset-password", True),
    ]


async def test_a_lost_device_is_forgotten(run: Run, tenant: Tenant, database: Database) -> None:
    await database.fetch(
        "INSERT INTO second_factors (user_id, wrapped_key, master_key_id, secret_sealed, confirmed_at)"
        " SELECT user_id, '', 'k', '', now() FROM memberships"
    )
    email = tenant.ready["email"]
    assert f"{email}\tacme\towner\tactive\tsecond factor" in await run("users", "list", "--tenant", "acme")
    await run("users", "reset-password", email)
    assert await database.value("SELECT count(*) FROM second_factors") == 1
    await run("users", "reset-password", email, "--without-second-factor")
    assert await database.value("SELECT count(*) FROM second_factors") == 0


async def test_what_makes_no_sense_is_refused_in_words(run: Run, tenant: Tenant) -> None:
    assert "no tenant" in await run("users", "add", "kim@example.org", "--tenant", "nowhere", status=1)
    assert "a role is" in await run("users", "add", "kim@example.org", "--tenant", "acme", "--role", "king", status=2)
    weak = ("users", "add", "kim@example.org", "--tenant", "acme", "--password", "short")
    assert "at least 10" in await run(*weak, status=2)
    assert "nobody has" in await run("users", "reset-password", "kim@example.org", status=1)


async def test_who_is_shut_out_hears_nothing_more(
    run: Run, tenant: Tenant, gateway: Running, client: ClientSession
) -> None:
    said = await run("users", "add", "kim@example.org", "--tenant", "acme", "--role", "operator", "--name", "Kim")
    async with ClientSession(gateway.url, cookie_jar=CookieJar(unsafe=True)) as kim:
        assert await log_in(kim, "kim@example.org", said.partition("password: ")[2].strip()) == 200
        async with kim.ws_connect("/api/v1/stream", headers=ORIGIN) as socket:
            reader = Reader(socket)
            await reader.resume()
            async with client.get("/api/v1/members", headers=tenant.auth) as answer:
                [member] = [one["id"] for one in (await answer.json())["data"] if one["name"] == "Kim"]
            off = {"status": "disabled"}
            async with client.patch(f"/api/v1/members/{member}", json=off, headers=tenant.auth) as answer:
                assert answer.status == 200, await answer.text()
            async with asyncio.timeout(30):
                heard = [frame.json() async for frame in socket]  # until it is closed
            assert socket.close_code == 1008
            assert {frame["event"]["type"] for frame in heard if frame["type"] == "event"} <= {"member.updated"}
        assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())]).send(client) == 200
        with pytest.raises(WSServerHandshakeError, match="401"):
            await kim.ws_connect("/api/v1/stream", headers=ORIGIN)
