"""Connections that carry one request at a time."""

import asyncio
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from benchmarks.client.http import Responses
from benchmarks.client.posts import Post
from benchmarks.errors import NotMeasured


class Owner(Protocol):
    """Who decides what a connection sends."""

    def answered(self, connection: "Connection", status: int) -> None:
        """Take the answer to what the connection sent last."""

    def lost(self, connection: "Connection") -> None:
        """Take that the other side hung up."""


class Connection(asyncio.Protocol):
    """One keep-alive connection; ``post`` and ``started`` are of the request that is on its way."""

    __slots__ = ("_owner", "_responses", "_transport", "post", "started")

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._responses = Responses()
        self._transport: asyncio.Transport | None = None
        self.post: Post | None = None
        self.started = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]  # a TCP connection's is one

    def data_received(self, data: bytes) -> None:
        """Hand on the statuses in what came."""
        for status in self._responses.feed(data):
            self._owner.answered(self, status)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell the owner, unless it hung up itself."""
        if self._transport is not None:
            self._owner.lost(self)

    def send(self, post: Post, started: float) -> None:
        """Send a request; nothing else may be on its way."""
        self.post, self.started = post, started
        if self._transport is not None:
            self._transport.write(post.request)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.abort()


async def connect(url: str, count: int, make: Callable[[], Connection]) -> list[Connection]:
    """Open connections.

    Raises:
        NotMeasured: when there is no server.
    """
    host, port = address(url)
    loop = asyncio.get_running_loop()
    try:
        opened = [await loop.create_connection(make, host, port) for _ in range(count)]
    except OSError as error:
        raise NotMeasured(f"{url} can't be reached: {error}") from error
    return [connection for _, connection in opened]


def address(url: str) -> tuple[str, int]:
    """Return the host and the port of a URL that names both."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0
