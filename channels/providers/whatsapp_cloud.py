"""WhatsApp through Meta's Cloud API.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview

Meta signs the raw body with the app's secret. The signature says "Meta sent it to this app", not whose number it is
about: one post may hold changes of several numbers, each routed for itself. Nothing signed holds a time; replays are
stopped by the message ids alone.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import Headers, HttpRequest, HttpResponse
from channels.operations import Dialogue, LoginTerm, TemplateListed, refusing
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.signatures import Secret, live, matches, require_hmac_sha256
from channels.whatsapp.access import Access
from channels.whatsapp.asking import login_term, operations_by, templates
from channels.whatsapp.limits import LONGEST_TEXT
from channels.whatsapp.posts import divide, read_post
from channels.whatsapp.sending import build_message, read_answer

PROVIDER = "whatsapp_cloud"
GRAPH = "https://graph.facebook.com"
#: Where the links to files lead: lookaside.fbsbx.com, as far as is known.
FILE_HOSTS = r"([a-z0-9-]+\.)+(fbsbx\.com|facebook\.com|whatsapp\.net)"
HEADER = "x-hub-signature-256"
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
    business_account_id: str | None = Field(
        default=None,
        pattern=r"^\d{1,30}$",
        title="WhatsApp Business Account ID",
        description="Whose templates are listed: WhatsApp → API Setup.",
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
    header = request.headers.get(HEADER)
    if not header.startswith(SCHEME):
        raise SignatureInvalid("signature_missing", "there is no X-Hub-Signature-256 that starts with sha256=")
    secrets = live(credentials.app_secret, credentials.previous_app_secret)
    require_hmac_sha256(secrets, request.body, header[len(SCHEME) :])


def sign(request: HttpRequest, credentials: WhatsAppCloudCredentials, _now: datetime) -> HttpRequest:
    """Sign the bytes as they are with the app's current secret."""
    digest = hmac.digest(credentials.app_secret.get_secret_value().encode(), request.body, "sha256").hex()
    return replace(request, headers=request.headers.with_fields({HEADER: SCHEME + digest}))


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
    return build_message(message, access_of(credentials))


def read(response: HttpResponse) -> SendResult:
    """Tell what Meta's answer to a send means."""
    return read_answer(response)


def access_of(credentials: WhatsAppCloudCredentials) -> Access:
    """Return what lets us into Meta's API.

    Raises:
        CannotSend: when the access token is missing.
    """
    if credentials.access_token is None:
        raise CannotSend("credentials_incomplete", "this connection has no access_token, so that it can't send")
    login = {"authorization": f"Bearer {credentials.access_token.get_secret_value()}"}
    return Access(f"{GRAPH}/{credentials.api_version}", login, file_hosts=FILE_HOSTS)


def ask_login_term(credentials: WhatsAppCloudCredentials) -> Dialogue[LoginTerm | Refused]:
    """Ask until when the access token is good."""
    token = credentials.access_token.get_secret_value() if credentials.access_token else ""
    return refusing(lambda: login_term(token, access_of(credentials)))


def list_templates(account: str, credentials: WhatsAppCloudCredentials) -> Dialogue[Sequence[TemplateListed] | Refused]:
    """List the templates of the business account that is entered, else of the one that is asked for."""
    return refusing(lambda: templates(credentials.business_account_id or account, access_of(credentials)))


def parts(request: HttpRequest) -> Sequence[tuple[str | None, bytes]]:
    """Split a post that several numbers share; see ``channels.whatsapp.posts.divide``."""
    return divide(request.body)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=WhatsAppCloudCredentials,
    verify=verify,
    sign=sign,
    crowded_status=429,
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
            "Under *Webhook fields* subscribe to `messages`, and for what is written in the phone app to "
            "`smb_message_echoes`; for alarms also to `account_update`, `account_alerts`, `account_review_update`, "
            "`phone_number_quality_update`, `phone_number_name_update`, `message_template_status_update`, "
            "`message_template_quality_update`, `template_category_update` and `security`.",
            "In *Business settings → System users* make a token with `whatsapp_business_messaging` and "
            "`whatsapp_business_management`, and enter it as `access_token`.",
            "Add the number's **Phone number ID** (*WhatsApp → API Setup*) as a channel of this connection, and enter "
            "the **WhatsApp Business Account ID** beside it as `business_account_id`.",
        ),
        address="The phone number ID: the 15 or so digits that Meta's dashboard shows, not the number itself",
        notes=("The app has to be in *Live* mode: until then Meta sends nothing but its own tests.",),
    ),
    capabilities=Capabilities(
        channels=("whatsapp",),
        longest_text={"whatsapp": LONGEST_TEXT},
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=1,
        templates=True,
        interactive=True,
        reactions=True,
        quotes=True,
        read_receipts=True,
        mark_read=True,
        typing=True,
        window_hours=24,
    ),
    operations=replace(
        operations_by(access_of), templates=list_templates, login_term=ask_login_term, renewed_by="access_token"
    ),
    handshake=handshake,
    divide=parts,
)
