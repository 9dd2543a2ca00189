"""Keys are exchanged while a gateway takes webhooks, by a process that is killed in the middle."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession
from pydantic import SecretStr
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.keys import Keyring, KeyUnusable, WrappedKey, credentials_of, new_master_key, seal, unseal
from gateway.running import run_gateway
from gateway.settings import Settings
from gateway.store import erased, provision, webhook_endpoints
from gateway.store.pool import open_pool, tenant_tx
from gateway.store.raw_webhooks import Sealing
from gateway.store.sealed import OF_ROWS, OF_TENANTS, SealedColumn
from gateway.store.second_factors import place_of
from tests.conftest import Database, Tenant, new_id
from tests.delivery.registered import Registered
from tests.ingest.posts import text, whatsapp
from tests.ingest.reading import until
from tests.ledger import raw_webhooks

#: More than a few batches.
OLD = 450
PACE_SECONDS = 0.1
STEP = "inbound_webhooks.body sealed"
DATA_KEY = "SELECT id, wrapped_key, master_key_id FROM encryption_keys WHERE tenant_id = $1"
ADD_OLD = """
INSERT INTO inbound_webhooks (tenant_id, received_at, id, integration_id, provider, method, url, headers, body, key_id,
    verdict, state, received, stored, duplicate, ignored, quarantined)
VALUES ($1, now() - interval '1 hour' + $2 * interval '1 second', $3, $4, 'whatsapp_cloud', 'POST', $5, '{}', $6, $7,
    'verified', 'ignored', 0, 0, 0, 0, 0)
"""
#: The last of them: whoever exchanges keys comes to stand there.
LOCK_THE_LAST = """
SELECT FROM inbound_webhooks WHERE url LIKE '%sealed=%' ORDER BY received_at DESC LIMIT 1 FOR UPDATE
"""
STUCK = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
  AND query LIKE '%inbound_webhooks x%'
"""
WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%webhook_endpoints%'
"""
LOCKED = """
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE d.datname = current_database() AND l.locktype = 'advisory'
  AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('postgate key rotation', 0)
"""
PROGRESS = "SELECT (counts ->> $1)::int FROM key_rotations WHERE finished_at IS NULL"
#: What was there before the exchange and is sealed with an older key.
OLDER = """
SELECT count(*) FROM {} x WHERE x.created_at < (SELECT min(created_at) FROM key_rotations) AND x.key_id <> (
    SELECT n.id FROM encryption_keys n WHERE n.tenant_id = x.tenant_id ORDER BY n.created_at DESC LIMIT 1)
