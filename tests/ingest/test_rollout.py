"""While a new version is rolled out, gateways of the one before go on storing through the function that they know."""

from uuid import UUID

import asyncpg

from channels.http import Headers, HttpRequest
from channels.registry import ADAPTERS
from gateway.app import ingest_alone
from gateway.ingest.translate import translate
from gateway.ingest.webhook import Webhook
from gateway.ingest.writer import calls_for
from gateway.keys import Keyring
from gateway.parts import now
from gateway.settings import Settings
from gateway.store import erased
from gateway.store.pool import open_pool, tenant_tx
from tests.conftest import Database, Tenant, new_id
from tests.ingest.posts import status, text, whatsapp

BEFORE_NOTES = "SELECT * FROM ingest($1::ingest_webhook[], $2::ingest_message[], $3::ingest_status[], $4::uuid[])"


async def test_the_function_of_the_version_before_stores_messages_and_statuses(
    settings: Settings, database: Database, tenant: Tenant
) -> None:
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text("wamid.1")], [status("wamid.1", "read")])
    request = HttpRequest("POST", f"http://gateway.test{post.path}", Headers.of(post.headers), post.body)
    async with ingest_alone(settings) as ingest:
        route = await ingest.directory.route(UUID(tenant.facts["integrations"][0]["id"]))
    assert route is not None
    rows = translate(ADAPTERS["whatsapp_cloud"].parse(request, {}), route, now(), new_id)
    webhook = Webhook(
        id=new_id(),
        tenant_id=route.tenant_id,
        integration_id=route.integration_id,
        provider="whatsapp_cloud",
        received_at=now(),
        request=request,
    )
    [call] = calls_for([webhook.translated(rows)])
    hook = await asyncpg.connect(database.hook_url)
    entries = await hook.fetch(BEFORE_NOTES, call.webhooks, call.messages, call.statuses, [tenant.id])
    await hook.close()
    assert [entry["type"] for entry in entries] == ["customer.created", "conversation.created", "message.created"]
    assert await database.value("SELECT status FROM messages") == "read"


BEFORE_SEALING = """
SELECT * FROM ingest($1::ingest_webhook[], $2::ingest_message[], '{}', '{}', '{}', '{}', $3::uuid[])
"""
SET_ASIDE = "UPDATE inbound_webhooks SET state = 'pending'"
CLAIM = "SELECT id FROM {}(8, interval '1 minute', NULL)"


async def test_gateways_that_seal_nothing_store_and_read_what_is_in_clear(
    settings: Settings, database: Database, tenant: Tenant
) -> None:
    posts = [whatsapp(tenant.integration("whatsapp_cloud"), [text(name)]) for name in ("wamid.old", "wamid.new")]
    stored = []
    async with ingest_alone(settings) as ingest:
        route = await ingest.directory.route(UUID(tenant.facts["integrations"][0]["id"]))
        assert route is not None
        for post in posts:
            request = HttpRequest("POST", f"http://gateway.test{post.path}", Headers.of(post.headers), post.body)
            rows = translate(ADAPTERS["whatsapp_cloud"].parse(request, {}), route, now(), new_id)
            webhook = Webhook(
                id=new_id(),
                tenant_id=route.tenant_id,
                integration_id=route.integration_id,
                provider="whatsapp_cloud",
                received_at=now(),
                request=request,
            )
            stored.append(webhook.translated(rows))
        hook = await asyncpg.connect(database.hook_url)
        [call] = calls_for([stored[0]])
        await hook.fetch(BEFORE_SEALING, call.webhooks, call.messages, [])
        await ingest.receiver.store(route, stored[1].request, now(), verified=True)
        kept = await database.fetch(
            "SELECT key_id IS NULL AS clear, body = $1 AS same FROM inbound_webhooks ORDER BY 1", posts[0].body
        )
        assert [(row["clear"], row["same"]) for row in kept] == [(False, False), (True, True)]
        assert await ingest.replay(tenant.id, stored[0].id)  # a new gateway reads what the old one stored
    # What it could not read is not given to it.
    await database.fetch(SET_ASIDE)
    assert [row["id"] for row in await hook.fetch(CLAIM.format("claim_mails"))] == [stored[0].id]
    await database.fetch("UPDATE inbound_webhooks SET lease_until = NULL")
    assert len(await hook.fetch(CLAIM.format("claim_raw_mails"))) == 2
    await hook.close()


BEFORE_DIGESTS = """
SELECT * FROM ingest($1::ingest_webhook[], $2::ingest_message[], '{}', '{}', '{}', '{}', $3::uuid[], $4::uuid[])
"""


async def test_gateways_that_know_of_no_digests_store_for_tenants_that_have_some(
    settings: Settings, database: Database, tenant: Tenant, master_key: str
) -> None:
    pool = await open_pool(database.app_url, 1)
    async with tenant_tx(pool, tenant.id) as tx:
        await erased.own_key(tx, Keyring(master_key))
    await pool.close()
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text("wamid.1")])
    request = HttpRequest("POST", f"http://gateway.test{post.path}", Headers.of(post.headers), post.body)
    async with ingest_alone(settings) as ingest:
        route = await ingest.directory.route(UUID(tenant.facts["integrations"][0]["id"]))
    assert route is not None
    webhook = Webhook(
        id=new_id(),
        tenant_id=route.tenant_id,
        integration_id=route.integration_id,
        provider="whatsapp_cloud",
        received_at=now(),
        request=request,
    )
    rows = translate(ADAPTERS["whatsapp_cloud"].parse(request, {}), route, now(), new_id)
    [call] = calls_for([webhook.translated(rows)])
    hook = await asyncpg.connect(database.hook_url)
    entries = await hook.fetch(BEFORE_DIGESTS, call.webhooks, call.messages, [], [None])
    await hook.close()
    assert [entry["type"] for entry in entries] == ["customer.created", "conversation.created", "message.created"]
