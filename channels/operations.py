"""What can be asked of a provider beside sending a message. No socket is touched here."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from channels.errors import CannotSend
from channels.events import Media
from channels.http import HttpRequest, HttpResponse
from channels.outbound import Refused

Result = TypeVar("Result")

#: A dialogue with a provider without touching a socket: it yields requests, is sent the responses, and returns what
#: came of it. Whoever drives it makes each request and sends in what was answered.
Dialogue = Generator[HttpRequest, HttpResponse, Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Tell a customer that the message ``message_ref`` to our address ``sender`` was read, and who is typing now."""

    sender: str
    message_ref: str
    typing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateListed:
    """A template as the provider lists it. ``status`` and ``category`` are the provider's words in lower case."""

    name: str
    language: str
    status: str
    category: str | None
    body: str | None
    components: Sequence[Mapping[str, Any]]
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class LoginTerm:
    """Until when the credentials that send are good; ``expires_at`` is None when they have no end."""

    valid: bool
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """What else can be asked of a provider; None where it has no such thing. None of them ever raises.

    Attributes:
        prepare: ``(request, credentials)``, before ``verify``: fetch what it takes to judge a request (a signing
            certificate), and return the credentials with it. ``Refused`` is our trouble: the request is answered 503.
            Nothing is proven yet: drive it under a short time limit and without redirects, and keep the answer to a
            URL for a day, one fetch of it at a time.
        confirm: ``(request, credentials)``, after a verified request was stored: what the provider waits for (a
            subscription's confirmation).
        complete: ``(request, credentials, now)``, before ``parse``: fetch what a webhook only points at (a mail's
            content). The parts go to ``parse`` in its context, as ``context["fetched"]``; the whole mail as sent is
            called ``raw``. Empty when there is nothing to fetch. ``now`` is the true time, for requests that are
            signed with it. After a ``Refused`` that is not retryable the webhook is parsed with what it holds itself.
        mark_read: ``(receipt, credentials)``.
        download: ``(media, credentials, now)``, for a file that a message only points at: the request that fetches its
            bytes, once what has to be asked was asked. Its answer is streamed; a redirect is followed without the
            login. None where the link alone leads to the file.
        download_kept: how long the provider keeps a file after its message.
        upload: ``(media, sender, credentials)``, the provider's id of a file whose bytes are given.
        templates: ``(account, credentials)``, all templates of an account there.
        login_term: ``(credentials)``, until when they are good.
        renewed_by: which of the credentials that is about.
    """

    prepare: Callable[[HttpRequest, Any], Dialogue[Any]] | None = None
    confirm: Callable[[HttpRequest, Any], Dialogue[Refused | None]] | None = None
    complete: Callable[[HttpRequest, Any, datetime], Dialogue[Mapping[str, bytes] | Refused]] | None = None
    mark_read: Callable[[Receipt, Any], Dialogue[Refused | None]] | None = None
    download: Callable[[Media, Any, datetime], Dialogue[HttpRequest | Refused]] | None = None
    download_kept: timedelta = timedelta(days=7)
    upload: Callable[[Media, str, Any], Dialogue[str | Refused]] | None = None
    templates: Callable[[str, Any], Dialogue[Sequence[TemplateListed] | Refused]] | None = None
    login_term: Callable[[Any], Dialogue[LoginTerm | Refused]] | None = None
    renewed_by: str | None = None


def refusing(begin: Callable[[], Dialogue[Result]]) -> Dialogue[Result | Refused]:
    """Hold a dialogue in which what can't even be asked (``CannotSend``) is a refusal, too: operations never raise."""
    try:
        return (yield from begin())
    except CannotSend as error:
        return Refused(error.code, error.detail, retryable=False)
