"""A receiver of webhooks that costs as little as can be: it counts, and answers 204, 500, or not at all."""

import asyncio
import re
import time
from collections import Counter
from datetime import datetime
from typing import Any

import uvloop

from benchmarks.percentiles import percentile
from benchmarks.worker import obey

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
HEAD_END = b"\r\n\r\n"
FINE = b"HTTP/1.1 204 No Content\r\n\r\n"
FAILED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
TIMESTAMP = b'"timestamp":"'
MOMENT = len("2026-01-01T00:00:00.000Z")


class Counts:
    """What came, by path."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.first = self.last = 0.0
        self.lags: list[float] = []
        self.fails = False
        self.watches = False

    def take(self, path: str, body: bytes) -> bytes | None:
        """Count a request; returns the answer, None for none."""
        now = time.time()
        self.first = self.first or now
        self.last = now
        self.requests[path] += 1
        if path.startswith("/hang"):
            return None
        if self.watches:
            place = body.find(TIMESTAMP) + len(TIMESTAMP)
            moment = body[place : place + MOMENT].decode("ascii")
            self.lags.append(now - datetime.fromisoformat(moment).timestamp())
        return FAILED if self.fails else FINE


class Connection(asyncio.Protocol):
    """One of them; requests may come in parts, and several at once."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what is whole."""
        self._buffer += data
        while (end := self._buffer.find(HEAD_END)) >= 0:
            head = self._buffer[:end]
            length = LENGTH.search(head)
            whole = end + len(HEAD_END) + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            body, self._buffer = self._buffer[end + len(HEAD_END) : whole], self._buffer[whole:]
            answer = self._counts.take(head.split(b" ", 2)[1].decode("ascii", "replace"), body)
            if answer is not None:
                self._transport.write(answer)


async def _main() -> None:
    counts = Counts()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(counts), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def url() -> str:
        return f"http://127.0.0.1:{port}"

    async def reset(*, fails: bool = False, watches: bool = False) -> None:
        fresh = Counts()
        counts.__dict__.update(fresh.__dict__)
        counts.fails, counts.watches = fails, watches

    async def told() -> dict[str, Any]:
        lags = counts.lags
        return {
            "requests": dict(counts.requests),
            "first": counts.first,
            "last": counts.last,
            "lags_ms": [percentile(lags, share) * 1000 for share in (0.5, 0.95, 0.99)] if lags else [],
        }

    await obey({"url": url, "reset": reset, "told": told})


if __name__ == "__main__":
    uvloop.run(_main())
