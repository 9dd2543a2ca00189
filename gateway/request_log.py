"""One wide log line and one measurement per request; an id that ties the answer to the line.

Webhooks pass by untouched: they are the hot path, and ingest counts them itself. No line holds a body, a header or
a query string.
"""

import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from prometheus_client import Histogram

from gateway.answering import route_of
from gateway.openapi.api import CALLER

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
REQUEST_ID = web.RequestKey("request_id", str)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def request_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log a request once it is answered. The outermost middleware."""
    if request.raw_path.startswith(HOOKS):
        return await handler(request)
    request[REQUEST_ID] = secrets.token_hex(8)
    started = time.perf_counter()
    status = 499  # nginx's word for a client that hung up before the answer
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


def _note(request: web.Request, status: int, size: int, seconds: float) -> None:
    route = route_of(request)
    caller = request.get(CALLER)
    method = request.method if request.method in {"GET", "HEAD", "POST"} else "other"
    if status not in {101, 499}:
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


def _size(response: web.StreamResponse) -> int:
    """Return a body's size: of a whole answer, or of what a stream has sent."""
    if isinstance(response, web.Response):
        return response.content_length or 0
    return response.body_length
