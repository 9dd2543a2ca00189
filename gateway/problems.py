"""What goes wrong with a request, and the one table that says how each of these is answered (RFC 9457).

Whoever refuses a request raises one of the exceptions below; a handler contains no ``try``. What is not in
the table is a bug of ours: a 500, logged once with its trace, which never leaves the server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web

from channels.errors import SignatureInvalid
from gateway.files.errors import ContentMissing, LinkInvalid, StorageUnavailable
from gateway.keys import KeyShredded, KeysUnavailable, KeyUnusable
from gateway.store.pool import DatabaseBusy, DatabaseUnavailable
from gateway.store.search import SearchTooSlow

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request.

    Attributes:
        place: ``body`` or ``query``.
        pointer: a JSON pointer (RFC 6901) into that place.
        detail: a sentence for people.
    """

    place: str
    pointer: str
    detail: str


class Refusal(Exception):
    """The root of all refusals that a request has deserved, or must be told to wait for.

    Args:
        detail: a sentence for people; never holds a secret.
        faults: what is wrong where.
        retry_after: seconds to wait; None takes the table's.
    """

    def __init__(self, detail: str, faults: Sequence[Fault] = (), retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)
        self.retry_after = retry_after


class Malformed(Refusal):
    """A request whose bytes can't be read: no JSON, no UTF-8, a broken body."""


class CursorInvalid(Refusal):
    """A cursor that this list did not give out."""


class Invalid(Refusal):
    """A request that can be read, but whose values are not acceptable."""


class Unauthenticated(Refusal):
    """No caller: nothing that identifies one was sent, or it is no longer good."""


class LoginFailed(Refusal):
    """An e-mail address and a password that do not belong together."""


class SecondFactorRequired(Refusal):
    """A right password, or a sign-in elsewhere, that has to be followed by a code."""


class CodeWrong(Refusal):
    """A code of a second factor that is wrong, or was used before."""


class OriginMismatch(Refusal):
    """A browser's request that another site's page may have sent."""


class Forbidden(Refusal):
    """A known caller who may not do this."""


class NotFound(Refusal):
    """Nothing there, or nothing that this caller may know of."""


class PictureUnavailable(Refusal):
    """A picture from elsewhere, which a mail shows, can't be had."""


class MethodNotAllowed(Refusal):
    """A path that exists, but not for this method."""


class Taken(Refusal):
    """Something that may be there once, and belongs to another one already; the detail names it.

    Attributes:
        owner: the customer whom the detail names; for the audit.
    """

    def __init__(self, detail: str, owner: UUID | None = None) -> None:
        super().__init__(detail)
        self.owner = owner


class WrongState(Refusal):
    """Something that can't be done to a thing as it is now; the detail says why."""


class WindowClosed(Refusal):
    """A message that only a template could be by now: the customer wrote too long ago."""


class OptedOut(Refusal):
    """A message to somebody who does not want any."""


class CustomerBlocked(Refusal):
    """A message to a customer who is blocked."""


class ConnectionDisabled(Refusal):
    """A message over a connection that is switched off, or gone."""


class KeyReused(Refusal):
    """An Idempotency-Key that came with another request before."""


class ChangedMeanwhile(Refusal):
    """A change to something that is no longer as its caller saw it."""


class Resync(Refusal):
    """A position in the log that is no longer, or never was, in it: take a fresh snapshot."""


class TooLarge(Refusal):
    """A body beyond the limit of its route."""


class UnsupportedMediaType(Refusal):
    """A body that is not of the type that this route takes."""


class TooManyRequests(Refusal):
    """A caller who tries too often."""


class Overloaded(Refusal):
    """More work waits than may wait; the sender should come back in a moment."""


class ShareUsed(Overloaded):
    """More work of this tenant waits than one tenant may have waiting; others are served."""


class ProviderUnreachable(Refusal):
    """A webhook's provider has to be asked something first, and does not answer at the moment."""


class ProviderRefused(Refusal):
    """A provider that does not do what it was asked for on a caller's behalf."""


class PageNotBuilt(Refusal):
    """The browser's page was asked for, and its files are not there."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How an exception is answered.

    Attributes:
        status: the HTTP status.
        code: a stable word for machines; the problem's type is ``/docs/problems#code``.
        title: the same for every occurrence.
        advice: what a client should do; for the documentation.
        detail: told instead of the exception's own words.
        retry_after: seconds.
        headers: sent with it.
    """

    status: int
    code: str
    title: str
    advice: str
    detail: str | None = None
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


