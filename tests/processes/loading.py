"""A load that leaves the machine to what starts beside it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from tests.faults.load import Provider
from tests.ingest.posts import Post

PAUSE_SECONDS = 0.1


class Trickle(Provider):
    """Posts one message after the other, with pauses."""

    def __init__(self, integration: Mapping[str, Any], base_url: str) -> None:
        super().__init__(integration, base_url, senders=1)

    async def _once(self, session: aiohttp.ClientSession, post: Post) -> int:
        await asyncio.sleep(PAUSE_SECONDS)
        return await super()._once(session, post)


async def more(loads: Sequence[Provider], number: int = 5) -> None:
    """Wait until each had so many more messages acknowledged."""
    await asyncio.gather(*(load.wait_for_acknowledged(len(load.acknowledged) + number) for load in loads))
