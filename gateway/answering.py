"""The middleware that answers whatever a handler raises, by the table of problems."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from gateway.keys import KeyShredded, KeyUnusable
from gateway.problems import (
    INTERNAL,
    Forbidden,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    Refusal,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
    answer_to,
    kind_of,
)

log = structlog.get_logger(__name__)

#: Set in a request once its answer has begun: from then on no problem can be sent any more.
BEGUN = web.RequestKey("begun", bool)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: aiohttp's own refusals, in our words.
BY_STATUS: Mapping[int, tuple[type[Exception], str]] = {
    401: (Unauthenticated, "this needs a login or an API key"),
    403: (Forbidden, "this is not allowed"),
    404: (NotFound, "there is nothing at this address"),
    405: (MethodNotAllowed, "this address exists, but not for this method"),
    413: (TooLarge, "the body is larger than this address takes"),
    415: (UnsupportedMediaType, "this address takes another type of body"),
    503: (Overloaded, "the gateway is busy"),
}


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a handler raises. Only the log's middleware is further out."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:  # a redirection
            raise
        return in_our_words(error)
    except ConnectionResetError:  # the client hung up: there is nobody to answer
        raise
    except Exception as error:  # the one place where every failure of a handler ends
        if kind_of(error) is INTERNAL:
            log.exception("request_failed", method=request.method, route=route_of(request))
        elif isinstance(error, KeyUnusable) and not isinstance(error, KeyShredded):
            log.warning("key_unusable", method=request.method, route=route_of(request), reason=str(error))
        if request.get(BEGUN):  # headers are sent already: break off, so that the client sees it is incomplete
            raise ConnectionResetError("the answer broke off") from error
        return answer_to(error)


def route_of(request: web.Request) -> str:
    """Return the pattern of a request's route (``/api/v1/messages/{id}/html``), or ``-``."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "-"


def in_our_words(error: web.HTTPException) -> web.Response:
    """Return the problem that stands for one of aiohttp's own refusals, with its status."""
    known, detail = BY_STATUS.get(error.status, (None, ""))
    if known is not None and issubclass(known, Refusal):
        answer = answer_to(known(detail))
    elif error.status < 500:
        answer = answer_to(Malformed(error.reason), error.status)
    else:
        answer = answer_to(error)
    if "Allow" in error.headers:
        answer.headers["Allow"] = error.headers["Allow"]
    return answer
