"""What a provider's module has to offer: four pure functions, facts about the provider, and what else it can do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from channels.description import Capabilities, Setup
from channels.errors import SignatureInvalid
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse
from channels.operations import Operations
from channels.outbound import OutboundMessage, SendResult

#: What a provider is answered that would take anything else for final.
TRY_AGAIN = 503


class Credentials(BaseModel):
    """What a tenant enters to connect a provider; a provider's module subclasses this.

    Secrets are ``SecretStr`` fields. Unknown names are refused, so that a misspelt one is noticed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class Settings(BaseModel):
    """How a connection is to be used: nothing secret. A provider's module subclasses it where it has more to set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str | None = Field(
        default=None,
        pattern="^[A-Z]{2}$",
        title="Country",
        description="ISO 3166 code of the country whose numbers are written without a country code.",
    )


class HttpSettings(Settings):
    """The same, for providers whose own API is called."""

    base_url: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^https?://[^\s/?#@\\]+(/[^\s?#\\]*)?$",
        title="Base URL",
        description="Where the provider's API is called instead of at its own address: a proxy, a simulator.",
    )


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
        sign: ``(request, credentials, now)``, the request as the provider would sign it, so that ``verify`` accepts
            it: for probes and samples. None where only the provider can (it signs with a private key).
        parse: ``(request, context)``, the events of a verified request, each with its own
            address, doubles within the post removed; raises ``PayloadMalformed`` and nothing else.
            ``context`` holds the connection's settings by name, any of which may be missing, and what was fetched.
        build: ``(message, credentials)``, the request that sends a message; raises ``CannotSend``
            and nothing else.
        read: what the provider's answer to that request means; never raises. Where nothing was answered,
            ``channels.refusals.unanswered`` says what that means, for all providers alike.
        handshake: the answer to a provider's GET, None when it is not a valid one.
        divide: splits a post that several accounts share into ``(address, body)`` parts, each
            holding only that address' changes; None when posts are never shared.
        setup: how a person connects it.
        capabilities: what can be done with it.
        settings: the model of its settings.
        operations: what else can be asked of it.
        nonce: ``(request)``, what stands in a verified request for one use only, where the proof does not cover the
            content. If the connection has stored another request with it, this one is answered in the same way and
            kept as nothing. None when the request has no such thing; never raises.
        nonce_kept: how long a nonce is remembered: longer than ``verify`` takes its proof for fresh. A proof that
            holds no time works again afterwards.
        told_by_reference: True when statuses name a message by our own reference instead of the id in the answer.
        kept_headers: header fields beside Content-Type that ``parse`` reads: they are stored with the body.
        refused_status: how a request that is not genuine is answered; see ``status_of``.
        crowded_status: how a webhook is answered whose tenant has too many waiting: 429 where the provider is known to
            come back after that, otherwise 503.
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
    setup: Setup
    capabilities: Capabilities
    settings: type[Settings] = HttpSettings
    sign: Callable[[HttpRequest, Any, datetime], HttpRequest] | None = None
    operations: Operations = field(default_factory=Operations)
    handshake: Callable[[HttpRequest, Any], HttpResponse | None] = no_handshake
    divide: Callable[[HttpRequest], Sequence[tuple[str | None, bytes]]] | None = None
    nonce: Callable[[HttpRequest], str | None] | None = None
    nonce_kept: timedelta = timedelta(days=400)
    told_by_reference: bool = False
    kept_headers: tuple[str, ...] = ()
    refused_status: int = 401
    crowded_status: int = TRY_AGAIN
    max_body: int = 4 * 1024 * 1024
    posted: bool = True
    deferred: bool = False
    acknowledgement: HttpResponse = field(default_factory=lambda: HttpResponse(200))

    def status_of(self, refusal: SignatureInvalid) -> int:
        """Return the status that answers a request which ``verify`` refused."""
        return TRY_AGAIN if refusal.try_again else self.refused_status