# RFC 9110 section 15.5.2: a 401 says how to authenticate. Browsers show no prompt for Bearer.
_BEARER = {"WWW-Authenticate": 'Bearer realm="postgate"'}

TABLE: Mapping[type[Exception], Kind] = {
    Malformed: Kind(
        400, "malformed", "The request can't be read", "Send what the API description says, as UTF-8 JSON."
    ),
    CursorInvalid: Kind(
        400, "cursor_invalid", "The cursor is not one of this list",
        "Pass a next_cursor unchanged, with the same filters it came with; or start without a cursor.",
    ),
    web.RequestPayloadError: Kind(
        400, "malformed", "The request can't be read", "Send what the API description says, as UTF-8 JSON.",
        detail="the body is broken off or wrongly encoded",
    ),
    Unauthenticated: Kind(
        401, "unauthenticated", "Not logged in", "Log in, or send an API key as a bearer token.",
        headers=_BEARER,
    ),
    LoginFailed: Kind(
        401, "login_failed", "The e-mail address or the password is wrong", "Try again with other values.",
        headers=_BEARER,
    ),
    SecondFactorRequired: Kind(
        401, "second_factor_required", "A code is needed too",
        "Send the code to /api/v1/login/second-factor within ten minutes, with the cookie of this answer.",
        headers=_BEARER,
    ),
    CodeWrong: Kind(
        401, "code_wrong", "The code is wrong", "Wait for the next code, or use a recovery code.", headers=_BEARER
    ),
    SignatureInvalid: Kind(
        401, "signature_invalid", "The webhook's signature is not right",
        "Check the credentials and the URL that the provider knows; `postgate inspect` shows why.",
        detail="this webhook can't be proven to come from its provider, just now",
    ),
    OriginMismatch: Kind(
        403, "origin_mismatch", "The request came from another site",
        "Call from the gateway's own page, or use an API key instead of the cookie.",
    ),
    Forbidden: Kind(403, "forbidden", "Not allowed", "Use an account or an API key with more rights."),
    NotFound: Kind(
        404, "not_found", "Not found", "Check the address; what other tenants own looks the same."
    ),
    PictureUnavailable: Kind(
        404, "picture_unavailable", "The picture can't be had",
        "Its server does not give it out; the mail is as it was.",
    ),
    LinkInvalid: Kind(
        404, "link_invalid", "The link is wrong or has ended", "Ask for a new one.",
    ),
    ContentMissing: Kind(
        404, "content_missing", "The file's bytes are gone", "Nothing brings them back; upload or fetch the file anew.",
    ),
    MethodNotAllowed: Kind(405, "method_not_allowed", "Not for this method", "Use a method named in Allow."),
    Taken: Kind(
        409, "taken", "It belongs to another one", "Use another value, or merge the two; the detail names the other."
    ),
    WrongState: Kind(
        409, "wrong_state", "Not possible as it is now", "Load it again; the detail says what is in the way."
    ),
    WindowClosed: Kind(
        409, "window_closed", "The window for free text is closed",
        "Send a template; free text can be sent again once the customer writes.",
    ),
    OptedOut: Kind(
        409, "opted_out", "The customer does not want this",
        "Don't write on this channel until the customer asks for it.",
    ),
    CustomerBlocked: Kind(409, "customer_blocked", "The customer is blocked", "Unblock the customer first."),
    ConnectionDisabled: Kind(
        409, "connection_disabled", "The connection is disabled", "Enable it, or write on another channel."
    ),
    Resync: Kind(
        410, "resync", "The log no longer reaches back that far",
        "Load a fresh snapshot and go on from the position it carries.",
    ),
    KeyShredded: Kind(
        410, "shredded", "It can't be read any more",
        "Nothing brings it back: the key that it was sealed with was destroyed on purpose.",
        detail="the tenant's data key was destroyed",
    ),
    ChangedMeanwhile: Kind(
        412, "changed_meanwhile", "It was changed meanwhile",
        "Load it again, and make the change to what it is now.",
    ),
    TooLarge: Kind(413, "too_large", "The body is too large", "Send less; the detail names the limit."),
    UnsupportedMediaType: Kind(
        415, "unsupported_media_type", "The body is of another type", "Send application/json."
    ),
    Invalid: Kind(
        422, "invalid", "Some values are not acceptable",
        "Each entry of errors names a value and what is wrong with it.",
    ),
    KeyReused: Kind(
        422, "idempotency_key_reused", "The key stands for another request",
        "Use a new Idempotency-Key for each message; repeat one only with the same body.",
    ),
    SearchTooSlow: Kind(
        422, "search_too_slow", "The search takes too long", "Search for rarer words, or narrow it by a filter.",
        detail="the search was given up after three seconds",
    ),
    ProviderRefused: Kind(
        424, "provider_refused", "The provider did not do it", "The detail names the provider's reason."
    ),
    TooManyRequests: Kind(
        429, "too_many_requests", "Too many requests", "Wait as long as Retry-After says.", retry_after=60
    ),
    ShareUsed: Kind(
        429, "share_used", "Too much of this tenant is waiting",
        "Send it again after Retry-After, more slowly; nothing was stored.", retry_after=2,
    ),
    Overloaded: Kind(
        503, "overloaded", "Too much is waiting", "Send it again after Retry-After; nothing was stored.",
        retry_after=2,
    ),
    DatabaseBusy: Kind(
        503, "database_busy", "Too many requests wait for the database",
        "Send it again after Retry-After; nothing was done.",
        detail="more requests wait for the database than may wait", retry_after=2,
    ),
    DatabaseUnavailable: Kind(
        503, "database_unavailable", "The database can't be reached",
        "Send it again after Retry-After; repeating is safe.",
        detail="the gateway can't reach its database at the moment", retry_after=5,
    ),
    StorageUnavailable: Kind(
        503, "storage_unavailable", "The storage of files does not work",
        "Send it again after Retry-After; whoever runs the gateway finds the reason in its log.", retry_after=10,
    ),
    KeysUnavailable: Kind(
        503, "keys_unavailable", "The key service does not answer",
        "Send it again after Retry-After; whoever runs the gateway finds the reason in its log.",
        detail="the service that unwraps keys can't be used at the moment", retry_after=5,
    ),
    KeyUnusable: Kind(
        503, "key_missing", "A key is not here",
        "Send it again after Retry-After; whoever runs the gateway finds in its log which key is missing.",
        detail="the key that this was sealed under can't be used at the moment", retry_after=30,
    ),
    ProviderUnreachable: Kind(
        503, "provider_unreachable", "The provider does not answer",
        "Send it again after Retry-After; repeating is safe.", retry_after=20,
    ),
    PageNotBuilt: Kind(503, "page_not_built", "The page is not built", "Build it as the detail says."),
}  # fmt: skip

