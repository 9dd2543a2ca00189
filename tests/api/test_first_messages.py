"""Writing to somebody who need not have written before."""

import asyncio

import pytest

from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.writing import START, TEMPLATE, TEXT, channel, post
from tests.conftest import Database, Tenant


async def test_somebody_new_is_written_to_first(served: Served, tenant: Tenant, database: Database) -> None:
    body = {**TEXT, "to": "+1 (202) 555-0177", "name": "Jo", "channel_id": channel(tenant, "twilio", "sms")}
    message = await post(served, tenant, START, body, 201)
    assert faults(served, "POST", START, 201, message) == []
    assert message["to"] == ["+12025550177"]
    kinds = ["customer.created", "conversation.created", "message.created"]
    assert [entry.type for entry in served.neighbours.announced] == kinds
    again = await post(served, tenant, START, {**body, "text": "And?"}, 201)
    assert again["conversation_id"] == message["conversation_id"]
    assert await database.value("SELECT count(*) FROM customers") == 1
    shown = await served.get(f"/api/v1/conversations/{message['conversation_id']}", tenant)
    assert (shown["customer"]["name"], shown["last_message"]["id"]) == ("Jo", again["id"])


async def test_two_who_write_first_at_once_make_one_conversation(
    served: Served, tenant: Tenant, database: Database
) -> None:
    body = {**TEXT, "to": "+12025550177", "channel_id": channel(tenant, "twilio", "sms")}
    found = await asyncio.gather(*(post(served, tenant, START, body, 201) for _ in range(6)))
    assert len({one["conversation_id"] for one in found}) == 1
    assert await database.value("SELECT count(*) FROM customers") == 1
    kinds = [entry.type for entry in served.neighbours.announced]
    assert (kinds.count("customer.created"), kinds.count("conversation.created")) == (1, 1)
    assert kinds.count("message.created") == 6


async def test_a_number_without_its_country_is_one_of_the_connections(
    served: Served, tenant: Tenant, database: Database
) -> None:
    body = {**TEXT, "to": "(202) 555-0177", "channel_id": channel(tenant, "twilio", "sms")}
    await database.script("""UPDATE external_integrations SET config = '{"country": "US"}'""")
    assert (await post(served, tenant, START, body, 201))["to"] == ["+12025550177"]


async def test_a_mail_to_somebody_opens_a_conversation_each_time(served: Served, tenant: Tenant) -> None:
    body = {**TEXT, "to": "Jo@Example.org", "subject": "Order", "channel_id": channel(tenant, "postmark", "email")}
    first, second = [await post(served, tenant, START, body, 201) for _ in range(2)]
    assert first["to"] == ["jo@example.org"]
    assert first["conversation_id"] != second["conversation_id"]


@pytest.mark.parametrize(
    ("provider", "kind", "to"),
    [
        ("twilio", "sms", "Jo"),
        ("twilio", "sms", "jo@example.org"),
        ("twilio", "sms", "0177"),
        ("postmark", "email", "+12025550177"),
        ("postmark", "email", "jo@"),
    ],
)
async def test_an_address_has_to_be_one_of_the_channel(
    served: Served, tenant: Tenant, provider: str, kind: str, to: str
) -> None:
    body = {**TEXT, "to": to, "channel_id": channel(tenant, provider, kind)}
    problem = await served.problem("POST", START, 422, "invalid", json=body, headers=tenant.auth)
    assert problem["errors"][0]["pointer"] == "/to"


async def test_the_first_message_on_whatsapp_is_a_template(served: Served, tenant: Tenant, database: Database) -> None:
    body = {"to": "+12025550177", "channel_id": channel(tenant, "whatsapp_cloud", "whatsapp")}
    await served.problem("POST", START, 409, "window_closed", json={**body, **TEXT}, headers=tenant.auth)
    assert await database.value("SELECT count(*) FROM customers") == 0
    message = await post(served, tenant, START, {**body, "template": TEMPLATE}, 201)
    assert message["kind"] == "template"
