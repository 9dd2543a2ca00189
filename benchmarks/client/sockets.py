"""Websockets that follow a tenant, and hold everything they are sent against the rules of the log."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from functools import partial

import orjson

from benchmarks.client.connections import address
from benchmarks.client.frames import CLOSE, PING, PONG, TEXT, FrameReader, client_frame
from benchmarks.client.hooks import Hook
from benchmarks.client.http import HEAD_END, request
from benchmarks.errors import NotMeasured

PATH = "/api/v1/stream"
AT_ONCE = 100  # handshakes under way
OPEN_SECONDS = 120.0
RESUME = client_frame(TEXT, b'{"type":"resume"}')
SEQ = re.compile(rb'"seq":(\d+)')
TYPE = re.compile(rb'"type":"([a-z_.]+)"')
EXTERNAL_ID = re.compile(rb'"external_id":"([^"]+)"')
EVENT = b'{"type":"event"'
HELLO = b'{"type":"hello"'
#: Told of each new message: its external id, and when its frame came.
Seen = Callable[[bytes, float], None]


class Socket(asyncio.Protocol):
    """One browser.

    Attributes:
        first: the head of the log when it came.
        seq: the last entry it was sent.
        entries: how many it was sent.
        messages: how many of them were new messages.
        holes: entries that were left out.
        repeats: entries that came twice, or late.
        faults: anything else that must not be sent.
    """

    def __init__(self, handshake: bytes, seen: Seen | None) -> None:
        self._handshake = handshake
        self._seen = seen
        self._head = b""
        self._frames: FrameReader | None = None
        self._transport: asyncio.Transport | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.first = self.seq = self.entries = self.messages = self.holes = self.repeats = self.faults = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a websocket."""
        self._transport = transport  # type: ignore[assignment]  # a TCP connection's is one
        transport.write(self._handshake)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Take what the server says."""
        if self._frames is None:
            data = self._read_head(data)
        if self._frames is not None:
            now = time.perf_counter()
            for frame in self._frames.feed(data):
                self._take(frame.opcode, frame.payload, now)

    def connection_lost(self, error: Exception | None) -> None:
        """Note a connection that broke before it was of any use."""
        if not self.ready.done():
            self.ready.set_exception(NotMeasured(f"no websocket was opened: {self._head!r} {error!r}"))
        elif self._transport is not None:
            self.faults += 1

    def close(self) -> None:
        """Leave."""
        if self._transport is not None:
            transport, self._transport = self._transport, None
            transport.abort()

    def _read_head(self, data: bytes) -> bytes:
        self._head += data
        head, found, rest = self._head.partition(HEAD_END)
        if not found:
            return b""
        if not head.startswith(b"HTTP/1.1 101"):
            self.ready.set_exception(NotMeasured(f"no websocket was opened: {head[:200]!r}"))
            return b""
        self._frames = FrameReader()
        self._write(RESUME)
        return rest

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _take(self, opcode: int, payload: bytes, now: float) -> None:
        if opcode == TEXT and payload.startswith(EVENT):
            self._take_event(payload, now)
        elif opcode == TEXT and payload.startswith(HELLO):
            self.first = self.seq = orjson.loads(payload)["seq"]
            self.ready.set_result(None)
        elif opcode == PING:
            self._write(client_frame(PONG, payload))
        elif opcode in {TEXT, CLOSE}:  # resync, error, or the end
            self.faults += 1

    def _take_event(self, payload: bytes, now: float) -> None:
        seq = SEQ.search(payload)
        kind = TYPE.search(payload, len(EVENT))
        if seq is None or kind is None:
            self.faults += 1
            return
        number = int(seq[1])
        self.entries += 1
        if number <= self.seq:
            self.repeats += 1
        else:
            self.holes += number - self.seq - 1
            self.seq = number
        if kind[1] == b"message.created":
            self.messages += 1
            external_id = EXTERNAL_ID.search(payload)
            if self._seen is not None and external_id is not None:
                self._seen(external_id[1], now)


def handshake(path: str, api_key: str | None) -> bytes:
    """Write the request for a websocket."""
    fields = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    return request("GET", path, fields | ({} if api_key is None else {"Authorization": f"Bearer {api_key}"}))


async def open_sockets(url: str, hooks: Sequence[Hook], seen: Seen | None = None) -> list[Socket]:
    """Open one socket for each of ``hooks``; all of them have been greeted when this returns.

    Raises:
        NotMeasured: when one is refused.
    """
    host, port = address(url)
    loop = asyncio.get_running_loop()
    sockets: list[Socket] = []
    for start in range(0, len(hooks), AT_ONCE):
        group = [Socket(handshake(PATH, hook.api_key), seen) for hook in hooks[start : start + AT_ONCE]]
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                for socket in group:
                    await loop.create_connection(partial(_itself, socket), host, port)
                await asyncio.gather(*(socket.ready for socket in group))
        except (OSError, TimeoutError) as error:
            raise NotMeasured(f"websockets can't be opened: {type(error).__name__} {error}") from error
        sockets += group
    return sockets


def _itself(socket: Socket) -> Socket:
    return socket
