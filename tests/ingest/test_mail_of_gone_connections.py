"""Mail that was acknowledged, and met with trouble before it was read: its connection is gone, workers died."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession

from channels.registry import ADAPTERS
from gateway.ingest import mail, routing
from gateway.store.ledger import StoredWebhook, claim_mails
from tests.conftest import Database, Tenant
from tests.ingest.posts import postmark
from tests.ingest.reading import messages, until, webhooks


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """No mail is read until this is set."""
    event = asyncio.Event()

    async def claim(pool: asyncpg.Pool, wanted: int, lease_seconds: float, after: UUID | None) -> list[StoredWebhook]:
        return await claim_mails(pool, wanted, lease_seconds, after) if event.is_set() else []

    monkeypatch.setattr(mail, "claim_mails", claim)
    monkeypatch.setattr(mail, "LOOK_SECONDS", 0.05)
    return event


def connection(tenant: Tenant) -> str:
    """Return the path of the connection."""
    return f"/api/v1/connections/{tenant.integration('postmark')['id']}"


async def changed(client: ClientSession, tenant: Tenant, **changes: str) -> None:
    """Change the connection."""
    async with client.patch(connection(tenant), headers=tenant.auth, json=changes) as answer:
        assert answer.status == 200, await answer.text()


async def posted(client: ClientSession, tenant: Tenant, count: int) -> None:
    """Post mails, of which none is read yet."""
    for _ in range(count):
        assert await postmark(tenant.integration("postmark")).send(client) == 200
    assert {webhook["state"] for webhook in await webhooks(client, tenant)} == {"pending"}


async def read(client: ClientSession, tenant: Tenant) -> list[dict[str, Any]]:
    """Return the ledger once no mail waits."""
    found: list[dict[str, Any]] = await until(
        lambda: webhooks(client, tenant), lambda found: all(w["state"] != "pending" for w in found)
    )
    return found


async def test_mail_of_a_deleted_connection_ends_quarantined(
    reading: asyncio.Event, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    await posted(client, tenant, 3)
    async with client.delete(connection(tenant), headers=tenant.auth) as answer:
        assert answer.status == 204
    reading.set()
    for webhook in await read(client, tenant):
        assert (webhook["state"], webhook["error"]["code"]) == ("quarantined", "connection_gone")
        assert webhook["counts"] == {"received": 1, "stored": 0, "duplicate": 0, "ignored": 0, "quarantined": 1}
    assert await database.value("SELECT count(*) FROM inbound_webhooks WHERE lease_until IS NOT NULL") == 0
    assert await messages(client, tenant) == []


async def test_mail_of_a_provider_that_this_version_does_not_know_can_be_replayed(
    reading: asyncio.Event, client: ClientSession, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await posted(client, tenant, 1)
    known = {name: adapter for name, adapter in ADAPTERS.items() if name != "postmark"}
    monkeypatch.setattr(routing, "ADAPTERS", known)
    monkeypatch.setattr("gateway.ingest.webhook.ADAPTERS", known)
    await changed(client, tenant, name="Renamed")  # so that it is looked up anew
    reading.set()
    [webhook] = await read(client, tenant)
    assert (webhook["state"], webhook["counts"]["quarantined"]) == ("quarantined", 1)
    monkeypatch.undo()
    async with client.post(f"/api/v1/webhooks/{webhook['id']}/replay", headers=tenant.auth) as answer:
        assert answer.status < 300, await answer.text()
    [webhook] = await webhooks(client, tenant)
    assert (webhook["state"], webhook["error"], webhook["counts"]["stored"]) == ("stored", None, 1)


async def test_mail_of_a_disabled_connection_is_read_all_the_same(
    reading: asyncio.Event, client: ClientSession, tenant: Tenant
) -> None:
    await posted(client, tenant, 2)
    await changed(client, tenant, status="disabled")
    assert await postmark(tenant.integration("postmark")).send(client) == 404
    reading.set()
    assert [webhook["state"] for webhook in await read(client, tenant)] == ["stored", "stored"]
    assert len(await messages(client, tenant)) == 2


async def test_mail_outlives_some_outages_and_does_not_kill_workers_for_ever(
    reading: asyncio.Event, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    await posted(client, tenant, 2)
    await database.script(f"""
    UPDATE inbound_webhooks SET attempts = 5;
    UPDATE inbound_webhooks SET attempts = {mail.TRIES} WHERE id = (SELECT id FROM inbound_webhooks LIMIT 1)
    """)
    reading.set()
    found = await read(client, tenant)
    assert sorted(webhook["state"] for webhook in found) == ["quarantined", "stored"]
    assert [webhook["error"]["code"] for webhook in found if webhook["error"]] == ["parser_failed"]
