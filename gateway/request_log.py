"""One wide log line and one measurement per request; an id that ties the answer to the line.

Webhooks are the hot path, and have a line of their own (``gateway.passage``). No line holds a body, a header or a
query string.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from aiohttp import web
from prometheus_client import Histogram

from gateway import passage, tracing
from gateway.answering import route_of
from gateway.audit.access import REQUEST_ID
from gateway.model.ids import new_id
from gateway.openapi.api import CALLER
from gateway.passage import PASSAGE, Passage

log = structlog.get_logger(__name__)

HOOKS = "/hooks/"
#: Asked every few seconds by machines; logged only when somebody debugs.
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
SECONDS = Histogram(
    "postgate_http_request_seconds",
    "Time to answer, without webhooks and open streams.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
#: nginx's word for a client that hung up before the answer.
GONE = 499

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def request_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log a request once it is answered. The outermost middleware."""
    if request.raw_path.startswith(HOOKS):
        return await _webhook(request, handler)
    request[REQUEST_ID] = secrets.token_hex(8)
    started = time.perf_counter()
    begun: list[UUID] | None = None if tracing.current is None else []
    tracing.STARTED.set(begun)
    status = GONE
    size = 0
    try:
        response = await handler(request)
        status, size = response.status, _size(response)
    except web.HTTPException as answer:  # a redirection
        status = answer.status
        raise
    else:
        return response
    finally:
        _note(request, status, size, time.perf_counter() - started)
        if begun is not None:
            _trace(request, status, time.perf_counter() - started, begun)


async def _webhook(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have a webhook answered; one that is not taken is told an id by which its line is found."""
    way = Passage()
    PASSAGE.set(way)
    status = GONE
    try:
        response = await handler(request)
        status = response.status
        if status >= 400:
            request[REQUEST_ID] = response.headers["X-Request-Id"] = secrets.token_hex(8)
        return response
    finally:
        passage.ended(way, status, request.get(REQUEST_ID))


def _note(request: web.Request, status: int, size: int, seconds: float) -> None:
    route = route_of(request)
    caller = request.get(CALLER)
    method = request.method if request.method in {"GET", "HEAD", "POST"} else "other"
    if status not in {101, GONE}:
        SECONDS.labels(method, route, str(status)).observe(seconds)
    log.log(
        10 if route in QUIET else 20,
        "request",
        request_id=request[REQUEST_ID],
        method=request.method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 2),
        bytes=size,
        tenant=None if caller is None else str(caller.tenant_id),
        user=None if caller is None or caller.user_id is None else str(caller.user_id),
    )


def _trace(request: web.Request, status: int, seconds: float, begun: list[UUID]) -> None:
    tracer, route = tracing.current, route_of(request)
    if tracer is None or route in QUIET or status == 101:  # a websocket lasts for hours
        return
    ended = time.time_ns()
    caller = request.get(CALLER)
    tracer.origin(
        f"{request.method} {route}",
        new_id(ended // 1_000_000),
        ended - int(seconds * 1e9),
        ended,
        {
            "http.request.method": request.method,
            "http.route": route,
            "http.response.status_code": status,
            "postgate.request": request[REQUEST_ID],
            "postgate.tenant": None if caller is None else str(caller.tenant_id),
        },
        starts=begun,
        error="failed" if status >= 500 else None,
    )


def _size(response: web.StreamResponse) -> int:
    """Return a body's size: of a whole answer, or of what a stream has sent."""
    if isinstance(response, web.Response):
        return response.content_length or 0
    return response.body_length
