"""Connections to receivers: under the guard, timed step by step, and bounded in what they may send."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache, partial
from typing import Any, cast

from aiohttp import ClientRequest, ClientTimeout, ServerDisconnectedError, TCPConnector
from aiohttp.abc import ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import StreamReader
from aiohttp.tracing import Trace

from gateway.outgoing.egress import Guard
from gateway.outgoing.resolver import GuardedResolver
from gateway.outgoing.sockets import guarded_sockets

CONNECTIONS = 512
CONNECTIONS_PER_HOST = 256
#: Names that hang take threads, and a tenant may have many of them.
RESOLVER_THREADS = 64
#: Of one answer, with all that came before and around it: many times what is kept of it.
MOST_RECEIVED = 1024 * 1024
#: Answers with a status below 200, before the one that counts.
MOST_INTERIM = 32
#: Seconds that only grow.
Clock = Callable[[], float]


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
        self._received += len(data)
        if self._received - self._settled > MOST_RECEIVED:
            self.flooded = True
            self.hang_up()
            return
        super().data_received(data)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take one answer; those before the last one only say that it is to come."""
        self._answers += 1
        if self._answers > MOST_INTERIM:
            self.flooded = True
            self.hang_up()
            return
        super().feed_data(data, size)

    def ready(self) -> bool:
        """Tell whether a request may begin on it: since the last one's answer, nothing came."""
        self.requests += 1
        if self.requests == 1:
            return True  # whoever answers before the request has answered it
        self.first_at = None
        return self._received == self._settled

    def settle(self) -> None:
        """Note that the request is over; hang up if it was answered before all of it was taken."""
        self._settled = self._received
        self._answers = 0
        if self._wire is not None and self._wire.get_write_buffer_size():
            self.hang_up()

    def hang_up(self) -> None:
        """Close at once, and send nothing that still waits: whoever does not read would keep it for ever."""
        if self._wire is not None:
            self._wire.abort()


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

    def take(self, line: Line) -> bool:
        """Note that there is a connection; False when it can't be used."""
        self.line, self.address, self.step = line, line.address, Step.ASKING
        if line.requests == 0:
            self.joined_at = self.clock()
        return line.ready()

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        if self.line is not None:
            self.line.hang_up()


#: The trip of this task; set by who makes a request.
TRIP: ContextVar[Trip] = ContextVar("trip")


class Exchange(TCPConnector):
    """Makes connections, and keeps those that can be used again.

    Args:
        guard: decides whom to call.
        clock: tells the time, in seconds.
    """

    def __init__(self, guard: Guard, clock: Clock) -> None:
        super().__init__(
            resolver=_TimedResolver(guard, RESOLVER_THREADS),
            socket_factory=partial(_dial, guarded_sockets(guard)),
            ssl=system_trust(),
            use_dns_cache=False,
            limit=CONNECTIONS,
            limit_per_host=CONNECTIONS_PER_HOST,
        )
        self._factory = cast("partial[ResponseHandler]", partial(Line, loop=self._loop, clock=clock))

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        """Return a connection, a new one or one that is free.

        Raises:
            ServerDisconnectedError: when the receiver had already said something on the one that was free.
        """
        connection = await super().connect(req, traces, timeout)
        line = cast(Line, connection.protocol)
        connection.add_callback(line.settle)
        if not TRIP.get().take(line):
            line.hang_up()
            connection.close()
            raise ServerDisconnectedError
        return connection


def _dial(opened: Callable[[Any], socket.socket], info: Any) -> socket.socket:
    """Open a socket for an address that may be called."""
    made = opened(info)
    trip = TRIP.get()
    trip.step, trip.address = Step.CONNECTING, str(info[-1][0])
    if trip.dialled_at is None:
        trip.dialled_at = trip.clock()
    return made


class _TimedResolver(GuardedResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a name; see ``GuardedResolver``."""
        trip = TRIP.get()
        trip.step, began = Step.RESOLVING, trip.clock()
        found = await super().resolve(host, port, family)
        trip.dns = trip.clock() - began
        return found


class _TimedTls(ssl.SSLContext):
    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin TLS; the connection below it is there."""
        trip = TRIP.get()
        trip.step, trip.shook_at = Step.SHAKING, trip.clock()
        return super().wrap_bio(*args, **kwargs)


@cache
def system_trust() -> ssl.SSLContext:
    """Return what checks receivers' certificates as the system trusts them: reading those takes 25 ms, once."""
    context = _TimedTls(ssl.PROTOCOL_TLS_CLIENT)  # which checks certificates and names
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _expiry(certificate: dict[str, object] | None) -> datetime | None:
    until = (certificate or {}).get("notAfter")
    return None if until is None else datetime.fromtimestamp(ssl.cert_time_to_seconds(str(until)), UTC)
