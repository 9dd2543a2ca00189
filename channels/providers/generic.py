"""Any system as a channel: signed JSON in, signed JSON out.

https://www.standardwebhooks.com/

Both ways are proven by Standard Webhooks with one secret. ``channels.generic.posts`` has the shape of what comes in,
which is our own; what goes out can be given any shape by the setting ``body_template``.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from channels import standard_webhooks
from channels.adapter import Adapter, Credentials, Settings
from channels.description import Capabilities, Setup
from channels.errors import CannotSend
from channels.events import ChannelEvent
from channels.generic.body_templates import places_of
from channels.generic.posts import PROVIDER, country_in, read_post
from channels.generic.sending import LONGEST_TEXT, PLACES, build_message, read_answer
from channels.http import HttpRequest, HttpResponse
from channels.outbound import OutboundMessage, SendResult
from channels.signatures import live
from channels.standard_webhooks import SigningSecret

#: Hosts that may be called without encryption: the connection never leaves the machine.
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def _callable_url(url: str) -> str:
    parts = urlsplit(url)
    if not (url.isascii() and url.isprintable() and " " not in url and parts.hostname):
        raise ValueError("the URL has no host, or characters that have to be escaped")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
        raise ValueError("the URL has to begin with https://, or lead to this machine")
    if parts.username is not None or parts.fragment:
        raise ValueError("the URL must hold neither a login nor a fragment")
    return url


def _known_places(template: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = places_of(template) - PLACES
    if unknown:
        raise ValueError(f"unknown places: {', '.join(sorted(unknown))}; there are {', '.join(sorted(PLACES))}")
    return template


class GenericCredentials(Credentials):
    """What a tenant enters to connect a system of their own."""

    secret: SigningSecret = Field(
        title="Signing secret", description="whsec_ and base64 of 24 random bytes or more; signs both ways."
    )
    previous_secret: tuple[SigningSecret, ...] = Field(
        default=(), title="Previous secrets", description="Still accepted while the secret is being changed."
    )
    url: Annotated[str, AfterValidator(_callable_url)] | None = Field(
        default=None, title="URL", description="Where messages are handed over; needed to send. https, or localhost."
    )


class GenericSettings(Settings):
    """How a system of the tenant's own is spoken to."""

    body_template: Annotated[dict[str, Any], AfterValidator(_known_places)] | None = Field(
        default=None,
        title="Body template",
        description="The shape of messages to be sent, with places such as {{text}} in strings; empty for the default.",
    )


def verify(request: HttpRequest, credentials: GenericCredentials, now: datetime) -> None:
    """Check that one of the signatures is right, and that it was made at most five minutes from now.

    Raises:
        SignatureInvalid: when either is not so.
    """
    secrets = live(credentials.secret, credentials.previous_secret)
    standard_webhooks.verify(request.headers, request.body, secrets, now)


def sign(request: HttpRequest, credentials: GenericCredentials, now: datetime) -> HttpRequest:
    """Return the request with a signature as the other system makes it."""
    message_id = "msg_" + hashlib.sha256(request.body).hexdigest()[:24]
    fields = standard_webhooks.sign(message_id, now, request.body, live(credentials.secret))
    return replace(request, headers=request.headers.with_fields(fields))


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read one event, or a list of them.

    Raises:
        PayloadMalformed: when it is neither.
    """
    return read_post(request.body, country_in(context))


def build(message: OutboundMessage, credentials: GenericCredentials) -> HttpRequest:
    """Make the signed request that hands a message over.

    Raises:
        CannotSend: when there is no such message, no time to sign it with, or no URL to call.
    """
    if credentials.url is None:
        raise CannotSend("credentials_incomplete", "this connection has no url, so that it can't send")
    return build_message(message, credentials.url, live(credentials.secret)[0])


def read(response: HttpResponse) -> SendResult:
    """Tell what the other system's answer means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=GenericCredentials,
    settings=GenericSettings,
    verify=verify,
    sign=sign,
    crowded_status=429,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Generic (signed HTTP)",
        summary="Any system that can sign and take JSON: a modem, a gateway of your own, a provider without a module.",
        documentation="https://www.standardwebhooks.com/",
        steps=(
            "Make a secret, `whsec_` and the base64 of 24 random bytes (`openssl rand -base64 24`), and enter it as "
            "`secret` here and in your system.",
            "Let your system POST each message that comes in to `{hook_url}`, as JSON: "
            '`{"type": "message", "id": "m1", "channel": "sms", "from": "+12025550142", "to": "+13125550188", '
            '"text": "hi", "timestamp": "2026-01-01T00:00:00Z"}`, or several as `{"events": […]}`.',
            "Let it sign each POST by Standard Webhooks: `webhook-id`, `webhook-timestamp` (epoch seconds), and "
            "`webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over id, time-stamp and body with dots between.",
            "Enter as `url` where your system takes messages to be sent. They are signed in the same way; answer 2xx, "
            'and with `{"id": "…"}` if it has an id of its own for the message.',
            'Let it report what became of them: `{"type": "status", "message_id": "…", "status": "delivered"}` with '
            "queued, sent, delivered, read, failed or canceled.",
            "Add each number or name of yours, as it stands in `to`, as a channel of this connection.",
        ),
        address="Our number in international form, such as +12025550110, or the name, as it stands in `to`",
        notes=(
            "Numbers without a country code are read as the connection's country writes them.",
            "The setting `body_template` gives outgoing messages another shape.",
            "An answer of 429 or 503 is tried again; after any other 5xx the message may have been sent, and is not.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms", "whatsapp"),
        longest_text={"sms": LONGEST_TEXT, "mms": LONGEST_TEXT, "whatsapp": LONGEST_TEXT},
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=10,
        quotes=True,
        read_receipts=True,
    ),
    max_body=1024 * 1024,
)
