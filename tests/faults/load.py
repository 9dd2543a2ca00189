"""A steady load of signed webhooks by a provider that retries what was not acknowledged."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

import aiohttp

from tests.ingest.posts import Post, status, text, whatsapp

TIMEOUT = aiohttp.ClientTimeout(total=15)


class Provider:
    """Posts messages from many customers until told to stop; remembers what was acknowledged."""

    def __init__(self, integration: Mapping[str, Any], base_url: str, senders: int = 16) -> None:
        self._integration = integration
        self._base_url = base_url
        self._senders = senders
        self._numbers = itertools.count()
        self._stopping = False
        self._changed = asyncio.Condition()
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to post."""
        self._stopping = False
        self._tasks = [asyncio.create_task(self._sender()) for _ in range(self._senders)]

    async def stop(self) -> None:
        """Stop; whoever is in the middle of a message gives it up."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def wait_for_acknowledged(self, number: int) -> None:
        """Wait until so many messages are acknowledged."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self.acknowledged) >= number)

    async def wait_for_refused(self, status_code: int) -> None:
        """Wait until one is answered with this status."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: status_code in self.refused)

    async def _sender(self) -> None:
        async with aiohttp.ClientSession(self._base_url, timeout=TIMEOUT) as session:
            while not self._stopping:
                number = next(self._numbers)
                external_id = f"wamid.L{number}"
                message = text(external_id, f"number {number}", sender=f"1202555{number % 40:04d}")
                await self._until_acknowledged(session, external_id, whatsapp(self._integration, [message]))
                if number % 5 == 0:
                    read = whatsapp(self._integration, statuses=[status(external_id, "read")])
                    await self._once(session, read)

    async def _until_acknowledged(self, session: aiohttp.ClientSession, external_id: str, post: Post) -> None:
        while not self._stopping:
            answer = await self._once(session, post)
            async with self._changed:
                if answer == 200:
                    self.acknowledged.append(external_id)
                else:
                    self.refused.append(answer)
                self._changed.notify_all()
            if answer == 200:
                return
            await asyncio.sleep(0.05)  # a provider's pause before it tries again

    async def _once(self, session: aiohttp.ClientSession, post: Post) -> int:
        """Post once; 0 when there was no answer."""
        try:
            return await post.send(session)
        except (aiohttp.ClientError, TimeoutError):
            return 0
