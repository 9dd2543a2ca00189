"""Others work on a customer while they are erased; whoever comes first, nothing of them is left in the end.

Every race is decided by locks: one side is held where it hurts, the other one is seen to wait, then the first goes on.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import asyncpg
import orjson
import pytest

from gateway.customers import merging
from gateway.files.disk import DiskStorage
from gateway.files.fetcher import Fetcher
from gateway.files.keeping import Files
from gateway.model.ids import new_id as id_of_moment
from gateway.model.ids import parse, public
from gateway.parts import now
from gateway.store import (
    claims,
    customer_imports,
    customers,
    deliveries,
    outcomes,
    subject_export,
)
from gateway.store.attachments import DueFile
from gateway.store.claims import Claimed
from gateway.store.data_requests import Running
from gateway.store.deliveries import AttemptRow
from gateway.store.pool import TenantTx, open_pool, tenant_tx
from gateway.subjects.erasing import Eraser, Part
from tests.conftest import new_id
from tests.delivery.owed import Event, Owed
from tests.ingest.posts import text, twilio, unique, whatsapp
from tests.ingest.reading import until
from tests.privacy.customer import NAME, NUMBER, OTHER_NUMBER, PICTURE, SECRET, TOKEN, Town
from tests.privacy.eraser import LIMIT
from tests.privacy.racing import about_to_begin, app_pool, erased, status_of, waiters, work

QUEUED = """
WITH m AS (
    INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, text, preview,
        recipients, status, occurred_at, received_at)
    SELECT tenant_id, $2, id, channel_id, 'outbound', 'whatsapp', 'text', $4, $4, '{}', 'queued', now(), now()
    FROM conversations WHERE tenant_id = $1 AND id = $3
    RETURNING *
)
INSERT INTO sends (tenant_id, message_id, conversation_id, channel_id, reference, content, state, lease_token,
    lease_until)
SELECT tenant_id, id, conversation_id, channel_id, $2::text, '{}', $5, $2, now() + interval '1 hour' FROM m
"""
BEGUN = """
WITH c AS (
    INSERT INTO conversations (tenant_id, id, channel_id, customer_id, threading, subject, last_message_at)
    SELECT tenant_id, $2, channel_id, customer_id, 'customer', $4, now() FROM conversations
    WHERE tenant_id = $1 AND id = $3
    RETURNING *
)
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, direction, medium, kind, text, preview, recipients,
    status, occurred_at, received_at)
SELECT tenant_id, $2, id, channel_id, 'inbound', 'whatsapp', 'text', $4, $4, '{}', 'received', now(), now() FROM c
"""
READING = """
UPDATE customer_imports SET state = 'running', lease = $2, lease_until = now() + interval '1 hour',
    plan = $3::text::jsonb
WHERE tenant_id = $1
"""
ATTACHED = """
INSERT INTO attachments (tenant_id, id, message_id, position, type, state, due_at)
SELECT tenant_id, gen_random_uuid(), id, 0, 'image', 'pending', now() + interval '1 hour'
FROM messages WHERE tenant_id = $1
"""
DUE = """
SELECT a.tenant_id, a.id, a.message_id, h.integration_id, h.address, m.medium, m.external_id, m.received_at, a.position,
    a.type, NULL::text, NULL::text, NULL::text, NULL::text, 0, a.due_at
FROM attachments a JOIN messages m ON m.tenant_id = a.tenant_id AND m.id = a.message_id
JOIN channels h ON h.tenant_id = m.tenant_id AND h.id = m.channel_id
WHERE a.tenant_id = $1
"""
OTHERS = "SELECT state FROM customer_imports WHERE id = $1"
LATE = """
WITH m AS (SELECT * FROM messages WHERE tenant_id = $1 ORDER BY id LIMIT 1), text AS (
    INSERT INTO message_html (tenant_id, message_id, html) SELECT tenant_id, id, $2 FROM m
), words AS (
    INSERT INTO search_documents (tenant_id, kind, at, id, words)
    SELECT tenant_id, 'm', occurred_at, id, to_tsvector('simple', $2) FROM m
), note AS (
    INSERT INTO customer_notes (tenant_id, id, customer_id, text) SELECT tenant_id, gen_random_uuid(), id, $2
    FROM customers WHERE tenant_id = $1
), named AS (
    UPDATE customers SET name = $2 WHERE tenant_id = $1
), head AS (
    UPDATE tenant_heads SET last_seq = last_seq + 1 WHERE tenant_id = $1 RETURNING last_seq
), told AS (
    INSERT INTO events (tenant_id, seq, id, type, conversation_id, data)
    SELECT $1, last_seq, gen_random_uuid(), 'message.updated', m.conversation_id, json_build_object('text', $2::text)
    FROM head, m
)
INSERT INTO pii_detection_results (tenant_id, id, kind, detector, conversation_id, message_id, field, start_at, end_at,
    confidence, sample)
