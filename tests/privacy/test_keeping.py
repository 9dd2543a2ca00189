"""What a workspace keeps for a while only goes when that is over, and is told before it does."""

from datetime import UTC, datetime

from gateway.model.ids import parse
from gateway.retention import Retention, Rules
from gateway.store.pool import open_pool
from gateway.store.retention import OPERATORS
from tests.ingest.reading import until
from tests.privacy.customer import NAME, Town

AGE = """
UPDATE conversations SET status = $3, last_message_at = now() - interval '100 days' WHERE tenant_id = $1 AND id = $2
"""
NOTE = """
INSERT INTO customer_notes (tenant_id, id, customer_id, text, created_at)
SELECT c.tenant_id, first_id_at(now() - interval '100 days'), c.customer_id, 'Old', now() - interval '100 days'
FROM conversations c WHERE c.tenant_id = $1 AND c.id = $2
"""
FILE = """
WITH file AS (
    INSERT INTO files (tenant_id, id, sha256, size_bytes, mime_type, storage_key, state)
    VALUES ($1, first_id_at(now() - interval '100 days'), repeat('0', 64), 7, 'text/plain', 'k', 'stored')
    RETURNING id
)
INSERT INTO attachments (tenant_id, id, message_id, position, type, state, file_id)
SELECT $1, gen_random_uuid(), m.id, 0, 'document', 'stored', file.id FROM file, messages m WHERE m.conversation_id = $2
"""
DAYS = {"webhooks_days": None, "deliveries_days": None, "events_days": None}
LEFT = """
SELECT (SELECT count(*) FROM messages WHERE text IS NOT NULL) AS messages,
    (SELECT count(*) FROM customer_notes) AS notes,
    (SELECT count(*) FROM conversations WHERE deleted_at IS NULL) AS conversations,
    (SELECT count(*) FROM files WHERE expires_at IS NULL) AS files,
    (SELECT string_agg(state, ',') FROM attachments) AS attachments
"""


async def test_what_is_kept_for_a_while_goes_after_it_and_is_told_before(town: Town) -> None:
    old, unresolved = await town.sms("Long ago"), await town.chat("Long ago too")
    await town.run(AGE, parse("cnv", old), "resolved")
    await town.run(AGE, parse("cnv", unresolved), "open")
    await town.run(NOTE, parse("cnv", unresolved))
    await town.run(FILE, parse("cnv", unresolved))
    kinds = ("conversations", "attachments", "notes")
    wanted = {**DAYS, "conversations_days": 90, "attachments_days": 30, "notes_days": 30}

    told = await town.ask("PUT", "retention?dry_run=true", json=wanted)
    assert [(told[kind]["days"], told[kind]["amount"], told[kind]["held"]) for kind in kinds] == [
        (90, 1, 1), (30, 1, 0), (30, 1, 0),
    ]  # fmt: skip
    assert told["conversations"]["examples"] == [old]
    assert [len(told[kind]["examples"]) for kind in ("webhooks", "deliveries", "events", *kinds)] == [0, 0, 0, 1, 1, 1]
    for kind, prefix in (("attachments", "file_"), ("notes", "cnt_")):
        assert told[kind]["examples"][0].startswith(prefix)
    assert [(await town.ask("GET", "retention"))[kind]["days"] for kind in kinds] == [None, None, None]
    await town.ask("PUT", "retention", json={**wanted, "conversations_days": 7}, status=422)
    await town.ask("PUT", "retention", json=wanted)
    await town.ask("PUT", "retention", json=DAYS)  # an older program: it says nothing of these
    assert [(await town.ask("GET", "retention"))[kind]["days"] for kind in kinds] == [90, 30, 30]

    pool = await open_pool(town.database.hook_url, 1)
    report = await Retention(pool, Rules(OPERATORS, 30), town.keyring, lambda: datetime.now(UTC), at_once=1).tidy()
    assert {kind: report.removed[kind].rows for kind in (*kinds, "messages")} == {
        "conversations": 1, "attachments": 1, "notes": 1, "messages": 1,
    }  # fmt: skip
    assert dict((await town.database.fetch(LEFT))[0]) == {
        "messages": 1, "notes": 0, "conversations": 1, "files": 0, "attachments": "expired",
    }  # fmt: skip
    await town.ask("GET", f"conversations/{old}", status=404)
    assert await town.sms("I am back") != old
    await pool.close()


BEFORE = """
UPDATE customer_imports SET state = 'done', finished_at = now() - interval '100 days' WHERE tenant_id = $1
"""
UNROUTED = """
WITH app AS (
    INSERT INTO provider_apps (id, provider, name, wrapped_key, master_key_id, credentials_sealed)
    VALUES ($1, 'whatsapp_cloud', 'Shared', '', '', '') RETURNING id
)
INSERT INTO unrouted_webhooks (app_id, id, reason, headers, body)
SELECT app.id, first_id_at(now() - d * interval '1 day'), 'unknown_address', '{}', ''
FROM app, unnest('{89,91}'::int[]) d
"""


async def test_what_nobody_chooses_how_long_to_keep_goes_by_itself(town: Town) -> None:
    rows = f"name,phone\r\n{NAME},nonsense\r\n".encode()
    headers = {**town.tenant.auth, "Content-Type": "text/csv"}
    async with town.client.post("/api/v1/customer-imports?filename=zq.csv", data=rows, headers=headers) as answer:
        waiting = (await answer.json())["id"]
    plan = {"targets": ["name", "phone"], "country": None, "label_ids": []}
    await town.ask("POST", f"customer-imports/{waiting}/check", json=plan)
    state = "SELECT state FROM customer_imports"
    await until(lambda: town.database.value(state), lambda found: found == "checked")
    await town.run(UNROUTED)
    tells = {"customer_imports", "customer_import_problems", "customer_import_pieces"}
    assert await town.tables_that_tell() == tells
    pool = await open_pool(town.database.hook_url, 1)
    retention = Retention(pool, Rules(OPERATORS, 30), town.keyring, lambda: datetime.now(UTC), at_once=1)
    assert (await retention.tidy()).removed.get("imports") is None, "it waits to be started"
    await town.run(BEFORE)
    await town.run("DELETE FROM customer_import_pieces WHERE tenant_id = $1")  # as whoever ends one does
    assert (await retention.tidy()).removed["imports"].rows == 1
    assert await town.tables_that_tell() == set()
    assert await town.database.value("SELECT count(*) FROM unrouted_webhooks") == 1
    await pool.close()
