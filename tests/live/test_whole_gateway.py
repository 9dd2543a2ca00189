"""From a provider's post to the browser's socket, through the gateway as it is wired."""

from aiohttp import ClientSession

from tests.conftest import Tenant
from tests.ingest.posts import text, unique, whatsapp
from tests.live.clients import ORIGIN, Reader


async def test_a_posted_message_reaches_the_socket(client: ClientSession, tenant: Tenant) -> None:
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=tenant.auth))
    await reader.resume(0)
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique(), "Is it open?")]).send(client) == 200
    events = [(await reader.until("event"))["event"] for _ in range(3)]
    assert [event["type"] for event in events] == ["customer.created", "conversation.created", "message.created"]
    assert events[2]["data"]["text"] == "Is it open?"
    assert events[2]["data"]["conversation"]["unread_count"] == 1


async def test_reading_a_conversation_is_told_to_the_other_tabs(client: ClientSession, tenant: Tenant) -> None:
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=tenant.auth))
    await reader.resume()
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())]).send(client) == 200
    await reader.until_seq(3)
    async with client.get("/api/v1/conversations", headers=tenant.auth) as answer:
        [conversation] = (await answer.json())["data"]
    async with client.post(f"/api/v1/conversations/{conversation['id']}/read", headers=tenant.auth) as answer:
        read = await answer.json()
    event = (await reader.until("event"))["event"]
    assert (event["seq"], event["type"], event["data"]) == (4, "conversation.updated", read)


async def test_a_logout_closes_the_browsers_socket(client: ClientSession, tenant: Tenant) -> None:
    login = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
    async with client.post("/api/v1/login", json=login) as answer:
        assert answer.status == 200
        cookie = {"Cookie": f"postgate_session={answer.cookies['postgate_session'].value}", **ORIGIN}
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=cookie))
    await reader.resume()
    async with client.post("/api/v1/logout", headers=cookie) as answer:
        assert answer.status == 204
    assert await reader.closed() == 1008
