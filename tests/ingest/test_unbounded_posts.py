"""What a post may hold without an end is cut, so that nobody else pays for it."""

from aiohttp import ClientSession

from tests.conftest import Database, Tenant
from tests.ingest.posts import change, text, unique, whatsapp
from tests.ingest.reading import messages


async def test_of_very_many_attachments_the_first_count(client: ClientSession, tenant: Tenant) -> None:
    cards = [{"name": {"formatted_name": f"J{number}"}, "phones": []} for number in range(1003)]
    message = {**text(unique()), "type": "contacts", "contacts": cards}
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [message]).send(client) == 200
    [stored] = await messages(client, tenant)
    assert len(stored["attachments"]) == 1000
    assert stored["extra"]["attachments_left_out"] == 3


async def test_a_name_without_an_end_costs_no_later_message(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    integration = tenant.integration("whatsapp_cloud")
    news = change(integration["channels"][0]["address"], [text(unique())], [])
    news["value"]["contacts"] = [{"wa_id": "12025550142", "profile": {"name": "\ufdfa" * 30_000}}]
    assert await whatsapp(integration, changes=[news]).send(client) == 200
    assert await whatsapp(integration, [text(unique())]).send(client) == 200
    assert await database.value("SELECT max(length(name)) FROM customers") == 200
    assert await database.value("SELECT length(data::text) FROM events ORDER BY seq DESC LIMIT 1") < 5_000