"""
SEALED = """
SELECT table_name, column_name FROM information_schema.columns c
WHERE table_schema = 'public'
  AND (column_name LIKE '%sealed' OR (table_name, column_name) = ('inbound_webhooks', 'body'))
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = format('%I', table_name)::regclass)
"""
KEYED = """
SELECT c.table_name FROM information_schema.columns c
WHERE c.table_schema = 'public' AND c.column_name IN ('key_id', 'wrapped_key') AND c.table_name <> 'encryption_keys'
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = format('%I', c.table_name)::regclass)
"""


async def test_every_sealed_column_is_sealed_anew(database: Database) -> None:
    described = {(one.table, one.column) for one in (*OF_TENANTS, *OF_ROWS)}
    assert {(row[0], row[1]) for row in await database.fetch(SEALED)} == described, "name it in gateway/store/sealed.py"
    # Whatever names a key has a sealed value of its own; a file may be sealed, too: its key is kept by a reference.
    referring = await database.fetch(
        "SELECT conrelid::regclass::text FROM pg_constraint WHERE confrelid = 'encryption_keys'::regclass"
    )
    assert {row[0] for row in await database.fetch(KEYED)} == {one[0] for one in described} | {r[0] for r in referring}
    keys = (
        "SELECT a.attname::text, format_type(a.atttypid, NULL) FROM pg_index i JOIN pg_attribute a"
        " ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])"
        " WHERE i.indrelid = $1::text::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)"
    )
    for one in (*OF_TENANTS, *OF_ROWS):
        types = {
            row[0]: row[1].replace("timestamp with time zone", "timestamptz")
            for row in await database.fetch(keys, one.table)
        }
        assert list(types.items()) == list(one.key.items()), one.name


def environment_of(settings: Settings, database: Database, master_key: str, previous: str) -> Mapping[str, str]:
    names = ("database_url", "hook_database_url", "relay_database_url")
    values = {name: getattr(settings, name).get_secret_value() for name in names}
    values |= {
        "admin_database_url": database.admin_url, "master_key": master_key, "previous_master_keys": previous,
    }  # fmt: skip
    return {f"POSTGATE_{name.upper()}": value for name, value in values.items()}


async def fill(database: Database, tenant: Tenant, master_key: str) -> None:
    """Seal something in every column, and many old webhooks."""
    keyring = Keyring(master_key)
    [(key_id, wrapped, master_id)] = await database.fetch(DATA_KEY, tenant.id)
    await Registered(database, tenant, master_key).endpoint("https://example.org/hook")
    key, own = await keyring.new_data_key()
    app_id = new_id()
    async with provision.provisioning(database.admin_url) as connection:
        sealed = seal(key, b'{"app_secret":"one"}', credentials_of("app", app_id))
        await provision.add_app(connection, app_id, "whatsapp_cloud", "S", own.wrapped, own.master_key_id, sealed)
    person = UUID(tenant.facts["user_id"])
    await database.fetch(
        "INSERT INTO second_factors (user_id, wrapped_key, master_key_id, secret_sealed) VALUES ($1, $2, $3, $4)",
        person, own.wrapped, own.master_key_id, seal(key, b"JBSWY3DP", place_of(person)),
    )  # fmt: skip
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, tenant.id) as tx:
        await erased.own_key(tx, keyring)
    await pool.close()
    sealing = Sealing(tenant.id, key_id, await keyring.unwrap(WrappedKey(wrapped, master_id)))
    integration = UUID(tenant.facts["integrations"][0]["id"])
    rows = []
    for number in range(OLD):
        webhook = new_id()
        stored = await sealing.seal(webhook, f"http://gateway.test/hooks/x?n={number}", b"old %d" % number)
        rows.append((tenant.id, number, webhook, integration, stored.url, stored.body, key_id))
    webhook = new_id()
    empty = await sealing.seal(webhook, "http://gateway.test/hooks/x", b"")
    rows.append((tenant.id, -1, webhook, integration, empty.url, empty.body, key_id))
    connection = await asyncpg.connect(database.admin_url)
    await connection.executemany(ADD_OLD, rows)
    await connection.close()


async def opened(database: Database, column: SealedColumn, keyring: Keyring) -> list[bytes]:
    """Open all values of a column."""
    places = ", ".join(f"x.{name}::text" for name in column.key)
    keys = "JOIN encryption_keys k ON k.tenant_id = x.tenant_id AND k.id = x.key_id" if column in OF_TENANTS else ""
    own = "k" if keys else "x"
    rows = await database.fetch(
        f"SELECT ARRAY[{places}] AS place, x.{column.column} AS value, {own}.wrapped_key, {own}.master_key_id"
        f" FROM {column.table} x {keys} ORDER BY 1"
    )
    return [
        unseal(await keyring.unwrap(WrappedKey(row["wrapped_key"], row["master_key_id"])), row["value"],
               column.place(row["place"]))
        for row in rows
    ]  # fmt: skip


@dataclass
class Load:
    """A provider that goes on posting, and what it posted."""

    client: ClientSession
    hook: Mapping[str, Any]
    posted: list[bytes] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Post, one after the other, until it is stopped."""
        while not self.stopping.is_set():
            one = whatsapp(self.hook, [text(f"wamid.K{len(self.posted)}")])
            assert await one.send(self.client) == 200
            self.posted.append(one.body)
            await asyncio.sleep(PACE_SECONDS)

    async def more(self) -> None:
        """Wait until more was stored."""
        wanted = len(self.posted) + 3

        async def count() -> int:
            return len(self.posted)

        await until(count, lambda now: now >= wanted)


async def keys(*arguments: str, status: int = 0) -> str:
    """Run ``postgate keys``; returns what it said."""
    done = await asyncio.to_thread(CliRunner().invoke, app, ["keys", *arguments])
    assert done.exit_code == status, done.output
    return done.output


async def killed_in_the_middle(database: Database, environment: Mapping[str, str]) -> asyncpg.Connection:
    """Have an exchange begun by a process that is killed before its last batch; returns what stands in its way."""
    blocker = await asyncpg.connect(database.admin_url)
    await blocker.execute("BEGIN")
    await blocker.execute(LOCK_THE_LAST)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli.main", "keys", "rotate", "--data-keys", "--settle", "0",
        env={**os.environ, **environment}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said = b""
    while STEP.encode() not in said:
        line = await process.stdout.readline()
        assert line, said
        said += line
    await until(lambda: database.value(STUCK), lambda many: many == 1)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    return blocker


