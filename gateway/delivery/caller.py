"""The one caller of integrators' endpoints: guarded, bounded in time and size, never led elsewhere. It never raises."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import structlog
from aiohttp import ClientError, ServerDisconnectedError
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy
from yarl import URL

from gateway.delivery.dialling import Aim, Clock, Dialler, Trip
from gateway.delivery.failures import failure_of, is_stale
from gateway.delivery.lines import Lines
from gateway.model.texts import storable
from gateway.outgoing.egress import Endpoint, Guard, Network
from gateway.outgoing.target import PORTS, target_of

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
#: A body is read for so long once its status is known: that alone decides.
BODY_SECONDS = 1.0
MOST_BODY = 4096
MOST_HEADERS = 50
MOST_HEADER_BYTES = 8192
#: What every request says, unless it says otherwise.
ALWAYS = {"user-agent": "postgate", "accept": "*/*", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Request:
    """A POST that is to be made.

    Attributes:
        url: of the endpoint.
        headers: all but those that the connection needs.
        body: as it was signed.
        timeout_seconds: for everything until the answer's status.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_seconds: float


@dataclass(slots=True)
class Answer:
    """What became of it.

    Attributes:
        status: of the answer; None when there was none.
        error_kind: why there was none: see ``gateway.delivery.failures``.
        error: the same in words.
        address: that was connected to.
        dns_ms: how long the name took; this and the next two only where a connection was made for this request.
        connect_ms: how long the connection took.
        tls_ms: how long TLS took.
        first_byte_ms: when the answer began, since the request was.
        total_ms: how long it took altogether.
        tls_version: such as TLSv1.3.
        tls_expires_at: when the receiver's certificate expires.
        headers: of the answer, their names in small letters, bounded.
        body: how the answer's body begins, as a text that can be stored.
        retry_after: that header.
    """

    total_ms: float
    status: int | None = None
    error_kind: str | None = None
    error: str | None = None
    address: str | None = None
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    tls_version: str | None = None
    tls_expires_at: datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    retry_after: str | None = None


class Caller:
    """Makes POSTs and tells what became of them. An ``async with`` opens and closes it.

    Plain http is for the networks that the operator allowed, and no others.

    Args:
        allowed: networks inside that may be called.
        endpoints: single ports of single addresses that may be called by plain http as well.
        clock: tells the time, in seconds that only grow.
    """

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        endpoints: Collection[Endpoint] = (),
        clock: Clock = time.monotonic,
    ) -> None:
        self._clock = clock
        guards = {"https": Guard(allowed), "http": Guard(allowed, public=False, endpoints=endpoints)}
        self._diallers = {scheme: Dialler(guard, clock) for scheme, guard in guards.items()}
        self._lines = Lines(clock)

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lines.close()
        for dialler in self._diallers.values():
            await dialler.close()

    async def post(self, request: Request) -> Answer:
        """Make a request. Whatever goes wrong is in the answer."""
        clock = self._clock
        began = clock()
        trip = Trip(clock, began)
        try:
            try:
                return await self._ask(request, trip, request.timeout_seconds)
            except (ServerDisconnectedError, OSError) as error:
                left = request.timeout_seconds - (clock() - began)
                if not is_stale(error, trip) or left <= 0:
                    raise
                trip = Trip(clock, began)  # the receiver hung up on a connection that was free: not its answer to this
                return await self._ask(request, trip, left, fresh=True)
        except Exception as error:  # whoever delivers is told of everything, and tries again
            kind, words = failure_of(error, trip)
            if kind == "internal":
                log.exception("delivery.call_failed")
            answer = _answer(trip)
            answer.error_kind, answer.error = kind, storable(words, 300)
            return answer

    async def _ask(self, request: Request, trip: Trip, seconds: float, *, fresh: bool = False) -> Answer:
        aim = _read(request.url)
        sent = _written(aim, request)
        try:
            async with asyncio.timeout(seconds):
                line = None if fresh else self._lines.take(aim.origin)
                if line is None:
                    async with asyncio.timeout(min(CONNECT_SECONDS, seconds)):
                        line = await self._diallers[aim.target.scheme].dial(aim, trip)
                trip.take(line)
                line.ask(sent)
                message, content = await line.answered()
            body = await _body(content)
        except BaseException:
            trip.hang_up()
            raise
        if line.settle():
            self._lines.keep(aim.origin, line)
        else:  # there is more to come, or the request was answered before it was sent
            line.hang_up()
        headers = message.headers
        answer = _answer(trip)
        answer.status = message.code
        answer.headers = _bounded(headers)
        answer.retry_after = headers.get("retry-after")
        if body and "content-encoding" not in headers:
            answer.body = body.decode("utf-8", "replace").replace("\0", "")
        return answer


@lru_cache(4096)
def _read(url: str) -> Aim:
    """Return where a URL leads, its path byte for byte where that is possible.

    Raises:
        UrlUnusable: when it would not be registered either.
    """
    target = target_of(url)
    host = f"[{target.host}]" if ":" in target.host else target.host
    named = host if target.port == PORTS[target.scheme] else f"{host}:{target.port}"
    return Aim(target, named, URL(url, encoded=url.isascii()).raw_path_qs)


def _written(aim: Aim, request: Request) -> bytes:
    """Return the bytes of a request.

    Raises:
        ValueError: when a header holds what HTTP does not allow.
    """
    headers = {"host": aim.host, **ALWAYS, **request.headers, "content-length": str(len(request.body))}
    head = "\r\n".join([f"POST {aim.path} HTTP/1.1", *map(": ".join, headers.items())])
    if head.count("\n") != len(headers) or head.count("\r") != len(headers) or "\0" in head:
        raise ValueError("a header can't be sent")
    return b"%b\r\n\r\n%b" % (head.encode(), request.body)


async def _body(content: StreamReader) -> bytes:
    """Return how the body begins, as far as it comes."""
    body = b""
    try:
        if content.is_eof():
            return content.read_nowait(MOST_BODY)
        async with asyncio.timeout(BODY_SECONDS):
            while len(body) < MOST_BODY and (chunk := await content.read(MOST_BODY - len(body))):
                body += chunk
    except (ClientError, TimeoutError, OSError):
        return body  # the status is known, and it alone decides
    return body


def _bounded(headers: CIMultiDictProxy[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    left = MOST_HEADER_BYTES
    for name, value in headers.items():
        left -= len(name) + len(value)
        if left < 0 or len(found) == MOST_HEADERS:
            break
        found.setdefault(name.lower(), value if value.isprintable() else storable(value, MOST_HEADER_BYTES))
    return found


def _answer(trip: Trip) -> Answer:
    """Return what is known of every request, answered or not."""
    answer = Answer(total_ms=(trip.clock() - trip.began) * 1000, address=trip.address)
    line = trip.line
    if line is not None:
        answer.tls_version, answer.tls_expires_at = line.tls_version, line.tls_expires_at
        answer.first_byte_ms = _between(trip.began, line.first_at)
    if not trip.reused:
        answer.dns_ms = None if trip.dns is None else trip.dns * 1000
        answer.connect_ms = _between(trip.dialled_at, trip.shook_at or trip.joined_at)
        answer.tls_ms = _between(trip.shook_at, trip.joined_at)
    return answer


def _between(since: float | None, until: float | None) -> float | None:
    return None if since is None or until is None else (until - since) * 1000
