"""A schema that is newer than what serves: applied under load, in nobody's way."""

import asyncio

import asyncpg
import pytest
from aiohttp import ClientSession

from gateway import migrate
from gateway.migrate import Migration, apply
from gateway.running import Running
from tests.conftest import Database, Tenant
from tests.processes.loading import Trickle, more

NEWER = Migration(
    9999,
    "9999_of_the_next_version",
    """
    ALTER TABLE messages ADD COLUMN mood text;
    ALTER TABLE conversations ADD COLUMN warmth integer NOT NULL DEFAULT 0;
    CREATE TABLE moods (tenant_id uuid NOT NULL, id uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tenant_id, id));
    CALL protect('moods', 'SELECT');
    """,
)
WAITS = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%ADD COLUMN mood%'"


async def test_a_newer_schema_comes_while_an_older_version_serves(
    gateway: Running, client: ClientSession, tenant: Tenant, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(migrate, "RETRY_SECONDS", 0.05)
    load = Trickle(tenant.integration("whatsapp_cloud"), gateway.url)
    load.start()
    await more([load])
    reader, admin = await asyncpg.connect(database.admin_url), await asyncpg.connect(database.admin_url)
    async with reader.transaction():
        await reader.execute("LOCK TABLE messages IN ACCESS SHARE MODE")  # somebody's long query
        applying = asyncio.create_task(apply(admin, NEWER))
        async with asyncio.timeout(20):
            while not await database.value(WAITS):
                await asyncio.sleep(0.005)  # between two looks
        await more([load])
        assert not applying.done()
    await applying
    await more([load])
    await load.stop()
    assert load.refused == []
    async with client.get("/readyz") as answer:
        told = await answer.json()
    assert (answer.status, told["checks"]["database"]["detail"]) == (200, {"version": 9999})
    assert await database.value("SELECT count(*) FROM messages WHERE mood IS NULL") >= len(load.acknowledged)
    await reader.close()
    await admin.close()
