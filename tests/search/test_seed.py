"""Made-up rows: as many as asked for, of one tenant, found by search, and no more than sample data."""

import asyncio

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.parts import now
from gateway.seed import NoChannel, sow
from gateway.seed.words import PRODUCTS
from tests.api.conftest import Served
from tests.conftest import Database, Tenant


async def test_a_tenant_is_filled_and_can_be_filled_further(
    served: Served, database: Database, tenant: Tenant, other: Tenant
) -> None:
    connection = await asyncpg.connect(database.app_url)
    told: list[int] = []
    for _ in range(2):
        await sow(connection, tenant.id, 60, 900, now=now(), told=told.append)
    await connection.close()
    assert told == [60, 60]
    count = "SELECT count(*) FROM {} WHERE tenant_id = $1"
    for table, expected in (("conversations", 120), ("customers", 120), ("customer_identities", 120), ("labels", 5)):
        assert await database.value(count.format(table), tenant.id) == expected, table
    assert 1200 < await database.value(count.format("messages"), tenant.id) < 2400
    assert await database.value(count.format("messages"), other.id) == 0
    wrong = (
        "SELECT count(*) FROM conversations c WHERE c.last_message_at <> (SELECT max(m.occurred_at) FROM messages m"
        " WHERE m.tenant_id = c.tenant_id AND m.conversation_id = c.id AND m.direction <> 'internal')"
    )
    assert await database.value(wrong) == 0
    numbers = "SELECT count(*) FROM customer_identities WHERE value !~ '^(\\+1555010*\\d+|.*@example\\.org)$'"
    assert await database.value(numbers) == 0
    found = await served.get(f"/api/v1/search?in=messages&q={PRODUCTS[0]}", tenant)
    assert len(found["messages"]["data"]) == 20
    for path in ("/api/v1/conversations?limit=200", f"/api/v1/search?q={PRODUCTS[1]}"):
        await served.get(path, tenant)


async def test_without_a_channel_there_is_nowhere_to_write(database: Database, tenant: Tenant) -> None:
    await database.fetch("UPDATE channels SET deleted_at = now()")
    connection = await asyncpg.connect(database.app_url)
    with pytest.raises(NoChannel):
        await sow(connection, tenant.id, 1, 1, now=now())
    await connection.close()


async def test_the_command_fills_the_demo_tenant(
    database: Database, tenant: Tenant, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ready = tmp_path_factory.mktemp("ready") / "ready.json"
    ready.write_bytes(orjson.dumps(tenant.ready))
    done = await command("seed", "--conversations", "5", "--messages", "20", "--ready-file", str(ready))
    assert done.startswith("5 conversations"), done
    assert await database.value("SELECT count(*) FROM conversations WHERE tenant_id = $1", tenant.id) == 5


async def command(*args: str) -> str:
    """Run a command, which has an event loop of its own; returns what it printed."""
    result = await asyncio.to_thread(CliRunner().invoke, app, args)
    assert result.exit_code == 0, result.output
    return result.stdout
