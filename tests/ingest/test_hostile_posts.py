"""Genuine webhooks of every provider, full of hostile texts: stored harmless, and nothing is lost beside them."""

from dataclasses import replace
from datetime import UTC, datetime

import orjson
from aiohttp import ClientSession
from yarl import URL

from channels.http import HttpRequest
from channels.registry import ADAPTERS
from tests.conftest import Database, Tenant
from tests.fuzz.of_channels import richest, texts_replaced
from tests.ingest.posts import text, unique, whatsapp

TEXTS = (
    "' OR 1=1; --", "a\0b", "\u202egnp.exe\u200b", "=1+1", "../../etc/passwd", "a\r\nBcc: x@example.org",
    "{{7*7}}%s{0}", "<svg onload=alert(1)>", "9999-12-31T23:59:59Z", "-1", "1e400", "x" * 50_000,
)  # fmt: skip
LOST = """
SELECT count(*) FROM inbound_webhooks
WHERE tenant_id = $1 AND state <> 'pending' AND received <> stored + duplicate + ignored + quarantined
"""


async def test_what_is_hostile_and_genuine_is_stored_and_costs_no_neighbour(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    posted, wamids = 0, []
    for provider, cases in richest().items():
        adapter = ADAPTERS[provider]
        held = [one for one in tenant.ready["integrations"] if one["provider"] == provider]
        if adapter.sign is None or not adapter.posted or not held:
            continue
        credentials = adapter.credentials.model_validate(held[0]["credentials"])
        path = URL(held[0]["hook_url"]).path
        for words in TEXTS:
            plain = replace(cases[0].request, url=f"http://gateway.test{path}")
            made: HttpRequest = adapter.sign(texts_replaced(plain, words.encode()), credentials, datetime.now(UTC))
            async with client.request(
                made.method, URL(made.url).path_qs, data=made.body, headers=made.headers.as_dict()
            ) as answer:
                assert answer.status < 500, (provider, words[:40], answer.status, await answer.text())
            posted += 1
        wamids.append(unique())
        assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(wamids[-1])]).send(client) == 200
    assert posted > 100
    stored = await database.value("SELECT count(*) FROM messages WHERE external_id = ANY ($1)", wamids)
    assert stored == len(wamids)
    assert await database.value(LOST, tenant.id) == 0
    for list_ in ("conversations", "customers", "webhooks", "events"):
        async with client.get(f"/api/v1/{list_}", headers=tenant.auth) as answer:
            assert answer.status == 200
            orjson.loads(await answer.read())
