"""``postgate work``: all that is done behind the scenes is done without anybody who serves, by any number, once."""

import asyncio
import socket
from typing import Any

from aiohttp import ClientConnectionError, ClientSession

from gateway.model.ids import parse
from gateway.pruning import Pruner
from gateway.store.pool import open_pool
from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.api.writing import PATH, conversation, post
from tests.conftest import Database, Start, Tenant
from tests.sending.conftest import SECONDS, Provider, move

PEOPLE = 150
SNOOZE = "UPDATE conversations SET status = 'snoozed', snoozed_until = now() + interval '1 second' WHERE id = $1"
WOKEN = "SELECT count(*) FROM messages WHERE conversation_id = $1 AND kind = 'activity'"
INDEXED = "SELECT indexed_seq > 0 FROM search_heads WHERE tenant_id = $1"
OLD = """
UPDATE sends SET created_at = now() - interval '91 days', queued_at = now() - interval '91 days';
INSERT INTO idempotency_keys (tenant_id, caller, key, request, created_at)
SELECT tenant_id, 'usr_1', n::text, '\\x01', now() - n * interval '1 hour'
FROM memberships, generate_series(1, 100) n;
INSERT INTO sessions (tenant_id, token_hash, id, user_id, expires_at, last_seen_at)
SELECT tenant_id, decode(md5(n::text), 'hex'), gen_random_uuid(), user_id, now() + (n - 5) * interval '1 day', now()
FROM memberships, generate_series(1, 9) n;
INSERT INTO password_resets (user_id, token_hash, expires_at)
SELECT id, '\\x01', now() - interval '1 minute' FROM users
"""
#: Nobody sends for a tenant that is suspended.
OVERDUE = """
UPDATE tenants SET status = 'suspended';
UPDATE sends SET next_attempt_at = now() - interval '1 hour'
"""
LEFT = """
SELECT (SELECT count(*) FROM sends), (SELECT count(*) FROM idempotency_keys), (SELECT count(*) FROM sessions),
    (SELECT count(*) FROM password_resets)
"""


async def until(database: Database, wanted: Any, statement: str, *args: Any) -> None:
    """Wait until a query answers what is wanted."""
    async with asyncio.timeout(SECONDS):
        while await database.value(statement, *args) != wanted:
            await asyncio.sleep(0.05)  # between two looks


async def test_workers_do_all_the_work_when_nobody_serves(
    served: Served, tenant: Tenant, rows: Rows, database: Database, provider: Provider, start_worker: Start
) -> None:
    await move(database, tenant, "whatsapp_cloud", provider)
    written = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp")
    sent = await post(served, tenant, PATH.format(written), {"text": "One"}, 201)
    asleep = parse("cnv", await rows.conversation())
    await database.fetch(SNOOZE, asleep)
    photo = parse("msg", await rows.message(written))
    table = "Name;Telefon\n" + "".join(f"Person {n};+1202555{n:04}\n" for n in range(100, 100 + PEOPLE))
    path, auth = "/api/v1/customer-imports", tenant.auth
    async with served.client.post(path, data=table, params={"filename": "people.csv"}, headers=auth) as answer:
        made = await answer.json()
    async with served.client.post(f"{path}/{made['id']}/start", json=made["plan"], headers=auth) as answer:
        assert answer.status == 200, await answer.text()

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for arguments in (("--port", str(port)), ()):
        await start_worker(*arguments)
    await until(database, "sent", "SELECT status FROM messages WHERE id = $1", parse("msg", sent["id"]))
    await until(database, "open", "SELECT status FROM conversations WHERE id = $1", asleep)
    await until(database, "done", "SELECT state FROM customer_imports WHERE id = $1", parse("imp", made["id"]))
    await until(database, False, "SELECT state = 'pending' FROM attachments WHERE message_id = $1", photo)
    await until(database, True, INDEXED, tenant.id)
    assert provider.texts == ["One"]
    assert await database.value(WOKEN, asleep) == 1
    assert await database.value("SELECT count(*) FROM customers WHERE name LIKE 'Person %'") == PEOPLE

    async with ClientSession(f"http://127.0.0.1:{port}") as probe:
        assert (await ready(probe))["checks"]["sending"]["detail"]["queued"] == 0
        for place, status in (("/healthz", 200), ("/metrics", 200), ("/api/v1/conversations", 404), ("/", 404)):
            async with probe.get(place) as answer:
                assert (place, answer.status) == (place, status)


async def ready(probe: ClientSession) -> Any:
    """Return how a process says it is, once it says so."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                async with probe.get("/readyz") as answer:
                    assert answer.status == 200, await answer.text()
                    return await answer.json()
            except ClientConnectionError:
                await asyncio.sleep(0.05)  # until it listens


async def test_a_provider_that_is_away_makes_nobody_unready(
    client: ClientSession, tenant: Tenant, database: Database, rows: Rows
) -> None:
    key = await conversation(database, tenant, rows, "whatsapp_cloud", "whatsapp")
    await database.script('UPDATE external_integrations SET config = config || \'{"base_url": "https://[::1]"}\'')
    async with client.post(PATH.format(key), json={"text": "One"}, headers=tenant.auth) as answer:
        assert answer.status == 201
    await until(database, True, "SELECT attempts > 0 AND state = 'queued' AND lease_token IS NULL FROM sends")
    await database.script(OVERDUE)
    async with client.get("/readyz") as answer:
        told = await answer.json()
        assert (answer.status, told["checks"]["sending"]["ok"]) == (200, True)
    assert told["checks"]["sending"]["detail"]["overdue_seconds"] >= 3500


async def test_old_working_rows_go_in_batches_and_all_others_stay(
    served: Served, tenant: Tenant, rows: Rows, database: Database
) -> None:
    for state in ("sent", "failed", "queued"):
        key = await conversation(database, tenant, rows, "twilio", "sms")
        sent = await post(served, tenant, PATH.format(key), {"text": "One"}, 201)
        await database.fetch("UPDATE sends SET state = $2 WHERE message_id = $1", parse("msg", sent["id"]), state)
    await database.script(OLD)
    pools = [await open_pool(database.hook_url, 1) for _ in range(2)]
    await asyncio.gather(*(Pruner(pool, at_once=7).prune() for pool in pools))
    for pool in pools:
        await pool.close()
    [left] = await database.fetch(LEFT)
    assert tuple(left) == (1, 47, 4, 0)
