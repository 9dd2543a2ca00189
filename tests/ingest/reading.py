"""What a tenant holds, read through the API as an integrator would."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession

from tests.conftest import Tenant

PATIENCE_SECONDS = 20.0


async def get(client: ClientSession, tenant: Tenant, path: str) -> Any:
    """Return the JSON at a path; fails on anything but 200."""
    async with client.get(path, headers=tenant.auth) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def events(client: ClientSession, tenant: Tenant, after: int = 0) -> list[dict[str, Any]]:
    """Return the log after a position, all of it."""
    found: list[dict[str, Any]] = []
    while True:
        page = await get(client, tenant, f"/api/v1/events?after={after}&limit=1000")
        found += page["data"]
        if not page["data"]:
            return found
        after = page["data"][-1]["seq"]


async def messages(client: ClientSession, tenant: Tenant) -> list[dict[str, Any]]:
    """Return all messages of all conversations (one page of each)."""
    conversations = (await get(client, tenant, "/api/v1/conversations?limit=200"))["data"]
    found = []
    for conversation in conversations:
        found += (await get(client, tenant, f"/api/v1/conversations/{conversation['id']}/messages?limit=200"))["data"]
    return found


async def webhooks(client: ClientSession, tenant: Tenant) -> list[dict[str, Any]]:
    """Return the raw ledger's rows, newest first."""
    data: list[dict[str, Any]] = (await get(client, tenant, "/api/v1/webhooks?limit=200"))["data"]
    return data


async def until(look: Callable[[], Any], true: Callable[[Any], bool]) -> Any:
    """Look again and again until what is seen is ``true``; for what happens after an acknowledgement."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            seen = await look()
            if true(seen):
                return seen
            await asyncio.sleep(0.02)  # between two looks at a state, which is what is waited for
