"""A customer who writes opens a conversation again; the thread says so, and ingest does not wait for that."""

import asyncio

import pytest
from aiohttp import ClientSession

from tests.conftest import Database, Tenant
from tests.ingest.posts import text, whatsapp
from tests.ingest.reading import events, get, until

DAY = 1767225600


async def write(client: ClientSession, tenant: Tenant, external_id: str, at: int) -> None:
    """Let the customer write."""
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(external_id, "Hello", at=at)], [])
    assert await post.send(client) == 200


@pytest.mark.parametrize("before", ["resolved", "snoozed", "pending"])
async def test_a_message_that_reopens_leaves_a_line(
    client: ClientSession, tenant: Tenant, database: Database, before: str
) -> None:
    await write(client, tenant, "wamid.1", DAY)
    key = (await get(client, tenant, "/api/v1/conversations"))["data"][0]["id"]
    body = {"status": before, **({"snoozed_until": "2028-01-01T00:00:00Z"} if before == "snoozed" else {})}
    async with client.patch(f"/api/v1/conversations/{key}", headers=tenant.auth, json=body) as answer:
        assert answer.status == 200, await answer.text()
    await write(client, tenant, "wamid.2", DAY + 60)
    shown = await get(client, tenant, f"/api/v1/conversations/{key}")
    assert (shown["status"], shown["snoozed_until"]) == ("open", None)
    found = await until(
        lambda: events(client, tenant), lambda all_: sum(one["type"] == "activity.created" for one in all_) == 2
    )
    line = next(one["data"] for one in reversed(found) if one["type"] == "activity.created")
    assert line["extra"] == {"what": "status", "from": before, "to": "open", "cause": "message"}
    assert await database.value("SELECT count(*) FROM reopenings") == 0


async def test_a_message_to_an_open_conversation_leaves_none(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    await asyncio.gather(*(write(client, tenant, f"wamid.{number}", DAY + number) for number in range(3)))
    assert await database.value("SELECT count(*) FROM reopenings") == 0
    assert "activity.created" not in {one["type"] for one in await events(client, tenant)}
