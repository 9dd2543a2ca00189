"""WhatsApp through 360dialog, which passes Meta's Cloud API on.

https://docs.360dialog.com/docs/waba-messaging/webhook

Webhooks hold what Meta's do, without Meta's signature. Partners' webhooks are signed with a secret of their platform
account: a hash of the raw body in ``x-360dialog-signature``. Direct clients get no signature; they set a user name and
a password as a header of the webhook. What is configured has to be right, and something has to be configured.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from pydantic import Field, model_validator

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse, basic_authorization
from channels.json_fields import list_in
from channels.operations import Dialogue, TemplateListed, refusing
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.refusals import answer_of
from channels.signatures import Secret, live, require_basic, require_hmac_sha256
from channels.whatsapp.access import Access
from channels.whatsapp.asking import operations_by
from channels.whatsapp.limits import LONGEST_TEXT
from channels.whatsapp.posts import divide, read_post
from channels.whatsapp.problems import PASSING
from channels.whatsapp.sending import build_message, read_answer, refusal
from channels.whatsapp.template_messages import template_listed

PROVIDER = "360dialog"
ROOT = "https://waba-v2.360dialog.io"
HEADER = "x-360dialog-signature"

#: Some integrations show the signature with this before it, most without.
SCHEME = "sha256="

PAGE = 1000
MOST_PAGES = 10


class Dialog360Credentials(Credentials):
    """What a tenant enters to connect a number at 360dialog."""

    webhook_secret: Secret | None = Field(
        default=None, title="Webhook secret", description="Of a partner's platform account; signs the webhooks."
    )
    username: str | None = Field(
        default=None, min_length=1, title="User name", description="In the webhook's Authorization header, made up."
    )
    password: Secret | None = Field(
        default=None, title="Password", description="In the webhook's Authorization header, long and random."
    )
    api_key: Secret | None = Field(
        default=None, title="API key", description="Of the number (D360-API-KEY); needed to send messages."
    )
    previous_webhook_secret: tuple[Secret, ...] = Field(
        default=(), title="Previous webhook secrets", description="Still accepted while the secret is being changed."
    )
    previous_password: tuple[Secret, ...] = Field(
        default=(), title="Previous passwords", description="Still accepted while the password is being changed."
    )

    @model_validator(mode="after")
    def _provable(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password are needed together")
        if self.webhook_secret is None and self.username is None:
            raise ValueError("webhook_secret is needed, or username and password where webhooks are not signed")
        return self


def verify(request: HttpRequest, credentials: Dialog360Credentials, _now: datetime) -> None:
    """Check the signature over the bytes as received, the login, or both where both are configured.

    Raises:
        SignatureInvalid: when one of them is missing or wrong.
    """
    if credentials.webhook_secret is not None:
        secrets = live(credentials.webhook_secret, credentials.previous_webhook_secret)
        require_hmac_sha256(secrets, request.body, request.headers.get(HEADER).removeprefix(SCHEME))
    if credentials.username is not None:
        passwords = live(credentials.password, credentials.previous_password)
        require_basic(request.headers.get("authorization"), [(credentials.username, one) for one in passwords])


def sign(request: HttpRequest, credentials: Dialog360Credentials, _now: datetime) -> HttpRequest:
    """Sign the bytes as they are, and log in, as far as either is configured."""
    fields: dict[str, str] = {}
    if credentials.webhook_secret is not None:
        secret = credentials.webhook_secret.get_secret_value().encode()
        fields[HEADER] = hmac.digest(secret, request.body, "sha256").hex()
    if credentials.username is not None and credentials.password is not None:
        password = credentials.password.get_secret_value()
        fields["authorization"] = basic_authorization(credentials.username, password)
    return replace(request, headers=request.headers.with_fields(fields))


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read all entries, changes, messages and statuses of a post.

    Raises:
        PayloadMalformed: when it is not a post of the WhatsApp Cloud API at all.
    """
    return read_post(PROVIDER, request.body)


def build(message: OutboundMessage, credentials: Dialog360Credentials) -> HttpRequest:
    """Make the request that sends a message; the number it is sent from is the one that the API key belongs to.

    Raises:
        CannotSend: when WhatsApp has no such message, or the API key is missing.
    """
    return build_message(message, access_of(credentials))


def read(response: HttpResponse) -> SendResult:
    """Tell what the answer to a send means; it is Meta's, or the same in 360dialog's words."""
    return read_answer(response)


def access_of(credentials: Dialog360Credentials) -> Access:
    """Return what lets us into 360dialog's API, which has no version in its URLs and no number.

    Raises:
        CannotSend: when the API key is missing.
    """
    if credentials.api_key is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key, so that it can't send")
    return Access(ROOT, {"d360-api-key": credentials.api_key.get_secret_value()}, names_number=False)


def templates(access: Access) -> Dialogue[Sequence[TemplateListed] | Refused]:
    """List all templates of the account that the API key belongs to.

    https://docs.360dialog.com/docs/messaging-api/api-reference/templates
    """
    found: list[TemplateListed] = []
    for page in range(MOST_PAGES):
        query = urlencode({"limit": PAGE, "offset": page * PAGE})
        response = yield access.get(f"/v1/configs/templates?{query}")
        document = answer_of(response)
        if response.status // 100 != 2 or type(document.get("waba_templates")) is not list:
            return refusal(response, PASSING)
        items = list_in(document, "waba_templates")
        found += [listed for item in items if (listed := template_listed(item))]
        if len(items) < PAGE:
            break
    return found


def parts(request: HttpRequest) -> Sequence[tuple[str | None, bytes]]:
    """Split a post that several numbers share; see ``channels.whatsapp.posts.divide``."""
    return divide(request.body)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=Dialog360Credentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="360dialog",
        summary="WhatsApp messages through 360dialog.",
        documentation="https://docs.360dialog.com/docs/waba-messaging/webhook",
        steps=(
            "In the 360dialog Hub open the number, generate its **API key**, and enter it here as `api_key`.",
            "As a **partner** copy the webhook secret of your platform account into `webhook_secret`, and enter "
            "`{hook_url}` as the webhook of the channel or of the whole WhatsApp Business Account.",
            "As a **direct client** choose a user name and a long password, enter them here as `username` and "
            "`password`, and write both with a colon between them in base64.",
            "Then register the webhook by `POST https://waba-v2.360dialog.io/v1/configs/webhook` with the header "
            "`D360-API-KEY`, `{hook_url}` as its `url`, and among its `headers` the field `Authorization`: the word "
            "`Basic`, a blank, and that base64 text.",
            "Add the number's **Phone number ID** as a channel of this connection.",
        ),
        address="The phone number ID: the 15 or so digits that Meta gave the number, not the number itself",
        notes=("An API key belongs to one number: make a connection for each.",),
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
        operations_by(access_of),
        templates=lambda _account, credentials: refusing(lambda: templates(access_of(credentials))),
    ),
    divide=parts,
)
