"""Requests that never reach a handler: those that are not HTTP as aiohttp reads it, and those of the last moment.

The former are answered in our words: aiohttp's own answer and log line quote what could not be read, and that may be a
header with a secret. The latter come over connections that were made while the server began to stop. aiohttp reads
nothing from them any more, and yet waits for them as long as for requests that are under way.
"""

import asyncio
import resource
from typing import Any

import structlog
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from gateway.answering import in_our_words
from gateway.problems import Malformed, answer_to
from gateway.response_headers import STATIC

log = structlog.get_logger(__name__)

#: A connection over which no whole head of a request has come for so long is closed. Load balancers keep theirs for
#: 60 s, and must be the first to hang up.
IDLE_SECONDS = 75.0
#: Open files that are left for the database, calls and files when connections take all others.
RESERVED_FILES = 256
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

#: Nothing else adds the headers here. Without a name of ours aiohttp tells its own, with all versions.
GUARDED = {**STATIC, "Content-Security-Policy": "default-src 'none'; sandbox", "Server": "postgate"}
UNREADABLE = "this could not be read as an HTTP request (RFC 9112)"


class _Handler(RequestHandler):
    """One connection."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or end at once if the server stops already."""
        super().connection_made(transport)
        if isinstance(self._manager, _Server) and self._manager.stopping:
            self.close()
        elif isinstance(self._manager, _Server) and len(self._manager.connections) > self._manager.most:
            if self.transport is not None:
                self.transport.write(BUSY)
            self.force_close()

    async def start(self) -> None:
        """Serve; or hang up, if all was told to close before this could begin."""
        if self._close and not self._messages:
            self.force_close()
            return
        await super().start()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a problem, without a word of what was sent, and close the connection."""
        del message
        if isinstance(exc, (HttpProcessingError, ConnectionError, asyncio.CancelledError)):
            log.info("http.unreadable", status=status, error=type(exc).__name__)
        else:
            log.error("http.failed", status=status, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        answer = answer_to(Malformed(UNREADABLE)) if status < 500 else answer_to(RuntimeError())
        for name, value in GUARDED.items():
            answer.headers[name] = value
        answer.force_close()
        return answer

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Answer. What nobody has read of a compressed body is not read to its end, as that of others is.

        It may be a thousand times as long as what was sent, and everybody would wait while it is unpacked.
        """
        if hdrs.CONTENT_ENCODING in request.headers:
            self._lingering_time = 0.0
        if isinstance(resp, web.HTTPException) and resp.status >= 400:  # refused before any handler was asked
            resp = in_our_words(resp)
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log what went wrong outside of any handler; a body that nobody could read is the sender's trouble."""
        error = kw.get("exc_info")
        if isinstance(error, (HttpProcessingError, RequestPayloadError)):
            log.info("http.unreadable", error=type(error).__name__)
        else:
            super().log_exception(*args, **kw)


class _Server(web.Server):
    """Makes a handler for each connection.

    Attributes:
        stopping: whether new connections are closed at once.
        most: connections at the same time; further ones are answered 503 before anything is read.
    """

    stopping = False
    most = 0

    def pre_shutdown(self) -> None:
        """Close the connections that wait for a request, and those that are still to come."""
        self.stopping = True
        super().pre_shutdown()

    def __call__(self) -> RequestHandler:
        handler = super().__call__()
        handler.__class__ = _Handler  # aiohttp offers no other way to name one's own
        return handler


class Runner(web.AppRunner):
    """Runs an application whose unreadable requests are answered like any other that is refused."""

    def __init__(self, app: web.Application, **settings: Any) -> None:
        super().__init__(app, keepalive_timeout=IDLE_SECONDS, **settings)

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        server.most = max(files - RESERVED_FILES, files // 2)  # type: ignore[attr-defined]  # its class is known above
        return server
