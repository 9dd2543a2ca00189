"""The one client for calls to providers: guarded, bounded in time and size, and never led elsewhere."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from yarl import URL

from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from gateway.model.texts import storable
from gateway.outgoing import metrics
from gateway.outgoing.egress import Endpoint, Guard, Network
from gateway.outgoing.registration import UrlVerdict, judge
from gateway.outgoing.resolver import GuardedResolver
from gateway.outgoing.sockets import guarded_sockets

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
#: For an answer that is read as it comes.
STREAM_SECONDS = 240.0
BODY_LIMIT = 1024 * 1024
CONNECTIONS = 100
CONNECTIONS_PER_HOST = 20
USER_AGENT = "postgate"


class BrokenOff(Exception):
    """An answer that ended before it was whole, or took too long. The text is for the log."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body is still to come.

    Attributes:
        response: all but the body.
        chunks: the body; raises ``BrokenOff``.
    """

    response: HttpResponse
    chunks: AsyncIterator[bytes]


class Calls:
    """Makes requests of ours and never raises: what went wrong is told by the response (see ``HttpResponse``).

    An ``async with`` opens and closes it. Plain http is for the networks that the operator allowed, and no others.

    Args:
        allowed: networks inside that may be called.
        connect_seconds: for the name and the connection together.
        total_seconds: for a whole request.
        endpoints: single ports of single addresses that may be called by plain http as well.
        per_host: how many requests may be under way to one host; others wait, as long as a connection may take.
    """

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        endpoints: Collection[Endpoint] = (),
        per_host: int = CONNECTIONS_PER_HOST,
    ) -> None:
        self._guards = {"https": Guard(allowed), "http": Guard(allowed, public=False, endpoints=endpoints)}
        self._timeout = ClientTimeout(total=total_seconds, connect=connect_seconds, sock_connect=connect_seconds)
        self._per_host = per_host
        self._stream_timeout = ClientTimeout(
            total=STREAM_SECONDS, connect=connect_seconds, sock_connect=connect_seconds, sock_read=total_seconds
        )
        self._sessions: dict[str, ClientSession] = {}
        self._tenants_http = Guard(allowed, public=False)
        self._names = GuardedResolver(self._guards["https"])
        self._resolvers = [self._names]

    async def __aenter__(self) -> "Calls":
        for scheme, guard in self._guards.items():
            resolver = GuardedResolver(guard)
            self._resolvers.append(resolver)
            self._sessions[scheme] = _session(guard, resolver, self._timeout, self._per_host)
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in self._sessions.values():
            await session.close()
        for resolver in self._resolvers:
            await resolver.close()

    async def check_url(self, url: str) -> UrlVerdict:
        """Tell whether a tenant's URL may be registered and called, as its name is known now; calls nobody."""
        return await judge(url, self._guards["https"], self._tenants_http, self._names.addresses)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator["Streamed"]:
        """Make a request and read its answer as it comes, however long it is. Redirects are not followed.

        Args:
            request: its URL is used as it stands: it may be signed.
        """
        scheme, _, rest = request.url.partition("://")
        session = self._sessions.get(scheme.lower())
        if session is None or not rest:
            yield Streamed(_nothing(request, "unsent", f"{scheme[:20]!r} is not called", sent=False), _no_chunks())
            return
        try:
            answer = await session.request(
                request.method,
                URL(request.url, encoded=True),
                headers={"user-agent": USER_AGENT, **request.headers.as_dict(), "accept-encoding": "identity"},
                data=request.body or None,
                allow_redirects=False,
                timeout=self._stream_timeout,
            )
        except (ClientConnectorError, ConnectionTimeoutError, InvalidURL, ValueError, TypeError) as error:
            yield Streamed(_nothing(request, "unsent", _words(error), sent=False), _no_chunks())
            return
        except (ClientError, TimeoutError, OSError) as error:
            yield Streamed(_nothing(request, "unanswered", _words(error), sent=True), _no_chunks())
            return
        metrics.CALLS.labels(str(answer.status)[0] + "xx").inc()
        try:
            response = HttpResponse(answer.status, b"", Headers(answer.headers.items()), request=request)
            yield Streamed(response, _chunks(answer))
        finally:
            answer.close()  # what was not read is not wanted

    async def send(self, request: HttpRequest, *, limit: int = BODY_LIMIT) -> HttpResponse:
        """Make a request. Redirects are not followed.

        Args:
            request: its URL is used as it stands: it may be signed.
            limit: the most bytes that are read of an answer; a longer one counts as none.
        """
        scheme, _, rest = request.url.partition("://")
        session = self._sessions.get(scheme.lower())
        if session is None or not rest:
            return _nothing(request, "unsent", f"{scheme[:20]!r} is not called", sent=False)
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=True),
                headers={"user-agent": USER_AGENT, **request.headers.as_dict(), "accept-encoding": "identity"},
                data=request.body or None,
                allow_redirects=False,
            ) as answer:
                body = await _bounded(answer, limit)
                if body is None:
                    return _nothing(request, "too_large", f"the answer has more than {limit} bytes", sent=True)
                metrics.CALLS.labels(str(answer.status)[0] + "xx").inc()
                return HttpResponse(answer.status, body, Headers(answer.headers.items()), request=request)
        except (ClientConnectorError, ConnectionTimeoutError, InvalidURL, ValueError, TypeError) as error:
            return _nothing(request, "unsent", _words(error), sent=False)
        except (ClientError, TimeoutError, OSError) as error:
            return _nothing(request, "unanswered", _words(error), sent=True)


def _session(guard: Guard, resolver: GuardedResolver, timeout: ClientTimeout, per_host: int) -> ClientSession:
    connector = TCPConnector(
        resolver=resolver,
        socket_factory=guarded_sockets(guard),
        use_dns_cache=False,
        limit=max(CONNECTIONS, per_host),
        limit_per_host=per_host,
    )
    return ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
    )


async def _chunks(answer: ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.content.iter_any():
            yield chunk
    except (ClientError, TimeoutError, OSError) as error:
        raise BrokenOff(_words(error)) from error


async def _no_chunks() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for chunk in nothing:
        yield chunk


async def _bounded(answer: ClientResponse, limit: int) -> bytes | None:
    if answer.content_length is not None and answer.content_length > limit:
        answer.close()
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if size > limit:
            answer.close()
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _nothing(request: HttpRequest, outcome: str, failure: str, *, sent: bool) -> HttpResponse:
    host = request.url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2]
    log.warning(
        "outgoing.no_answer",
        method=request.method,
        host=storable(host, 253),
        outcome=outcome,
        failure=storable(failure, 300),
    )
    metrics.CALLS.labels(outcome).inc()
    return HttpResponse(NO_ANSWER, failure=failure, sent=sent)


def _words(error: BaseException) -> str:
    """Say what went wrong without what was sent: some errors of the client repeat a header or the URL."""
    if isinstance(error, ClientConnectorError):
        return str(error.os_error) or type(error.os_error).__name__
    if isinstance(error, TimeoutError):
        return "no answer in time" if not isinstance(error, ConnectionTimeoutError) else "no connection in time"
    return type(error).__name__
