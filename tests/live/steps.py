"""What happens in the traces: posts of providers, and what agents do, one step after the other."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession

from tests.conftest import Tenant
from tests.files.samples import png
from tests.ingest.posts import (
    echoes,
    postmark,
    postmark_raw,
    preferences,
    text,
    twilio,
    whatsapp,
    whatsapp_raw,
)
from tests.ingest.reading import events, get, messages, until

Step = Callable[[ClientSession, Tenant], Awaitable[None]]
DAY = 1767225600  # 2026-01-01
NEXT_MONTH = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="milliseconds")


def wa(*sent: dict[str, object], news: tuple[dict[str, object], ...] = ()) -> Step:
    """Post WhatsApp messages and statuses, all in one webhook."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        assert await whatsapp(tenant.integration("whatsapp_cloud"), list(sent), list(news)).send(client) == 200

    return step


def echo(external_id: str, body: str, at: int, to: str = "12025550142") -> Step:
    """Post what the business wrote in the phone's app."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        hook = tenant.integration("whatsapp_cloud")
        item = {**text(external_id, body, sender="12025550100", at=at), "to": to}
        assert await whatsapp(hook, changes=[echoes(hook["channels"][0]["address"], item)]).send(client) == 200

    return step


def prefers(word: str, at: int) -> Step:
    """Post that the customer stops or resumes marketing messages."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        hook = tenant.integration("whatsapp_cloud")
        told = preferences(hook["channels"][0]["address"], ("12025550142", word, at))
        assert await whatsapp(hook, changes=[told]).send(client) == 200

    return step


