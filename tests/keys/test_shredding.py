"""A tenant's keys are destroyed: what was sealed is in a dump of the database, and nobody can read it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from aiohttp import ClientSession
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.embedded.binaries import installed
from gateway.keys import Keyring, KeyUnusable, WrappedKey, unseal
from gateway.running import run_gateway
from gateway.settings import Settings
from gateway.store import erased
from gateway.store.pool import open_pool, tenant_tx
from gateway.store.raw_webhooks import RawWebhook
from gateway.store.sealed import OF_TENANTS, SealedColumn
from tests.conftest import Database, MakeTenant, Tenant
from tests.delivery.registered import Registered
from tests.ingest.posts import postmark, text, unique, whatsapp
from tests.ingest.reading import until
from tests.keys.test_rotation import environment_of
from tests.ledger import raw_webhooks

PG_DUMP = installed() / "pginstall" / "bin" / "pg_dump"
WORDS = "the harbour code is 4711"


class Dump:
    """A plain dump of a database, read table by table as COPY wrote it."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text("utf-8")

    def rows(self, table: str) -> list[dict[str, str]]:
        """Return the rows of a table, and of its partitions."""
        found = []
        for part in self.text.split("\nCOPY public.")[1:]:
            head, _, rest = part.partition(" FROM stdin;\n")
            name, _, columns = head.partition(" (")
            if name == table or name.startswith(f"{table}_"):
                names = columns.rstrip(")").split(", ")
                lines = rest.partition("\n\\.\n")[0].split("\n") if not rest.startswith("\\.") else []
                found += [dict(zip(names, line.split("\t"), strict=True)) for line in lines]
        return found


async def dump(database: Database, path: Path) -> Dump:
    command: list[str | Path] = [PG_DUMP, "--data-only", f"--file={path}", f"--dbname={database.admin_url}"]
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0
    return Dump(path)


def raw_bytes(field: str) -> bytes:
    """Read a bytea as COPY writes it."""
    return bytes.fromhex(field.removeprefix("\\\\x"))


async def read(
    dumped: Dump, tenant: Tenant, keyring: Keyring, columns: Sequence[SealedColumn] = OF_TENANTS
) -> list[bytes]:
    """Open everything sealed of a tenant that a dump holds, as somebody would who has it and the master key.

    Raises:
        KeyUnusable: when it can't be opened.
    """
    keys = {
        row["id"]: WrappedKey(raw_bytes(row["wrapped_key"]), row["master_key_id"])
        for row in dumped.rows("encryption_keys")
        if row["tenant_id"] == str(tenant.id)
    }
    found = []
    for row in dumped.rows("inbound_webhooks"):
        if row["tenant_id"] == str(tenant.id) and "inbound_webhooks" in {column.table for column in columns}:
            raw = RawWebhook(tenant.id, row["id"], row["url"], raw_bytes(row["body"]), keys[row["key_id"]])  # type: ignore[arg-type]  # as text it names the same place
            url, body = await raw.opened(keyring)
            found += [url.encode(), body]
    for column in columns:
        if column.table != "inbound_webhooks":
            for row in dumped.rows(column.table):
                if row["tenant_id"] == str(tenant.id):
                    key = await keyring.unwrap(keys[row["key_id"]])
                    place = column.place([row[name] for name in column.key])
                    found.append(unseal(key, raw_bytes(row[column.column]), place))
    return found


async def test_what_was_sealed_of_a_tenant_is_gone_with_its_keys(
    settings: Settings,
    database: Database,
    make_tenant: MakeTenant,
    master_key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, other = await make_tenant("gone"), await make_tenant("other")
    for name, value in environment_of(settings, database, master_key, "").items():
        monkeypatch.setenv(name, value)
    secrets = orjson.dumps([one["credentials"] for one in gone.ready["integrations"]])
    keyring = Keyring(master_key)
    async with run_gateway(settings) as running, ClientSession(running.url) as client:
        posts = [
            whatsapp(tenant.integration("whatsapp_cloud"), [text(unique(), f"{WORDS} of {tenant.facts['slug']}")])
            for tenant in (gone, other)
        ]
        assert [await post.send(client) for post in posts] == [200, 200]
        # Nobody could read this one: it waits in quarantine.
        await postmark(gone.integration("postmark"), text_body="unread").send(client)
        await Registered(database, gone, master_key).endpoint("https://integrator.example.org/hook")
        pool = await open_pool(database.app_url, 1)
        async with tenant_tx(pool, gone.id) as tx:
            await erased.own_key(tx, keyring)
        await pool.close()
        secret = gone.integration("whatsapp_cloud")["credentials"]["app_secret"]
        assert secret.encode() in secrets

        before = await dump(database, tmp_path / "before.sql")
        opened = await read(before, gone, keyring)
        assert posts[0].body in opened  # with the keys, a dump holds all of it
        assert any(secret.encode() in one for one in opened)
        ledger = "\n".join(map(str, before.rows("inbound_webhooks")))
        for clear in (WORDS, WORDS.encode().hex(), secret):
            assert clear not in ledger
        assert secret not in before.text
        assert secret.encode().hex() not in before.text

        refused = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "shred", "gone"])
        assert (refused.exit_code, "--yes" in refused.output) == (2, True)
        assert len(await raw_webhooks(database, master_key)) >= 2
        unknown = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "shred", "nobody", "--yes"])
        assert (unknown.exit_code, "no tenant nobody" in unknown.output) == (1, True)
        done = await asyncio.to_thread(CliRunner().invoke, app, ["keys", "shred", "gone", "--yes"])
        assert done.exit_code == 0, done.output
        noted = await database.fetch(
            "SELECT tenant_id, actor FROM data_access_audit WHERE action = 'postgate keys shred'"
        )
        assert [tuple(row) for row in noted] == [(gone.id, "operator")]
        assert (
            "its data keys were destroyed"
            in (await asyncio.to_thread(CliRunner().invoke, app, ["keys", "status"])).output
        )

        after = await dump(database, tmp_path / "after.sql")
        for column in OF_TENANTS:
            assert any(row["tenant_id"] == str(gone.id) for row in after.rows(column.table)), column.name
            for wrong in (keyring, Keyring(master_key, [master_key])):
                with pytest.raises(KeyUnusable, match="destroyed"):
                    await read(after, gone, wrong, [column])
        # Not even with what the other tenant has, and its own is as it was.
        stolen = [row for row in after.rows("encryption_keys") if row["tenant_id"] == str(other.id)]
        [row] = [
            row
            for row in after.rows("inbound_webhooks")
            if row["body"]
            in {one["body"] for one in before.rows("inbound_webhooks") if one["tenant_id"] == str(gone.id)}
        ][:1]
        key = await keyring.unwrap(WrappedKey(raw_bytes(stolen[0]["wrapped_key"]), stolen[0]["master_key_id"]))
        with pytest.raises(KeyUnusable):
            unseal(key, raw_bytes(row["body"]), f"{gone.id}/webhook/{row['id']}")
        assert posts[1].body in await read(after, other, keyring)
        for one in before.rows("encryption_keys"):
            if one["tenant_id"] == str(gone.id):
                assert one["wrapped_key"].removeprefix("\\\\x") not in after.text
        # Nothing comes in any more, nobody logs in, and the other tenant notices nothing.
        await until(lambda: posts[0].send(client), lambda status: status == 404)
        async with client.get("/api/v1/webhooks", headers=gone.auth) as answer:
            assert answer.status == 401
        assert await posts[1].send(client) == 200
