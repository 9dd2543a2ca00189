"""What a provider's module has to offer: four pure functions and a few facts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from channels.events import ChannelEvent, Media
from channels.http import HttpRequest, HttpResponse


class Credentials(BaseModel):
    """What a tenant enters to connect a provider; a provider's module subclasses this.

    Secrets are ``SecretStr`` fields. Unknown names are refused, so that a misspelt one is noticed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message to be sent. ``sender`` is our address there, ``reference`` our own message id.

    ``in_reply_to`` is the provider's id of the quoted message. ``subject``, ``references``
    (Message-IDs, oldest first) and ``headers`` are for mail only. ``channel`` (whatsapp, sms, mms,
    email) matters where one provider has several. ``callback_url`` is where the provider shall
    tell what became of the message, for those that take a URL with each one.
    """

    reference: str
    kind: str
    sender: str
    recipient: str
    text: str | None = None
    media: Sequence[Media] = ()
    in_reply_to: str | None = None
    subject: str | None = None
    references: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    channel: str | None = None
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; ``external_id`` is its id for it."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider did not take the message.

    ``reason`` is a sentence that an agent understands, ``retry_after`` is in seconds. ``unknown``
    is True when the message may have been sent all the same: never resend such a one blindly.
    """

    code: str
    reason: str
    retryable: bool
    retry_after: float | None = None
    unknown: bool = False


SendResult = Accepted | Refused


def no_handshake(_request: HttpRequest, _credentials: Any) -> HttpResponse | None:
    """Answer for providers that never ask the URL to prove itself."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A provider, as the gateway sees it.

    Attributes:
        provider: the name used in the database, the API and on the command line.
        credentials: the model of its credentials.
        verify: ``(request, credentials, now)``; raises ``SignatureInvalid`` and nothing else.
        parse: ``(request, context)``, the events of a verified request, each with its own
            address, doubles within the post removed; raises ``PayloadMalformed`` and nothing else.
            ``context`` holds settings that mail parsing may use and is empty otherwise.
        build: ``(message, credentials)``, the request that sends a message; raises ``CannotSend``
            and nothing else.
        read: what the provider's answer to that request means; never raises.
        handshake: the answer to a provider's GET, None when it is not a valid one.
        divide: splits a post that several accounts share into ``(address, body)`` parts, each
            holding only that address' changes; None when posts are never shared.
        max_body: the largest body in bytes.
        posted: True when it comes as HTTP posts, which a hook URL takes; mail over SMTP does not.
        deferred: True when parsing is slow and has to happen after the acknowledgement (mail).
        acknowledgement: the answer to a stored webhook.
    """

    provider: str
    credentials: type[Credentials]
    verify: Callable[[HttpRequest, Any, datetime], None]
    parse: Callable[[HttpRequest, Mapping[str, Any]], Sequence[ChannelEvent]]
    build: Callable[[OutboundMessage, Any], HttpRequest]
    read: Callable[[HttpResponse], SendResult]
    handshake: Callable[[HttpRequest, Any], HttpResponse | None] = no_handshake
    divide: Callable[[HttpRequest], Sequence[tuple[str | None, bytes]]] | None = None
    max_body: int = 4 * 1024 * 1024
    posted: bool = True
    deferred: bool = False
    acknowledgement: HttpResponse = field(default_factory=lambda: HttpResponse(200))
