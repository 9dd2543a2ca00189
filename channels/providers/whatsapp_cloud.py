"""WhatsApp through Meta's Cloud API.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview

Meta signs the raw body with the app's secret. The signature says "Meta sent it to this app", not whose number it is
about: one post may hold changes of several numbers, each routed for itself. Nothing signed holds a time; replays are
stopped by the message ids alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import OutboundMessage, SendResult
from channels.signatures import Secret, live, matches, require_hmac_sha256
from channels.whatsapp.posts import divide, read_post
from channels.whatsapp.sending import LONGEST_TEXT, build_message, read_answer

PROVIDER = "whatsapp_cloud"
SCHEME = "sha256="


class WhatsAppCloudCredentials(Credentials):
    """What a tenant enters to connect a Meta app. ``verify_token`` is our own word, for Meta's handshake."""

    app_secret: Secret = Field(title="App secret", description="Signs the webhooks: App settings → Basic.")
    verify_token: Secret | None = Field(
        default=None, title="Verify token", description="A word of your own, entered here and at Meta."
    )
    access_token: Secret | None = Field(
        default=None, title="Access token", description="Of a system user; needed to send messages."
    )
    previous_app_secret: tuple[Secret, ...] = Field(
        default=(), title="Previous app secrets", description="Still accepted while the secret is being changed."
    )
    previous_verify_token: tuple[Secret, ...] = Field(
        default=(), title="Previous verify tokens", description="Still accepted while the token is being changed."
    )
    api_version: str = Field(
        default="v24.0", pattern=r"^v\d{1,3}\.\d$", title="API version", description="Of the Graph API."
    )


def verify(request: HttpRequest, credentials: WhatsAppCloudCredentials, _now: datetime) -> None:
    """Check ``X-Hub-Signature-256`` over the bytes as received; the older SHA-1 header never counts.

    Raises:
        SignatureInvalid: when it is missing, written otherwise than Meta writes it, or wrong.
    """
    header = request.headers.get("x-hub-signature-256")
    if not header.startswith(SCHEME):
        raise SignatureInvalid("signature_missing", "there is no X-Hub-Signature-256 that starts with sha256=")
    secrets = live(credentials.app_secret, credentials.previous_app_secret)
    require_hmac_sha256(secrets, request.body, header[len(SCHEME) :])


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read all entries, changes, messages and statuses of a post.

    Raises:
        PayloadMalformed: when it is not a post of the WhatsApp Cloud API at all.
    """
    return read_post(PROVIDER, request.body)


def handshake(request: HttpRequest, credentials: WhatsAppCloudCredentials) -> HttpResponse | None:
    """Answer ``hub.challenge`` when Meta knows our verify token; it asks each time the URL is saved."""
    query = parse_qs(request.query)
    mode, token, challenge = (query.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge"))
    known = live(credentials.verify_token, credentials.previous_verify_token)
    if mode != "subscribe" or not challenge or not matches(known, token):
        return None
    plain = Headers.of({"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"})
    return HttpResponse(200, challenge.encode(), plain)


def build(message: OutboundMessage, credentials: WhatsAppCloudCredentials) -> HttpRequest:
    """Make the request that sends a message from the number whose phone_number_id is ``message.sender``.

    Raises:
        CannotSend: when WhatsApp has no such message, or the access token is missing.
    """
    if credentials.access_token is None:
        raise CannotSend("credentials_incomplete", "this connection has no access_token, so that it can't send")
    return build_message(message, credentials.api_version, credentials.access_token.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Meta's answer to a send means."""
    return read_answer(response)


def parts(request: HttpRequest) -> Sequence[tuple[str | None, bytes]]:
    """Split a post that several numbers share; see ``channels.whatsapp.posts.divide``."""
    return divide(request.body)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=WhatsAppCloudCredentials,
    verify=verify,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="WhatsApp Cloud API",
        summary="WhatsApp messages through Meta's own API, without a provider in between.",
        documentation="https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint",
        steps=(
            "In Meta's App Dashboard open your app, then *App settings → Basic*, and copy the **App secret** into "
            "`app_secret`.",
            "Choose any long random word, and enter it here as `verify_token`.",
            "In *WhatsApp → Configuration* enter `{hook_url}` as the **Callback URL** and the same word as "
            "**Verify token**, then press *Verify and save*: Meta asks this URL at once.",
            "Under *Webhook fields* subscribe to `messages`; for alarms also to `account_update`, "
            "`phone_number_quality_update` and `message_template_status_update`.",
            "In *Business settings → System users* make a token with `whatsapp_business_messaging` and "
            "`whatsapp_business_management`, and enter it as `access_token`.",
            "Add the number's **Phone number ID** (*WhatsApp → API Setup*) as a channel of this connection.",
        ),
        address="The phone number ID: the 15 or so digits that Meta's dashboard shows, not the number itself",
        notes=("The app has to be in *Live* mode: until then Meta sends nothing but its own tests.",),
    ),
    capabilities=Capabilities(
        channels=("whatsapp",),
        longest_text=LONGEST_TEXT,
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=1,
        reactions=True,
        quotes=True,
        read_receipts=True,
        window_hours=24,
    ),
    handshake=handshake,
    divide=parts,
)