SELECT tenant_id, gen_random_uuid(), 'email', 'email', conversation_id, id, 'text', 0, 9, 0.9, $2 FROM m
"""


async def test_who_changes_a_customer_that_begins_to_be_erased_is_refused(town: Town) -> None:
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    other = await town.customer_of(await town.chat("Hi", OTHER_NUMBER, name="John"))
    third = await town.customer_of(await town.chat("Hi", "+12025550120", name="Jane"))
    merge = (await town.ask("POST", f"customers/{customer}/merge", json={"other": third}))["merge"]["id"]
    tries = [
        ("PATCH", f"customers/{customer}", {"name": NAME}),
        ("POST", f"customers/{customer}/merge", {"other": other}),
        ("POST", f"customers/{customer}/notes", {"text": f"{NAME} likes it"}),
        ("POST", f"merges/{merge}/undo", None),
    ]  # fmt: skip
    async with app_pool(town) as pool:
        async with about_to_begin(town, pool, customer) as request:
            asked = [asyncio.create_task(status_of(town, *one)) for one in tries[:2]]
            await waiters(town, 2)
        assert set(await asyncio.gather(*asked)) <= {404, 409}
        async with about_to_begin(town, pool, other):
            pass  # of somebody else, at the same time
        assert {await status_of(town, *one) for one in tries} <= {404, 409}
        await erased(town, pool, request)


async def test_who_was_merged_into_a_customer_in_that_moment_is_erased_too(town: Town) -> None:
    customer = await town.customer_of(await town.chat("Hi", OTHER_NUMBER, name="John"))
    other = await town.customer_of(await town.chat(f"My {SECRET}"))
    async with app_pool(town) as pool:
        async with tenant_tx(pool, town.tenant.id) as tx:
            kept, merged = parse("cus", customer), parse("cus", other)
            assert await customers.lock(tx, kept, merged)
            asked = asyncio.create_task(
                town.ask("POST", "data-requests", json={"kind": "erasure", "customer_id": customer}, status=202)
            )
            await waiters(town, 1)
            await merging.merge(tx, new_id(), kept, merged, None)
        await erased(town, pool, parse("dsr", (await asked)["id"]))
        await town.ask("GET", f"customers/{other}", status=404)


async def test_a_message_that_comes_in_that_moment_is_erased_with_her_conversation(town: Town) -> None:
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    post = whatsapp(town.tenant.integration("whatsapp_cloud"), [text(unique(), f"My {SECRET}!", NUMBER[1:])])
    async with app_pool(town) as pool:
        async with about_to_begin(town, pool, customer) as request:
            posting = asyncio.create_task(post.send(town.client))
            await waiters(town, 1)  # it has seen whose conversation it is
        assert await posting == 200
        assert await town.database.value("SELECT count(*) FROM messages") == 2
        await erased(town, pool, request)


async def test_a_message_to_another_channel_in_that_moment_is_of_somebody_new(town: Town) -> None:
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    post = twilio(town.tenant.integration("twilio"), From=NUMBER, MessageSid="SM1", Body=f"And my {SECRET}")
    async with app_pool(town) as pool:
        async with about_to_begin(town, pool, customer):
            posting = asyncio.create_task(post.send(town.client))
            await waiters(town, 1)  # it has seen whose number it is
        assert await posting == 200
        new = await town.customer_of(await town.conversation_of("SM1"))
        assert new != customer
        async with about_to_begin(town, pool, new) as request:
            pass
        await work(town, pool)
        await erased(town, pool, request)


async def test_a_conversation_that_was_begun_in_that_moment_is_erased_too(town: Town) -> None:
    thread = await town.chat(f"My {SECRET}")
    customer = await town.customer_of(thread)
    async with app_pool(town) as pool:
        async with about_to_begin(town, pool, customer) as request:
            pass
        # As of somebody who had looked before.
        await town.run(BEGUN, new_id(), parse("cnv", thread), f"{NAME} again")
        done = await erased(town, pool, request)
        assert done["counts"]["conversations"] == 1
        assert await town.database.value("SELECT count(*) FROM conversations WHERE deleted_at IS NULL") == 0


async def test_what_is_just_being_sent_is_erased_once_its_provider_has_answered(town: Town) -> None:
    thread = await town.chat(f"My {SECRET}")
    customer = await town.customer_of(thread)
    await town.run("UPDATE channels SET updated_at = now() WHERE tenant_id = $1")
    token, waiting = new_id(), new_id()
    async with app_pool(town) as pool:
        for key, state in ((token, "calling"), (waiting, "queued")):
            await town.run(QUEUED, key, parse("cnv", thread), f"Dear {NAME}", state)
        async with about_to_begin(town, pool, customer) as request:
            pass
        with pytest.raises(claims.LeaseLost):  # the one that waits for its turn is not sent any more
            async with tenant_tx(pool, town.tenant.id) as tx:
                await claims.begin_call(tx, Claimed(town.tenant.id, waiting, waiting, False), timedelta(minutes=1))
        assert (await work(town, pool)) == "running"
        assert await town.database.value("SELECT count(*) FROM messages WHERE text LIKE 'Dear%'") == 1
        async with tenant_tx(pool, town.tenant.id) as tx:
            channel = await tx.connection.fetchval("SELECT channel_id FROM messages WHERE id = $1", token)
            await outcomes.accepted(tx, Claimed(town.tenant.id, token, token, False), channel, f"wamid.{TOKEN}")
        await town.run("UPDATE data_requests SET lease_until = NULL WHERE tenant_id = $1")
        await erased(town, pool, request)
        # What the provider tells of it afterwards names it, and its recipient.
        told = {"id": f"wamid.{TOKEN}", "status": "read", "timestamp": "1767225700", "recipient_id": NUMBER[1:]}
        await town.post(whatsapp(town.tenant.integration("whatsapp_cloud"), statuses=[told]))
        assert await town.tables_that_tell() == set()


async def test_an_imported_file_that_is_just_read_makes_nobody_anew(town: Town) -> None:
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    files = {}
    for name, row in (("hers", f"{NAME},{NUMBER}"), ("others", "John,+12025550119")):
        content, headers = f"name,phone\r\n{row}\r\n", {**town.tenant.auth, "Content-Type": "text/csv"}
        path = f"/api/v1/customer-imports?filename={name}.csv"
        made = await town.client.post(path, data=content.encode(), headers=headers)
        files[name] = parse("imp", (await made.json())["id"])
    worker = new_id()
    await town.run(
        READING, worker, orjson.dumps({"targets": ["name", "phone"], "country": None, "label_ids": []}).decode()
    )
    async with app_pool(town) as pool, await open_pool(town.database.hook_url, 1) as hook:
        async with about_to_begin(town, pool, customer) as request:
            pass
        async with tenant_tx(pool, town.tenant.id) as tx:
            assert await customer_imports.leased(tx, files["hers"], worker) is None, "its batch is not taken"
        assert await customer_imports.claim(hook, worker, 60.0) is None, "and nobody takes it up"
        await erased(town, pool, request)
        states = await town.database.fetch("SELECT id, state FROM customer_imports")
        assert {row["id"]: row["state"] for row in states}[files["hers"]] == "cancelled"
        await until(lambda: town.database.value(OTHERS, files["others"]), lambda state: state == "done")
    assert await town.tables_that_tell() == set()


class Delayed(Eraser):
    """Others write of the customer after their messages were emptied, having read them before."""

    town: Town

    async def do(self, tx: TenantTx, running: Running, step: str) -> Part:
        if step == "files":
            await self.town.run(LATE, f"{NAME} {SECRET}")
        return await super().do(tx, running, step)


async def test_what_others_write_down_late_is_found_by_who_looks_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await town.chat(f"My {SECRET}")
    customer = parse("cus", await town.customer_of(thread))
    monkeypatch.setattr(Delayed, "town", town, raising=False)
    async with app_pool(town) as pool:
        async with about_to_begin(town, pool, public("cus", customer)) as request:
            pass
        done = await erased(town, pool, request, Delayed)
    assert (done["counts"]["message_html"], done["counts"]["pii_detection_results"]) == (1, 1)
    assert (done["counts"]["messages"], done["counts"]["customers"]) == (1, 1), "nothing counts twice"


async def test_what_an_endpoint_answers_to_what_was_on_its_way_is_not_kept(town: Town) -> None:
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    connection = await asyncpg.connect(town.database.admin_url)
    owed, token, moment = Owed(connection, town.tenant), new_id(), datetime.now(UTC)
    endpoint = await owed.endpoint()
    told = await connection.fetchrow("SELECT seq, id, type, conversation_id FROM events WHERE type = 'message.created'")
    assert told is not None
    delivery = await owed.delivery(endpoint, Event(*told), ahead=1)
    await town.run("UPDATE webhook_lanes SET lease_token = $2, lease_until = now() + interval '1 hour'"
        " WHERE tenant_id = $1", token)  # fmt: skip
    async with app_pool(town) as pool, await open_pool(town.database.hook_url, 1) as hook:
        async with about_to_begin(town, pool, customer) as request:
            pass
        await work(town, pool)
        attempt = AttemptRow(
            tenant_id=town.tenant.id, endpoint_id=endpoint, token=token, delivery_id=delivery, status="RETRYING",
            next_at=moment + timedelta(hours=1), counts=True, code=500, error_kind="answered_500", error=f"no {NAME}",
            started_at=moment, address=None, dns_ms=None, connect_ms=None, tls_ms=None, first_byte_ms=None,
            total_ms=1.0, tls_version=None, tls_expires_at=None, url="https://x.example.org", request_headers="{}",
            response_headers=orjson.dumps({"x-name": NAME}).decode(), response_body=f"Hello {NAME}",
        )  # fmt: skip
        recorded = await deliveries.record(hook, moment, [attempt], [])
        assert recorded.deliveries == {delivery}
        later = replace(attempt, started_at=datetime.now(UTC) + timedelta(minutes=2), response_body="no", error="no",
            response_headers=None)  # fmt: skip
        assert (await deliveries.record(hook, moment, [later], [])).deliveries == {delivery}
        await erased(town, pool, request)
    kept = await connection.fetch("SELECT response_body, error FROM webhook_attempts ORDER BY number")
    assert [tuple(row) for row in kept] == [(None, None), ("no", "no")]
    await connection.close()


async def test_an_archive_that_is_made_meanwhile_is_not_kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    reached, goes_on, files_of = asyncio.Event(), asyncio.Event(), subject_export.files

    async def held(tx: TenantTx, who: subject_export.Subject) -> Any:
        reached.set()
        await goes_on.wait()
        return await files_of(tx, who)

    monkeypatch.setattr(subject_export, "files", held)
    asked = await town.ask("POST", "data-requests", json={"kind": "export", "customer_id": customer}, status=202)
    async with app_pool(town) as pool:
        await reached.wait()
        async with about_to_begin(town, pool, customer) as request:
            pass
        goes_on.set()
        assert (await town.done(asked["id"]))["state"] == "failed"
        await erased(town, pool, request)
        await until(lambda: town.database.value("SELECT count(*) FROM files"), lambda many: many == 0)
        assert await town.tables_that_tell() == set()


async def test_a_file_that_is_just_fetched_is_removed_when_it_comes(town: Town) -> None:
    customer = await town.customer_of(await town.chat(f"My {SECRET}"))
    await town.run(ATTACHED)
    async with app_pool(town) as pool, await open_pool(town.database.hook_url, 1) as hook:
        files = Files(DiskStorage(town.files), pool, town.keyring, now, id_of_moment, LIMIT)
        due = DueFile(*(await town.database.fetch(DUE, town.tenant.id))[0])

        async def pieces() -> AsyncIterator[bytes]:
            yield PICTURE

        came = await files.take(town.tenant.id, pieces(), filename=f"{NAME}.png")
        async with about_to_begin(town, pool, customer) as request:
            pass
        await work(town, pool)
        fetcher = Fetcher(
            hook,
            pool,
            files,
            cast("Any", None),
            cast("Any", None),
            cast("Any", None),
            lambda _: None,
            now,
            id_of_moment,
        )
        await fetcher._record(due, came)
        await erased(town, pool, request)