async def alarm(client: ClientSession, tenant: Tenant) -> None:
    """Post that the provider restricts the account."""
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": [{"restriction_type": "RESTRICTED_BIZ_INITIATED"}]}
    entry = {"id": "200000000000001", "time": DAY, "changes": [{"field": "account_update", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    assert await whatsapp_raw(tenant.integration("whatsapp_cloud"), body).send(client) == 200


def sms(**fields: str) -> Step:
    """Post an SMS."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        assert await twilio(tenant.integration("twilio"), **fields).send(client) == 200

    return step


def mail(count: int, **fields: object) -> Step:
    """Post a mail, and wait until it is the ``count``-th message: mails are parsed after the answer."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        post = postmark(tenant.integration("postmark"), **fields)  # type: ignore[arg-type] # passed on as given
        assert await post.send(client) == 200
        await until(lambda: messages(client, tenant), lambda found: len(found) == count)

    return step


async def mail_with_files(client: ClientSession, tenant: Tenant) -> None:
    """Post a mail with a picture, and wait until it is fetched. Of two, either may be there first."""
    hook = tenant.integration("postmark")
    letter = json.loads(postmark(hook, message_id="m7@mail.example.org").body)
    content = png(40, 30)
    picture = {"Name": "chair.png", "ContentType": "image/png", "ContentLength": len(content)}
    letter["Attachments"] = [{**picture, "Content": b64encode(content).decode()}]
    assert await postmark_raw(hook, json.dumps(letter).encode()).send(client) == 200

    def stored(found: list[Any]) -> bool:
        files = [file for message in found for file in message["attachments"]]
        return len(files) == 1 and all(file["state"] == "stored" for file in files)

    await until(lambda: messages(client, tenant), stored)


async def mark_read(client: ClientSession, tenant: Tenant) -> None:
    """Read the first conversation of the list."""
    newest = (await get(client, tenant, "/api/v1/conversations"))["data"][0]["id"]
    async with client.post(f"/api/v1/conversations/{newest}/read", headers=tenant.auth) as answer:
        assert answer.status == 200


async def first(client: ClientSession, tenant: Tenant) -> str:
    """Return the path of the conversation whose message is the latest."""
    found = (await get(client, tenant, "/api/v1/conversations"))["data"]
    return f"/api/v1/conversations/{found[0]['id']}"


def change(**body: object) -> Step:
    """Change the first conversation of the list."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        async with client.patch(await first(client, tenant), headers=tenant.auth, json=body) as answer:
            assert answer.status == 200, await answer.text()

    return step


def note(text: str) -> Step:
    """Put a private note into the first conversation of the list."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        path = await first(client, tenant) + "/notes"
        async with client.post(path, headers=tenant.auth, json={"text": text}) as answer:
            assert answer.status == 201, await answer.text()

    return step


def last_note(method: str, **body: object) -> Step:
    """Change or remove the latest private note."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        key = next(one["id"] for one in await messages(client, tenant) if one["kind"] == "note")
        path = f"/api/v1/notes/{key}"
        async with client.request(method, path, headers=tenant.auth, json=body or None) as answer:
            assert answer.status in {200, 204}, await answer.text()

    return step


async def labelled(client: ClientSession, tenant: Tenant) -> None:
    """Make a label, and put it on the first conversation of the list."""
    body = {"name": "Urgent", "color": "red"}
    async with client.post("/api/v1/labels", headers=tenant.auth, json=body) as answer:
        assert answer.status == 201, await answer.text()
        label = (await answer.json())["id"]
    await change(label_ids=[label])(client, tenant)


def lines(count: int) -> Step:
    """Wait until so many lines tell what was done: some are written after what they tell of."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        def all_there(found: list[dict[str, Any]]) -> bool:
            return [one["kind"] for one in found].count("activity") == count

        await until(lambda: messages(client, tenant), all_there)

    return step


async def of_number(client: ClientSession, tenant: Tenant, number: str) -> str:
    """Return the path of the customer who has a number."""
    found = (await get(client, tenant, "/api/v1/customers"))["data"]
    key = next(one["id"] for one in found if {"kind": "whatsapp", "value": number} in one["identities"])
    return f"/api/v1/customers/{key}"


def merge(kept: str, other: str) -> Step:
    """Make one customer of two."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        key = (await of_number(client, tenant, other)).rpartition("/")[2]
        path = await of_number(client, tenant, kept) + "/merge"
        async with client.post(path, headers=tenant.auth, json={"other": key}) as answer:
            assert answer.status == 200, await answer.text()

    return step


async def undo_merge(client: ClientSession, tenant: Tenant) -> None:
    """Undo the only merge."""
    path = await of_number(client, tenant, "+12025550142")
    items = (await get(client, tenant, f"{path}/timeline"))["data"]
    key = next(item["merge"]["id"] for item in items if item["type"] == "merge")
    async with client.post(f"/api/v1/merges/{key}/undo", headers=tenant.auth) as answer:
        assert answer.status == 200, await answer.text()


def erase(number: str) -> Step:
    """Erase a customer, and wait until nothing is known of them."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        key = (await of_number(client, tenant, number)).rpartition("/")[2]
        body = {"kind": "erasure", "customer_id": key}
        async with client.post("/api/v1/data-requests", headers=tenant.auth, json=body) as answer:
            assert answer.status == 202, await answer.text()
            asked = await answer.json()
        async with asyncio.timeout(30):
            while (await get(client, tenant, f"/api/v1/data-requests/{asked['id']}"))["state"] != "done":
                await asyncio.sleep(0.02)

    return step


async def rename(client: ClientSession, tenant: Tenant) -> None:
    """Change a customer's name, and take their only address off."""
    path = await of_number(client, tenant, "+12025550155")
    async with client.patch(path, headers=tenant.auth, json={"name": "Robin"}) as answer:
        assert answer.status == 200, await answer.text()
    address = {"kind": "whatsapp", "value": "+12025550155"}
    async with client.delete(f"{path}/identities", headers=tenant.auth, params=address) as answer:
        assert answer.status == 200, await answer.text()


def made(path: str, **body: object) -> Step:
    """Make something of the workspace."""

    async def step(client: ClientSession, tenant: Tenant) -> None:
        await post(client, tenant, path, body)

    return step


async def post(client: ClientSession, tenant: Tenant, path: str, body: object) -> Any:
    """Post to the API; returns what was made."""
    async with client.post(f"/api/v1/{path}", headers=tenant.auth, json=body) as answer:
        assert answer.status == 201, await answer.text()
        return await answer.json()


async def joined(client: ClientSession, tenant: Tenant) -> None:
    """Let somebody join."""
    invited = await post(client, tenant, "invitations", {"email": "kim@example.org", "role": "operator"})
    body = {"token": invited["link"].partition("#")[2], "name": "Kim", "password": "a quiet harbour"}
    async with client.post("/api/v1/join", json=body) as answer:
        assert answer.status == 200, await answer.text()


async def new_channel(client: ClientSession, tenant: Tenant) -> None:
    """Add an address to a connection, and name it anew."""
    path = f"connections/{tenant.integration('whatsapp_cloud')['id']}/channels"
    found = await post(client, tenant, path, {"kind": "whatsapp", "address": "106540352242999", "name": "Sales"})
    path = f"/api/v1/channels/{found['id']}"
    async with client.patch(path, headers=tenant.auth, json={"name": "Sales and service"}) as answer:
        assert answer.status == 200, await answer.text()


async def noted(client: ClientSession, tenant: Tenant) -> None:
    """Note something of a customer."""
    path = await of_number(client, tenant, "+12025550142")
    await post(client, tenant, path.removeprefix("/api/v1/") + "/notes", {"text": "Wears hats"})


async def given_up(client: ClientSession, tenant: Tenant) -> None:
    """Make a label that an endpoint is owed, and wait until that is given up."""
    await post(client, tenant, "labels", {"name": "Unheard", "color": "grey"})

    def told(found: list[dict[str, Any]]) -> bool:
        return bool(found[-1]["type"] == "delivery.exhausted")

    await until(lambda: events(client, tenant), told)
