"""Mail through Mailgun.

https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks

Every post carries a time-stamp, a token and an HMAC of both, which does not cover the body: see
``channels.mailgun.signing`` for what stands against a post that is copied onto another body.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.downloads import by_link
from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import ChannelEvent, Media
from channels.http import HttpRequest, HttpResponse, basic_authorization
from channels.mail.connection import HttpMailSettings
from channels.mailgun.inbound import inbound
from channels.mailgun.posts import is_event, read_event, read_form
from channels.mailgun.sending import build_message, fetch_message, message_url, read_answer
from channels.mailgun.signing import NONCE_KEPT, proof_of, require_signature, signed
from channels.mailgun.updates import update
from channels.operations import Dialogue, Operations
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.signatures import Secret, live

PROVIDER = "mailgun"
#: Where the login goes that files are fetched with.
FILE_HOSTS = r"([a-z0-9-]+\.)+mailgun\.(net|org)"
MAX_BODY = 40 * 1024 * 1024
"""A mail of 25 MB, escaped."""


class MailgunCredentials(Credentials):
    """What a tenant enters to connect a Mailgun account."""

    signing_key: Secret = Field(
        title="HTTP webhook signing key", description="Signs all webhooks: Settings → API Security."
    )
    previous_signing_key: tuple[Secret, ...] = Field(
        default=(), title="Previous signing keys", description="Still accepted while the key is being changed."
    )
    api_key: Secret | None = Field(
        default=None,
        title="API key",
        description="Needed to send, and to fetch mail that is stored at Mailgun: Settings → API Security.",
    )
    domain: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$",
        title="Sending domain",
        description="The domain at Mailgun that mail is sent from, such as mg.example.org.",
    )
    region: Literal["us", "eu"] = Field(
        default="us", title="Region", description="Where the domain is hosted: us, or eu for the European Union."
    )


def verify(request: HttpRequest, credentials: MailgunCredentials, now: datetime) -> None:
    """Check the signature, also one by the key of the account above, and that it is at most 12 hours old.

    Raises:
        SignatureInvalid: when either is not so.
    """
    require_signature(request, live(credentials.signing_key, credentials.previous_signing_key), now)


def sign(request: HttpRequest, credentials: MailgunCredentials, now: datetime) -> HttpRequest:
    """Return a post with a time-stamp, a token and a signature in its body; one that can't be read stays as it is."""
    try:
        return signed(request, live(credentials.signing_key)[0], now)
    except PayloadMalformed:
        return request


def nonce(request: HttpRequest) -> str | None:
    """Return a post's token."""
    try:
        return proof_of(request).token
    except SignatureInvalid:
        return None


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail, or one event about a mail of ours.

    Raises:
        PayloadMalformed: the body is neither.
    """
    if is_event(request):
        return (update(PROVIDER, read_event(request)),)
    return inbound(PROVIDER, read_form(request), context)


def build(message: OutboundMessage, credentials: MailgunCredentials) -> HttpRequest:
    """Make the request that sends one mail.

    Raises:
        CannotSend: when it can't be a mail, or the API key or the domain is missing.
    """
    if credentials.api_key is None or credentials.domain is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key or no domain, so that it can't send")
    return build_message(message, credentials.api_key.get_secret_value(), credentials.domain, credentials.region)


def read(response: HttpResponse) -> SendResult:
    """Tell what Mailgun's answer to a send means."""
    return read_answer(response)


def complete(
    request: HttpRequest, credentials: MailgunCredentials, _now: datetime
) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch a mail that a route stored at Mailgun and only told us of."""
    try:
        url = None if is_event(request) else message_url(read_form(request))
    except PayloadMalformed:
        return {}  # parse says what is wrong with it
    if url is None:
        return {}
    key = credentials.api_key
    return (yield from fetch_message(url, None if key is None else key.get_secret_value()))


def download(media: Media, credentials: MailgunCredentials, _now: datetime) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file that stayed at Mailgun: it takes the API key."""
    key = credentials.api_key
    login = {"authorization": basic_authorization("api", key.get_secret_value())} if key else None
    return by_link(media, FILE_HOSTS, login)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=MailgunCredentials,
    verify=verify,
    sign=sign,
    crowded_status=429,
    parse=parse,
    build=build,
    read=read,
    nonce=nonce,
    nonce_kept=NONCE_KEPT,
    operations=Operations(complete=complete, download=download, download_kept=timedelta(days=3)),
    setup=Setup(
        title="Mailgun",
        summary="Mail through a domain at Mailgun, with news on every mail sent.",
        documentation="https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http",
        steps=(
            "Under *Settings → API Security* copy the **HTTP webhook signing key** into `signing_key`, create an API "
            "key (role *Developer*, or a sending key of the domain), and copy it into `api_key`.",
            "Enter the domain that mail is sent from as `domain`, and choose its `region`.",
            "For mail that comes in: let the MX records of the domain point to `mxa.mailgun.org` and "
            "`mxb.mailgun.org` (EU: `mxa.eu.mailgun.org`, `mxb.eu.mailgun.org`), then under *Receiving → Create route* "
            "choose *Match recipient* with the mailbox, and *Forward* to `{hook_url}?as=mime`: a URL that ends in "
            "`mime` gets the mail as it was sent.",
            "Instead of *Forward* a route can *Store and notify* the same URL; then the mail is fetched from Mailgun.",
            "For news on mail that was sent: under *Sending → Webhooks* choose the domain, and add `{hook_url}` for "
            "accepted, delivered, permanent and temporary failure, spam complaints, unsubscribes, opens and clicks.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@mg.example.org",
        notes=(
            "Mailgun's signature leaves out the body. Copies of a post are found by its token, which is for one use.",
            "Stored mail is kept for three days at Mailgun.",
        ),
    ),
    capabilities=Capabilities(
        channels=("email",),
        media=("file",),
        most_files=50,
        quotes=True,
        read_receipts=True,
    ),
    settings=HttpMailSettings,
    max_body=MAX_BODY,
    deferred=True,
)
