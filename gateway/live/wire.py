"""What a session writes to: a websocket or a stream of server-sent events. Writing never waits.

Frames are built once and handed to the socket's transport as they are; aiohttp's own writer would build them anew
for each socket. This is sound as long as no compression was agreed on (then a frame is the same bytes for everybody)
and aiohttp writes each of its own frames (ping, pong, close) in one go. This file is the only one that relies on it.
"""

import asyncio
from typing import Protocol

import structlog
from aiohttp import web

from gateway.live import protocol
from gateway.live.cursor import Reason
from gateway.live.protocol import Frame

log = structlog.get_logger(__name__)


class Wire(Protocol):
    """One client's connection."""

    def gone(self) -> bool:
        """Tell whether nothing can be written any more."""

    def unsent(self) -> int:
        """Tell how many bytes the client has not taken yet."""

    def send(self, frame: Frame) -> None:
        """Write an event."""

    def say(self, frame: bytes) -> None:
        """Write something that is no event, where the connection knows such things."""

    def resync(self, reason: Reason) -> None:
        """Ask the client to load afresh."""

    async def close(self, code: int, reason: str, within: float) -> None:
        """Say goodbye and cut the connection, at the latest after ``within`` seconds."""


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait some time for an event; tell whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def transport_of(request: web.Request) -> asyncio.Transport:
    """Return a connection's transport.

    Raises:
        ConnectionResetError: when the client has gone already.
    """
    if request.transport is None:
        raise ConnectionResetError("the client has gone")
    return request.transport  # not to be asked whether it is an asyncio.Transport: uvloop's are none


class WebsocketWire:
    """A websocket, after its handshake."""

    __slots__ = ("_transport", "_websocket", "gone", "unsent")

    def __init__(self, websocket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._websocket = websocket
        self._transport = transport
        self.gone = transport.is_closing
        self.unsent = transport.get_write_buffer_size

    def send(self, frame: Frame) -> None:
        """Write an event."""
        self._transport.write(frame.websocket)

    def say(self, frame: bytes) -> None:
        """Write a frame that is no event."""
        if not self._transport.is_closing():
            self._transport.write(frame)

    def resync(self, reason: Reason) -> None:
        """Write a resync frame."""
        self.say(protocol.resync(reason))

    async def close(self, code: int, reason: str, within: float) -> None:
        """Send a close frame, wait for the client's, then cut the connection, with whatever it never took."""
        try:
            async with asyncio.timeout(within):
                await self._websocket.close(code=code, message=reason.encode())
        except TimeoutError:
            log.info("live.close_not_taken", code=code)
        finally:
            self._transport.abort()


class EventStreamWire:
    """A response of type ``text/event-stream``, after its headers.

    Its body is written straight to the transport as well, in chunks where HTTP/1.1 is spoken.
    """

    __slots__ = ("_chunked", "_transport", "ended", "gone", "unsent")

    def __init__(self, transport: asyncio.Transport, *, chunked: bool) -> None:
        self._transport = transport
        self._chunked = chunked
        #: Set once the stream is to end.
        self.ended = asyncio.Event()
        self.gone = transport.is_closing
        self.unsent = transport.get_write_buffer_size

    def send(self, frame: Frame) -> None:
        """Write an event."""
        self._write(protocol.server_sent(frame))

    def say(self, frame: bytes) -> None:
        """Leave it out: an event stream carries the log and nothing else."""

    def resync(self, reason: Reason) -> None:
        """Write a resync event, and end: the client's position is of no use any more."""
        self._write(b'event: resync\ndata: {"reason":"%b"}\n\n' % reason.encode())
        self.ended.set()

    def heartbeat(self) -> None:
        """Write a comment, so that whoever is in between keeps the connection."""
        self._write(b": still here\n\n")

    async def ends_within(self, seconds: float) -> bool:
        """Wait some time; tell whether the stream is to end."""
        return await set_within(self.ended, seconds)

    async def close(self, code: int, reason: str, within: float) -> None:
        """End the stream; the client comes back with the last id it has seen.

        HTTP has no words for why, so ``code`` and ``reason`` are not told. Whoever does not read is cut off.
        """
        self.ended.set()
        try:
            async with asyncio.timeout(within):
                while not self._transport.is_closing():
                    await asyncio.sleep(0.05)
        except TimeoutError:
            log.info("live.end_not_taken", code=code, reason=reason)
        finally:
            self._transport.abort()

    def _write(self, text: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"%x\r\n%b\r\n" % (len(text), text) if self._chunked else text)
