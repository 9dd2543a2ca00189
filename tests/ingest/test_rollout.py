"""While a new version is rolled out, gateways of the one before go on storing through the function that they know."""

from uuid import UUID

import asyncpg

from channels.http import Headers, HttpRequest
from channels.registry import ADAPTERS
from gateway.app import ingest_alone
from gateway.ingest.translate import translate
from gateway.ingest.webhook import Webhook
from gateway.ingest.writer import calls_for
from gateway.parts import now
from gateway.settings import Settings
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
