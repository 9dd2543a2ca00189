"""A browser's side of the websocket."""

import asyncio
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.described import frame_faults

PATIENCE_SECONDS = 20.0
ORIGIN = {"Origin": "http://gateway.test"}


class Reader:
    """Reads frames, and holds each against the description."""

    def __init__(self, websocket: ClientWebSocketResponse) -> None:
        self.websocket = websocket
        self.seqs: list[int] = []
        self.hello: dict[str, Any] = {}

    async def resume(self, after: int | None = None, epoch: str | None = None) -> None:
        """Say where to go on, and wait for the greeting."""
        await self.websocket.send_json({"type": "resume", "after": after, "epoch": epoch})
        self.hello = await self.until("hello")

    async def next(self) -> dict[str, Any]:
        """Return the next frame; fails when the socket was closed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await self.websocket.receive()
        assert message.type is WSMsgType.TEXT, f"closed: {self.websocket.close_code}"
        frame: dict[str, Any] = message.json()
        if frame["type"] == "event":  # held against the document where they are not made up
            self.seqs.append(frame["event"]["seq"])
        else:
            assert frame_faults(frame, "hear") == []
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        """Return the next frame of a type."""
        while True:
            frame = await self.next()
            if frame["type"] == kind:
                return frame

    async def until_seq(self, seq: int) -> list[int]:
        """Read up to an event; returns the seqs of all events so far."""
        while not self.seqs or self.seqs[-1] < seq:
            await self.next()
        return self.seqs

    async def closed(self) -> int | None:
        """Read until the socket is closed; returns the code."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                message = await self.websocket.receive()
                if message.type is not WSMsgType.TEXT:
                    return self.websocket.close_code
