"""A fetcher in a process of its own, to be killed: ``python -m tests.files.program``, told by JSON on its input."""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID

from channels.adapter import Adapter
from channels.registry import ADAPTERS
from gateway.files.disk import DiskStorage
from gateway.files.fetcher import Fetcher
from gateway.files.keeping import Files
from gateway.keys import Keyring
from gateway.model.ids import new_id, parse
from gateway.outgoing.http import Calls
from gateway.store.pool import open_pool


@dataclass(frozen=True)
class Connection:
    """A connection whose provider is at ``base_url``."""

    adapter: Adapter
    credentials: Any
    context: Mapping[str, Any]


async def main(told: Mapping[str, Any]) -> None:
    """Fetch until killed."""
    known = {parse("int", one["id"]): one for one in told["integrations"]}

    async def route_of(key: UUID) -> Connection:
        adapter = ADAPTERS[known[key]["provider"]]
        credentials = adapter.credentials.model_validate(known[key]["credentials"])
        return Connection(adapter, credentials, {"base_url": told["provider_url"]})

    async def no_mails(*_: object) -> None:
        return None

    hook, app = await open_pool(told["hook_url"], 1), await open_pool(told["app_url"], 2)
    async with Calls([ip_network("127.0.0.0/8")]) as calls:
        storage = DiskStorage(Path(told["folder"]))
        files = Files(storage, app, Keyring(told["master_key"]), lambda: datetime.now(UTC), new_id, told["limit"])
        fetcher = Fetcher(
            hook, app, files, calls, route_of, no_mails, lambda _: None, lambda: datetime.now(UTC), new_id
        )
        fetcher.start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