INTERNAL = Kind(
    500, "internal", "A bug of ours", "Report it with the X-Request-Id of the answer.",
    detail="the gateway failed to handle this request; it was noted",
)  # fmt: skip


def kind_of(error: BaseException) -> Kind:
    """Return how an exception is answered; ``INTERNAL`` when it is not in the table."""
    return kind_of_type(type(error))


def kind_of_type(error: type[BaseException]) -> Kind:
    """Return how exceptions of a type are answered; ``INTERNAL`` when it is not in the table."""
    return next((TABLE[known] for known in error.__mro__ if known in TABLE), INTERNAL)


def problem_of(error: BaseException, status: int | None = None) -> dict[str, Any]:
    """Return the problem object (RFC 9457 section 3) of an exception; ``status`` instead of the table's."""
    kind = kind_of(error)
    problem: dict[str, Any] = {
        "type": f"/docs/problems#{kind.code}",
        "title": kind.title,
        "status": status or kind.status,
        "detail": kind.detail or (str(error) if isinstance(error, Refusal) else kind.title),
        "code": kind.code,
    }
    if isinstance(error, Refusal) and error.faults:
        problem["errors"] = [{"in": f.place, "pointer": f.pointer, "detail": f.detail} for f in error.faults]
    return problem


def answer_to(error: BaseException, status: int | None = None) -> web.Response:
    """Return the answer to a request that ended with an exception; ``status`` instead of the table's."""
    kind = kind_of(error)
    wait = (error.retry_after if isinstance(error, Refusal) else None) or kind.retry_after
    headers = {**kind.headers, "Cache-Control": "no-store"}
    if wait is not None:
        headers["Retry-After"] = str(wait)
    body = orjson.dumps(problem_of(error, status))
    return web.Response(status=status or kind.status, body=body, content_type=CONTENT_TYPE, headers=headers)
