"""Connections to receivers: under the guard, timed step by step, and bounded in what they may send."""

import asyncio
import errno
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import cast

from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import EMPTY_BODY_STATUS_CODES
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader

from gateway.outgoing.egress import Guard
from gateway.outgoing.resolver import GuardedResolver
from gateway.outgoing.sockets import guarded_sockets
from gateway.outgoing.target import Target

#: Names that are looked up at a time; those that hang have others.
RESOLVER_THREADS = 64
#: Of one buffer: reading stops until somebody takes what is in it.
READ_BUFFER = 8192
#: Of one answer, with all that came before and around it: many times what is kept of it.
MOST_RECEIVED = 1024 * 1024
#: Answers with a status below 200, before the one that counts.
MOST_INTERIM = 32
#: The one status below 200 after which no other answer comes.
SWITCHES = 101
#: Of several addresses each but the last gets so many seconds to take the connection.
NEXT_SECONDS = 2.0
#: Seconds that only grow.
Clock = Callable[[], float]
#: An entry of ``getaddrinfo``.
Place = tuple[int, int, int, str, tuple[str, int]]


class Step(Enum):
    """How far a request came."""

    QUEUED = "queued"
    RESOLVING = "resolving"
    CONNECTING = "connecting"
    SHAKING = "shaking"
    ASKING = "asking"


class Line(ResponseHandler):
    """One connection, which notes who is at its other end and how much comes from there.

    Attributes:
        address: of the receiver; None before it is connected.
        tls_version: such as TLSv1.3; None without TLS.
        tls_expires_at: when the receiver's certificate does.
        requests: how many were made on it.
        flooded: whether it was cut because too much came.
        first_at: when something of the last request's answer came first.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        super().__init__(loop)
        self._clock = clock
        self.address: str | None = None
        self.tls_version: str | None = None
        self.tls_expires_at: datetime | None = None
        self.requests = 0
        self.flooded = False
        self.first_at: float | None = None
        self._received = 0
        self._settled = 0
        self._answers = 0
        self._headed = False
        self._bodiless = False
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note who is there."""
        super().connection_made(transport)
        self._wire = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else None
        secured = transport.get_extra_info("ssl_object")
        if secured is not None:
            self.tls_version = secured.version()
            self.tls_expires_at = _expiry(secured.getpeercert())

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._wire = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes, and hang up when it is too much."""
        if self.first_at is None:
            self.first_at = self._clock()
        is_first = self._received == self._settled
        self._received += len(data)
        if self._received - self._settled > MOST_RECEIVED:
            self.flooded = True
            self.hang_up()
            return
        if not self._headed and (b"04" in data or not is_first):
            data = self._read_head(data)
            if not data:
                return
        if not self._bodiless:
            super().data_received(data)
        elif data:
            self.force_close()

    def _read_head(self, data: bytes) -> bytes:
        """Read up to where the answer's head ends, line by line, and return what is behind it.

        The parser takes a body after a 204 or 304, where none can be (RFC 9112 section 6.3), for one more answer, and
        loses the head over it: so it gets to see none.
        """
        lines = deque(data.splitlines(keepends=True))
        while lines and not (self._headed or self.flooded or self.exception()):
            super().data_received(lines.popleft())
        return b"".join(lines) if self._headed else b""

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take one answer; those before the last one only say that it is to come."""
        self._answers += 1
        if self._answers > MOST_INTERIM:
            self.flooded = True
            self.hang_up()
            return
        message, _ = data
        if _counts(message):
            self._headed = True
            self._bodiless = message.code in EMPTY_BODY_STATUS_CODES
            length = message.headers.get("content-length", "0")
            if self._bodiless and (length != "0" or "transfer-encoding" in message.headers):
                self.force_close()  # a body may follow all the same
        super().feed_data(data, size)

    def ready(self) -> bool:
        """Tell whether one more request may begin on it: it is there, and nothing came since the last one's answer."""
        self.first_at = None
        return self._wire is not None and not self._wire.is_closing() and self._received == self._settled

    def ask(self, request: bytes) -> None:
        """Send a request; its answer is read next."""
        self.requests += 1
        self._headed = self._bodiless = False
        self.set_response_params(read_until_eof=True, auto_decompress=False, read_bufsize=READ_BUFFER)
        if self._wire is None:
            raise ConnectionResetError(errno.ECONNRESET, "connection reset by peer")
        self._wire.write(request)

    async def answered(self) -> tuple[RawResponseMessage, StreamReader]:
        """Return the answer's head, and its body to come.

        Raises:
            HttpProcessingError: when it is no HTTP.
            ServerDisconnectedError: when the receiver hung up.
            OSError: when the connection broke.
        """
        while True:
            message, body = await self.read()
            if _counts(message):
                return message, body

    def settle(self) -> bool:
        """Note that the request is over; tells whether the connection can be used again."""
        self._settled = self._received
        self._answers = 0
        taken = self._wire is not None and not self._wire.get_write_buffer_size()
        return taken and not self.should_close

    def hang_up(self) -> None:
        """Close at once, and send nothing that still waits: whoever does not read would keep it for ever."""
        if self._wire is not None:
            self._wire.abort()


