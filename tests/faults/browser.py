"""A browser that follows the log over its websocket, and comes back by itself when the gateway goes."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.live.clients import Reader


class Browser:
    """Follows the log from its beginning until told to stop.

    Attributes:
        events: all entries it was sent, in the order in which they came.
        connections: how often it was let in.
    """

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._grown = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.events: list[dict[str, Any]] = []
        self.connections = 0

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Leave."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds of what it was sent."""
        async with asyncio.timeout(60), self._grown:
            await self._grown.wait_for(condition)

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
            except (aiohttp.ClientError, OSError, AssertionError):  # Reader asserts that what comes is text
                await asyncio.sleep(0.05)  # a browser's pause before it tries again

    async def _listen(self) -> None:
        async with (
            aiohttp.ClientSession(self._base_url, headers=self._headers) as session,
            session.ws_connect("/api/v1/stream") as websocket,
        ):
            reader = Reader(websocket)
            await reader.resume(self.events[-1]["seq"] if self.events else 0)
            self.connections += 1
            while True:
                event = (await reader.until("event"))["event"]
                async with self._grown:
                    self.events.append(event)
                    self._grown.notify_all()
