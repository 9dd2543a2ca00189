"""Mails whose provider keeps the content: it is fetched in several tries, and no other mail waits for that."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import ClientSession

from channels.events import ChannelEvent, InboundMessage
from channels.http import HttpRequest
from channels.operations import Dialogue, Operations
from channels.outbound import Refused
from channels.providers import postmark as adapter_module
from gateway.ingest import mail
from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.ingest.posts import postmark
from tests.ingest.providers import Asked, asked_server, install
from tests.ingest.reading import messages, until, webhooks


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"allow_private": (ip_network("127.0.0.0/8"),)})


@pytest.fixture
async def asked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asked]:
    """A mail provider that sends subjects, and hands the text out to whoever asks for it."""
    async with asked_server() as server:

        def complete(
            request: HttpRequest, _credentials: Any, _now: datetime
        ) -> Dialogue[Mapping[str, bytes] | Refused]:
            if b"complete in itself" in request.body:
                return {}
            answer = yield HttpRequest("GET", f"{server.url}/content")
            if answer.status == 200:
                return {"text": answer.body}
            return Refused("no_content", "Not there.", retryable=answer.status != 404, retry_after=None)

        def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
            [event] = adapter_module.parse(request, context)
            assert isinstance(event, InboundMessage)
            fetched = context.get("fetched", {}).get("text", b"(missing)")
            return [event if b"complete in itself" in request.body else replace(event, text=fetched.decode())]

        install(monkeypatch, "postmark", operations=Operations(complete=complete), parse=parse)
        monkeypatch.setattr(mail, "FETCH_WAITS", (0.0, 0.0))
        monkeypatch.setattr(mail, "LOOK_SECONDS", 0.05)
        monkeypatch.setattr(mail, "BUSY_SECONDS", 0.0)
        yield server


async def texts(client: ClientSession, tenant: Tenant) -> list[str]:
    return sorted(message["text"] for message in await messages(client, tenant))


async def test_the_content_is_fetched_before_a_mail_is_read(
    asked: Asked, client: ClientSession, tenant: Tenant
) -> None:
    asked.body = b"Where is my order?"
    assert await postmark(tenant.integration("postmark")).send(client) == 200
    assert await until(lambda: texts(client, tenant), bool) == ["Where is my order?"]
    assert asked.paths == ["/content"]


async def test_a_fetch_that_fails_is_repeated(asked: Asked, client: ClientSession, tenant: Tenant) -> None:
    asked.status = 503
    await postmark(tenant.integration("postmark")).send(client)

    async def tries() -> int:
        return len(asked.paths)

    await until(tries, lambda count: count >= 2)
    asked.status = 200
    assert await until(lambda: texts(client, tenant), bool) == ["content"]


@pytest.mark.parametrize(("status", "fetches"), [(503, 3), (404, 1)], ids=["again and again", "gone"])
async def test_in_the_end_a_mail_is_read_without(
    asked: Asked, client: ClientSession, tenant: Tenant, database: Database, status: int, fetches: int
) -> None:
    asked.status = status
    await postmark(tenant.integration("postmark")).send(client)
    assert await until(lambda: texts(client, tenant), bool) == ["(missing)"]
    assert len(asked.paths) == fetches
    row = (await database.fetch("SELECT attempts, fetches, state FROM inbound_webhooks"))[0]
    assert tuple(row) == (1, fetches - 1, "stored")


async def test_a_replay_fetches_again(asked: Asked, client: ClientSession, tenant: Tenant, database: Database) -> None:
    await database.fetch("UPDATE channels SET address = 'elsewhere@example.org' WHERE kind = 'email'")
    await database.fetch(
        "INSERT INTO channels (tenant_id, id, integration_id, provider, kind, address, name)"
        " SELECT tenant_id, gen_random_uuid(), integration_id, provider, kind, 'other@example.org', 'Other'"
        " FROM channels WHERE kind = 'email'"
    )
    await postmark(tenant.integration("postmark")).send(client)
    [webhook] = await until(lambda: webhooks(client, tenant), lambda found: found[:1] != [] and
                            found[0]["state"] == "quarantined")  # fmt: skip
    await database.fetch("UPDATE channels SET address = 'support@demo.postgate.test' WHERE name = 'Other'")
    async with client.post(f"/api/v1/webhooks/{webhook['id']}/replay", headers=tenant.auth) as answer:
        assert answer.status == 200, await answer.text()
    assert await texts(client, tenant) == ["content"]
    assert asked.paths == ["/content", "/content"]


async def test_a_provider_that_hangs_holds_up_no_mail_that_is_complete(
    asked: Asked, client: ClientSession, tenant: Tenant
) -> None:
    asked.hold = asyncio.Event()
    hook = tenant.integration("postmark")
    hanging = mail.FETCHES_AT_ONCE + 2
    for _ in range(hanging):
        await postmark(hook).send(client)

    async def tries() -> int:
        return len(asked.paths)

    await until(tries, lambda count: count == mail.FETCHES_AT_ONCE)
    monkey = postmark(hook, text_body="complete in itself")
    await monkey.send(client)
    asked.hold.set()
    found = await until(lambda: texts(client, tenant), lambda all_: len(all_) == hanging + 1)
    assert found == ["complete in itself", *["content"] * hanging]
