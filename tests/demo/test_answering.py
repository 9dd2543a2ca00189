"""A reply in the demo: queued, sent, delivered, read, and answered by the customer, as a browser sees it live."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.demo import tenant as demo_tenant
from gateway.demo.templates import fetch_templates
from gateway.running import run_gateway
from gateway.settings import Settings
from gateway.simulator.accounts import accounts_of
from gateway.simulator.providers import IMITATIONS
from gateway.simulator.server import LOOPBACK, Serving, serve_simulator
from tests.conftest import Tenant
from tests.ingest.reading import get, until
from tests.live.clients import Reader

CUSTOMERS = {
    "whatsapp_cloud": "+12025550142",
    "twilio": "+12025550142",
    "sendgrid": "dana@example.org",
    "postmark": "dana@example.org",
    "mailgun": "dana@example.org",
}
#: What becomes of a reply, as the page is told; the news of a step may be faster than the answer to the call before it,
#: whose step is then left out. An SMS says nothing of being read, and a mail that was opened proves it not.
COURSES = {
    "whatsapp_cloud": ["sent", "delivered", "read"],
    "twilio": ["sent", "delivered"],
    "sendgrid": ["sent", "delivered"],
    "postmark": ["sent", "delivered"],
    "mailgun": ["sent", "delivered"],
}


class Demo:
    """A gateway and its simulator, as `postgate up` puts them together."""

    def __init__(self, client: ClientSession, tenant: Tenant, serving: Serving, facts: dict[str, Any]) -> None:
        self.client = client
        self.tenant = tenant
        self.serving = serving
        self.facts = facts

    async def written_to_by(self, provider: str, sender: str) -> str:
        """Let a customer write; returns the conversation's id."""
        letter = {"provider": provider, "sender": sender, "text": "Is the oak table in stock?", "subject": "Table"}
        async with (
            ClientSession(self.serving.url) as customer,
            customer.post("/simulator/messages", json=letter) as answer,
        ):
            assert answer.status == 201, await answer.text()
        path = "/api/v1/conversations"
        listed = await until(lambda: get(self.client, self.tenant, path), lambda page: page["data"])
        conversation: str = listed["data"][0]["id"]
        return conversation

    async def reply(self, conversation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer the customer."""
        path = f"/api/v1/conversations/{conversation}/messages"
        async with self.client.post(path, json=body, headers=self.tenant.auth) as answer:
            message: dict[str, Any] = await answer.json()
            assert answer.status == 201, message
        return message

    async def reader(self) -> Reader:
        """Follow the log from now on."""
        reader = Reader(await self.client.ws_connect("/api/v1/stream", headers=self.tenant.auth))
        await reader.resume()
        return reader


@pytest.fixture
async def demo(settings: Settings, tenant: Tenant) -> AsyncIterator[Demo]:
    """The demo of one tenant; nothing in it waits."""
    async with serve_simulator(lambda: datetime.now(UTC), scale=0) as serving:
        app_url = settings.database_url.get_secret_value()
        await demo_tenant.lead_to(app_url, tenant.facts, IMITATIONS, serving.url)
        async with (
            run_gateway(settings, [(LOOPBACK, serving.port)]) as running,
            ClientSession(running.url) as client,
        ):
            facts = demo_tenant.ready(tenant.facts, running.url, app_url, settings.public_url)
            serving.simulator.know(accounts_of(facts))
            yield Demo(client, tenant, serving, facts)


@pytest.mark.parametrize("provider", sorted(IMITATIONS))
async def test_a_reply_gets_its_ticks_and_an_answer(demo: Demo, provider: str) -> None:
    conversation = await demo.written_to_by(provider, CUSTOMERS[provider])
    reader = await demo.reader()
    ours = await demo.reply(conversation, {"text": "Yes. Would Friday do?"})
    assert ours["status"] == "queued"
    seen: list[str] = []
    answer: dict[str, Any] | None = None
    while answer is None or seen[-1:] != COURSES[provider][-1:]:
        event = (await reader.until("event"))["event"]
        data = event["data"]
        if event["type"] == "message.status_changed" and data["id"] == ours["id"] and data["status"] not in seen:
            seen.append(data["status"])
        if event["type"] == "message.created" and data["direction"] == "inbound":
            answer = data
    assert seen == [step for step in COURSES[provider] if step in seen]
    assert answer["conversation_id"] == conversation
    assert answer["text"].startswith("Yes, please.")


async def test_a_reply_that_fails_is_sent_again(demo: Demo) -> None:
    conversation = await demo.written_to_by("twilio", "+12025550191")
    reader = await demo.reader()
    ours = await demo.reply(conversation, {"text": "It left today."})

    async def status() -> dict[str, Any]:
        while True:
            event = (await reader.until("event"))["event"]
            if event["type"] == "message.status_changed" and event["data"]["id"] == ours["id"]:
                data: dict[str, Any] = event["data"]
                return data

    while (failed := await status())["status"] != "failed":
        pass
    assert failed["error"]["code"] == "30005"
    order = {"recipient": "+12025550191", "behaviour": {}}
    async with ClientSession(demo.serving.url) as admin, admin.post("/simulator/behaviour", json=order) as answer:
        assert answer.status == 200
    path = f"/api/v1/messages/{ours['id']}/retry"
    async with demo.client.post(path, json={}, headers=demo.tenant.auth) as answer:
        assert answer.status == 200, await answer.text()
    while (await status())["status"] != "delivered":
        pass


async def test_templates_are_there_from_the_start(demo: Demo) -> None:
    await fetch_templates(demo.facts)
    connection = demo.tenant.integration("whatsapp_cloud")["id"]
    listed = (await get(demo.client, demo.tenant, f"/api/v1/connections/{connection}/templates"))["data"]
    assert {(one["name"], one["language"]) for one in listed} >= {("order_update", "en_US"), ("order_update", "de")}
    conversation = await demo.written_to_by("whatsapp_cloud", "+12025550142")
    reader = await demo.reader()
    template = {"name": "order_update", "language": "en_US", "body": [{"text": "Dana"}, {"text": "20931"}]}
    ours = await demo.reply(conversation, {"template": template})
    assert ours["text"] == "Hello Dana, your order 20931 is on its way."
    while (event := (await reader.until("event"))["event"])["data"].get("status") != "read":
        assert event["data"].get("status") != "failed", event