def _counts(message: RawResponseMessage) -> bool:
    """Tell whether an answer is the one that a request gets, not one that says it is to come."""
    return message.code >= 200 or message.code == SWITCHES


@dataclass(slots=True)
class Trip:
    """What a request passes on its way. All times are in seconds, of its clock.

    Attributes:
        clock: tells the time.
        began: when the request was made.
        step: how far it is.
        line: the connection, once there is one.
        address: that was dialled, the last one if there were more.
        dns: how long the name took; None when nobody was asked.
        dialled_at: when the connection was begun.
        shook_at: when TLS was begun.
        joined_at: when the connection was there; None while there is none, or when it was there already.
    """

    clock: Clock
    began: float
    step: Step = Step.QUEUED
    line: Line | None = None
    address: str | None = None
    dns: float | None = None
    dialled_at: float | None = None
    shook_at: float | None = None
    joined_at: float | None = None

    @property
    def reused(self) -> bool:
        """Whether the connection was there before."""
        return self.line is not None and self.joined_at is None

    def take(self, line: Line) -> None:
        """Note that there is a connection."""
        self.line, self.address, self.step = line, line.address, Step.ASKING

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        if self.line is not None:
            self.line.hang_up()


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a request goes.

    Attributes:
        target: the URL's scheme, host and port.
        host: what the receiver is told it is called, for the ``Host`` header.
        path: with the query, as it is sent.
    """

    target: Target
    host: str
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What connections are shared by."""
        return self.target.scheme, self.target.host, self.target.port


class Dialler:
    """Makes connections.

    Args:
        guard: decides whom to call.
        clock: tells the time, in seconds.
    """

    def __init__(self, guard: Guard, clock: Clock) -> None:
        self._clock = clock
        self._resolver = GuardedResolver(guard, RESOLVER_THREADS, clock)
        self._open = guarded_sockets(guard)

    async def close(self) -> None:
        """Ask for no more names."""
        await self._resolver.close()

    async def dial(self, aim: Aim, trip: Trip) -> Line:
        """Return a new connection.

        Raises:
            AddressBlocked: when nobody may call there.
            OSError: when there is none to be had; ``trip`` tells how far it came.
        """
        loop = asyncio.get_running_loop()
        places = await self._places(aim.target, trip)
        made = await self._connected(places, trip)
        secure = aim.target.scheme == "https"
        if secure:
            trip.step, trip.shook_at = Step.SHAKING, self._clock()
        try:
            _, line = await loop.create_connection(
                lambda: Line(loop, self._clock),
                sock=made,
                ssl=system_trust() if secure else None,
                server_hostname=aim.target.host if secure else None,
            )
        except BaseException:
            made.close()
            raise
        trip.joined_at = self._clock()
        return line

    async def _places(self, target: Target, trip: Trip) -> list[Place]:
        """Return what the host means, as sockets want it."""
        if target.literals:
            family = socket.AF_INET6 if ":" in target.host else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 0, "", (target.host, target.port))]
        trip.step, began = Step.RESOLVING, self._clock()
        found = await self._resolver.resolve(target.host, target.port)
        trip.dns = self._clock() - began
        return [(one["family"], socket.SOCK_STREAM, one["proto"], "", (one["host"], one["port"])) for one in found]

    async def _connected(self, places: Sequence[Place], trip: Trip) -> socket.socket:
        """Return a socket that is connected to the first of these that takes it."""
        loop = asyncio.get_running_loop()
        last = len(places) - 1
        for number, place in enumerate(places):
            made = self._open(place)
            trip.step, trip.address = Step.CONNECTING, str(place[-1][0])
            trip.dialled_at = trip.dialled_at or self._clock()
            try:
                async with asyncio.timeout(NEXT_SECONDS if number < last else None):
                    await loop.sock_connect(made, place[-1])
            except (OSError, TimeoutError):
                made.close()
                if number == last:
                    raise
            except BaseException:
                made.close()
                raise
            else:
                return made
        raise OSError("the name has no address")


@cache
def system_trust() -> ssl.SSLContext:
    """Return what checks receivers' certificates as the system trusts them: reading those takes 25 ms, once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which checks certificates and names
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _expiry(certificate: dict[str, object] | None) -> datetime | None:
    until = (certificate or {}).get("notAfter")
    return None if until is None else datetime.fromtimestamp(ssl.cert_time_to_seconds(str(until)), UTC)
