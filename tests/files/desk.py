"""A provider on a real socket, a storage, and a fetcher between them."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from aiohttp import web

from channels.events import Media
from channels.outbound import Refused
from channels.registry import ADAPTERS
from gateway.files.fetcher import Fetcher
from gateway.files.keeping import Files
from gateway.files.storage import Storage
from gateway.keys import Keyring
from gateway.model.ids import new_id as id_of
from gateway.model.ids import parse
from gateway.model.log import Entry
from gateway.outgoing.http import Calls
from gateway.store.pool import open_pool
from tests.api.rows import Rows
from tests.conftest import Database, Tenant, new_id
from tests.files.program import Connection

LIMIT = 2 * 1024 * 1024
LOOPBACK = [ip_network("127.0.0.0/8")]

ADD = """
INSERT INTO messages (tenant_id, id, conversation_id, channel_id, external_id, direction, medium, kind, text, status,
    occurred_at, received_at)
VALUES ($1, $2, $3, $4, $5, 'inbound', $6, 'image', NULL, 'received', $7, $7)
"""
ADD_FILE = """
INSERT INTO attachments (tenant_id, id, message_id, position, type, provider_media_id, provider_url, mime_type, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending')
"""


@dataclass
class Provider:
    """What stands in for the providers: by path, a status, headers and a body, or a handler."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = f"/{request.match_info['path']}"
        self.asked.append((path, request.headers.get("Authorization") or request.headers.get("D360-API-KEY")))
        answer = self.answers.get(path, 404)
        if callable(answer):
            found: web.StreamResponse = await answer(request)
            return found
        if isinstance(answer, bytes):
            return web.Response(body=answer)
        if isinstance(answer, dict):
            return web.json_response(answer)
        if isinstance(answer, str):
            return web.Response(status=307, headers={"Location": answer})
        return web.Response(status=answer)


@dataclass
class Desk:
    """A fetcher's surroundings."""

    database: Database
    tenant: Tenant
    provider: Provider
    rows: Rows
    folder: Path
    storage: Storage
    entries: list[Entry] = field(default_factory=list)
    mails: Callable[[UUID, UUID, datetime, str], Any] = lambda *_: None
    gone: bool = False

    async def message(
        self, *files: tuple[str, str | None, str | None], provider: str = "twilio", medium: str = "mms",
        at: datetime | None = None,
    ) -> UUID:  # fmt: skip
        """Add a message with files that wait: type, media id, link."""
        conversation = parse("cnv", await self.rows.conversation())
        channel = parse("ch", self.tenant.integration(provider)["channels"][0]["id"])
        key, moment = new_id(), at or datetime.now(UTC)
        connection = await asyncpg.connect(self.database.admin_url)
        await connection.execute(ADD, self.tenant.id, key, conversation, channel, key.hex, medium, moment)
        for place, (kind, media_id, link) in enumerate(files):
            await connection.execute(ADD_FILE, self.tenant.id, new_id(), key, place, kind, media_id, link, None)
        await connection.close()
        return key

    async def state(self, message: UUID) -> list[Any]:
        """Return what the database says of a message's files."""
        return await self.database.fetch(
            "SELECT state, error, mime_type, type, width, size_bytes, tries, file_id, due_at FROM attachments"
            " WHERE message_id = $1 ORDER BY position", message
        )  # fmt: skip

    async def until(self, message: UUID, state: str) -> list[Any]:
        """Wait until all files of a message have a state."""
        async with asyncio.timeout(20):
            while True:
                found = await self.state(message)
                if all(row["state"] == state for row in found):
                    return found
                await asyncio.sleep(0.02)

    async def until_true(self, check: Callable[[], Any]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(20):
            while not check():
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def fetching(self, storage: Storage | None = None) -> AsyncIterator[Fetcher]:
        """Run a fetcher."""
        hook, app = await open_pool(self.database.hook_url, 1), await open_pool(self.database.app_url, 4)
        known = {parse("int", i["id"]): i for i in self.tenant.ready["integrations"]}

        async def route_of(key: UUID) -> Connection | None:
            if self.gone:
                return None
            adapter = ADAPTERS[known[key]["provider"]]
            credentials = adapter.credentials.model_validate(known[key]["credentials"])
            return Connection(adapter, credentials, {"base_url": self.provider.url})

        async def reread(*args: Any) -> Sequence[Media] | Refused | None:
            found: Sequence[Media] | Refused | None = self.mails(*args)
            return found

        async with Calls(LOOPBACK, connect_seconds=2, total_seconds=2) as calls:
            files = Files(storage or self.storage, app, Keyring(MASTER), lambda: datetime.now(UTC), id_of, LIMIT)
            fetcher = Fetcher(
                hook, app, files, calls, route_of, reread, self.entries.extend, lambda: datetime.now(UTC), id_of
            )
            fetcher.start()
            try:
                yield fetcher
            finally:
                await fetcher.stop()
        await hook.close()
        await app.close()


MASTER = base64.b64encode(b"m" * 32).decode()


def link(place: str) -> str:
    """Return a link at Twilio."""
    return f"https://api.twilio.com/2010-04-01/{place}"
