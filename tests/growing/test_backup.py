"""A database is saved while a gateway serves, put into another cluster, and served from there."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import orjson
import pytest
from aiohttp import ClientSession
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.embedded import EmbeddedPostgres, Superuser
from gateway.embedded.binaries import installed
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.databases import PASSWORDS
from tests.ingest.posts import Post, text, whatsapp
from tests.store.filled import fill

PROGRAMS = installed() / "pginstall" / "bin"
#: All of the schema that its author can see, as lines.
CATALOGUE = {
    "relations": """
SELECT concat_ws(' ', c.relkind, c.relname, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
    (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(c.relacl) a), c.reloptions::text,
    pg_get_expr(c.relpartbound, c.oid), (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = c.oid),
    CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) WHEN c.relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END)
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1""",
    "columns": """
SELECT concat_ws(' ', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
    a.attoptions::text, a.attidentity, a.attacl::text, pg_get_expr(d.adbin, d.adrelid))
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relnamespace = 'public'::regnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v') ORDER BY 1""",
    "constraints": """
SELECT concat_ws(' ', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1""",
    "policies": """
SELECT concat_ws(' ', polrelid::regclass, polname, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid),
    pg_get_expr(polwithcheck, polrelid)) FROM pg_policy ORDER BY 1""",
    "functions": """
SELECT concat_ws(' ', p.oid::regprocedure, pg_get_userbyid(p.proowner), p.prosecdef, p.proconfig::text,
    (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(p.proacl) a), md5(pg_get_functiondef(p.oid)))
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p') ORDER BY 1""",
    "triggers": """
SELECT concat_ws(' ', tgrelid::regclass, tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger
WHERE NOT tgisinternal ORDER BY 1""",
}
AMOUNTS = """
SELECT (SELECT count(*) FROM messages), (SELECT sum(last_seq) FROM tenant_heads), (SELECT count(*) FROM events),
    (SELECT count(*) FROM old_events), (SELECT count(*) FROM inbound_webhooks)
"""

WAITING = "UPDATE sends SET state = 'queued', next_attempt_at = now() + interval '1 day'"


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superuser]:
    """Another cluster, without our roles."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("elsewhere"), fast=True)
    try:
        yield server.start_blocking()
    finally:
        server.remove_blocking()


@asynccontextmanager
async def serving(tenant: Tenant, settings: Settings) -> AsyncIterator[None]:
    """Have a gateway take webhooks all the time; begins once it has taken some."""
    some = asyncio.Event()

    async def post(url: str) -> None:
        async with ClientSession(url) as session:
            for number in range(10_000):
                assert await message(tenant, f"wamid.B{number}").send(session) == 200
                if number == 3:
                    some.set()

    async with run_gateway(settings) as running:
        task = asyncio.create_task(post(running.url))
        await asyncio.wait_for(some.wait(), 60)
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def message(tenant: Tenant, external_id: str) -> Post:
    """Return a signed webhook with one message."""
    return whatsapp(tenant.integration("whatsapp_cloud"), [text(external_id)])


async def program(name: str, *arguments: str) -> None:
    """Run one of Postgres' programs."""
    process = await asyncio.create_subprocess_exec(
        PROGRAMS / name, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


async def postgate(environment: dict[str, str], *arguments: str) -> str:
    """Run a verb of ours."""
    done = await asyncio.to_thread(CliRunner().invoke, app, list(arguments), env=environment)
    assert done.exit_code == 0, done.output
    return done.output


async def test_a_backup_made_while_serving_is_put_back_and_served(
    database: Database, tenant: Tenant, settings: Settings, elsewhere: Superuser, tmp_path: Path
) -> None:
    await fill(database, tenant)
    await database.script(WAITING)
    before = await database.fetch("SELECT tenant_id, last_seq, epoch FROM tenant_heads WHERE tenant_id = $1", tenant.id)
    saved = str(tmp_path / "postgate.dump")
    async with serving(tenant, settings):
        await program("pg_dump", "--format=custom", f"--file={saved}", f"--dbname={database.admin_url}")

    admin = elsewhere.url("postgate")
    urls = [elsewhere.url("postgate", role, password) for role, password in PASSWORDS.items()]
    environment = {
        "POSTGATE_ADMIN_DATABASE_URL": elsewhere.url(), "POSTGATE_DATABASE_URL": urls[0],
        "POSTGATE_HOOK_DATABASE_URL": urls[1], "POSTGATE_RELAY_DATABASE_URL": urls[2],
        "POSTGATE_MASTER_KEY": settings.master_key.get_secret_value(),
    }  # fmt: skip
    await postgate(environment, "migrate", "--roles-only")
    await program("createdb", f"--maintenance-db={elsewhere.url()}", "--template=template0", "postgate")
    await program("pg_restore", f"--dbname={admin}", "--exit-on-error", saved)
    environment["POSTGATE_ADMIN_DATABASE_URL"] = admin
    assert "nothing to apply" in await postgate(environment, "migrate")
    one, other = await asyncpg.connect(database.admin_url), await asyncpg.connect(admin)
    for what, statement in CATALOGUE.items():
        there = [row[0] for row in await other.fetch(statement)]
        assert there == [row[0] for row in await one.fetch(statement)], what
        assert len(there) > 20 or what == "triggers", what
    restored = await other.fetchrow(AMOUNTS)
    assert 4 <= restored[0] <= (await one.fetchrow(AMOUNTS))[0]

    said = await postgate(environment, "restored")
    assert "1 logs" in said
    assert "1 messages that waited are not sent" in said
    assert await other.fetchval("SELECT count(*) FROM sessions") == 0
    await one.close()
    await serve_and_look(tenant, settings, urls, str(before[0]["epoch"]), other)
    await other.close()


async def serve_and_look(
    tenant: Tenant, settings: Settings, urls: Sequence[str], epoch: str, there: asyncpg.Connection
) -> None:
    """Serve what was put back: its secrets open, and who knows the log from before has to load afresh."""
    changed = dict(zip(("database_url", "hook_database_url", "relay_database_url"), urls, strict=True))
    again = Settings.model_validate({**settings.model_dump(), **changed})
    async with run_gateway(again) as running, ClientSession(running.url, headers=tenant.auth) as session:
        last = await there.fetchval("SELECT last_seq FROM tenant_heads WHERE tenant_id = $1", tenant.id)
        for number in range(3):  # the log grows past where others were
            assert await message(tenant, f"wamid.A{number}").send(session) == 200
        async with session.get("/api/v1/events", params={"after": last, "epoch": epoch}) as answer:
            assert answer.status == 410
            assert (await answer.json())["code"] == "resync"
        async with session.ws_connect("/api/v1/stream") as socket:
            await socket.send_json({"type": "resume", "after": last, "epoch": epoch})
            frames = [orjson.loads((await socket.receive(30)).data) for _ in range(2)]
        assert [frame["type"] for frame in frames] == ["hello", "resync"]
        assert frames[1]["reason"] == "epoch"
        assert frames[0]["epoch"] != epoch
        assert frames[0]["seq"] > last
        async with asyncio.timeout(60):
            while await there.fetchval("SELECT count(*) FROM sends WHERE state = 'unknown'") == 0:
                await asyncio.sleep(0.05)
    assert await there.fetchval("SELECT count(*) FROM sends WHERE state IN ('queued', 'sent')") == 0