async def test_keys_are_exchanged_under_load_by_a_process_that_is_killed(
    settings: Settings, database: Database, tenant: Tenant, master_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, tenant, master_key)
    before = {one.name: await opened(database, one, Keyring(master_key)) for one in (*OF_TENANTS, *OF_ROWS)}
    assert all(before.values())
    new, hook = new_master_key(), tenant.integration("whatsapp_cloud")
    environment = environment_of(settings, database, new, master_key)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    both = settings.model_copy(update={"master_key": SecretStr(new), "previous_master_keys": SecretStr(master_key)})
    async with run_gateway(both) as running, ClientSession(running.url) as client:
        load = Load(client, hook)
        posting = asyncio.create_task(load.run())
        await load.more()
        blocker = await killed_in_the_middle(database, environment)
        assert await database.value(PROGRESS, STEP) == OLD - OLD % 200
        # Old and new keys side by side: everything opens, and what is changed meanwhile stays changed.
        assert len([raw for raw in await raw_webhooks(database, new) if raw.body.startswith(b"old")]) == OLD
        change = {"credentials": {"access_token": "changed-meanwhile"}}
        path = f"/api/v1/connections/{hook['id']}"
        async with client.patch(path, json=change, headers=tenant.auth) as answer:
            assert answer.status == 200, await answer.text()
        # The database does not notice that a process died while it waits for a lock.
        assert "somebody else" in await keys("rotate", status=1)
        await blocker.execute("ROLLBACK")
        await blocker.close()
        await until(lambda: database.value(LOCKED), lambda many: many == 0)
        assert f"not finished, at: {STEP}" in await keys("status")
        said = await keys("rotate", "--settle", "0")
        assert f"(new data keys), at: {STEP}, where {OLD - OLD % 200} are done" in said
        assert "data keys made" not in said  # it goes on, and begins nothing anew
        await load.more()
        load.stopping.set()
        await posting
    # The earlier master key opens nothing any more, and is not needed.
    after = {one.name: await opened(database, one, Keyring(new)) for one in (*OF_TENANTS, *OF_ROWS)}
    assert set(load.posted) <= set(after["inbound_webhooks.body"])
    for name, values in before.items():
        assert len(after[name]) == await database.value(f"SELECT count(*) FROM {name.partition('.')[0]}")
        lost = set(values) - set(after[name])
        assert len(lost) == (name == "external_integrations.credentials_sealed"), name
    assert any(b"changed-meanwhile" in one for one in after["external_integrations.credentials_sealed"])
    with pytest.raises(KeyUnusable):
        await opened(database, OF_ROWS[0], Keyring(master_key))
    for one in OF_TENANTS:
        assert await database.value(OLDER.format(one.table)) == 0, one.name
    # A day later, what nothing is sealed with any more goes.
    await keys("rotate", "--data-keys", "--settle", "0")
    assert await database.value("SELECT count(*) FROM encryption_keys") == 3
    await database.fetch("UPDATE encryption_keys SET created_at = created_at - interval '2 days'")
    last = await keys("rotate")
    assert last.startswith("begins: data keys are wrapped anew\n")
    assert last.endswith("data keys removed: 2\ndone\n")
    assert set(load.posted) <= {raw.body for raw in await raw_webhooks(database, new)}
    assert "not finished" not in await keys("status")


async def test_with_keys_that_open_nothing_it_does_not_say_that_it_is_done(
    settings: Settings, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(settings, database, new_master_key(), new_master_key()).items():
        monkeypatch.setenv(name, value)
    said = (await keys("rotate", status=1)).splitlines()
    assert any("left as they are: 1 in encryption_keys" in line for line in said), said
    assert "done" not in said


async def test_who_waits_for_an_endpoint_finds_it_under_its_new_key(
    database: Database, tenant: Tenant, master_key: str
) -> None:
    endpoint = await Registered(database, tenant, master_key).endpoint("https://example.org/hook")
    _, made = await Keyring(master_key).new_data_key()
    newer = new_id()
    async with provision.provisioning(database.admin_url) as connection:
        await provision.add_data_key(connection, tenant.id, newer, made.wrapped, made.master_key_id)
    exchanging = await asyncpg.connect(database.admin_url)
    pool = await open_pool(database.app_url, 1)

    async def lock() -> webhook_endpoints.Endpoint | None:
        async with tenant_tx(pool, tenant.id) as tx:
            return await webhook_endpoints.lock(tx, endpoint)

    async with exchanging.transaction():
        await exchanging.execute("UPDATE webhook_endpoints SET key_id = $2 WHERE id = $1", endpoint, newer)
        waiting = asyncio.create_task(lock())
        await until(lambda: database.value(WAITS), lambda many: many == 1)
    found = await waiting
    assert found is not None
    assert (found.key.id, found.key.wrapped) == (newer, made)
    await exchanging.close()
    await pool.close()
