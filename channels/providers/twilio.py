"""SMS, MMS and WhatsApp through Twilio.

https://www.twilio.com/docs/messaging/guides/webhook-request

Twilio signs the public URL and the form with the account's auth token, or with a shared key. Nothing signed holds a
time; replays are stopped by the message ids alone. Over a GET the fields stand in the URL.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import Field, model_validator

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.downloads import by_link
from channels.errors import CannotSend, SignatureInvalid
from channels.events import ChannelEvent, Media
from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization
from channels.operations import Dialogue, Operations, refusing
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.signatures import Secret, live
from channels.twilio.access import Access
from channels.twilio.answers import read_answer
from channels.twilio.forms import Form, TooManyFields, holds_json, read_form
from channels.twilio.posts import read_post
from channels.twilio.sending import LONGEST_TEXT, build_message
from channels.twilio.signing import require_signature, signed, signed_form
from channels.twilio.templates import templates
from channels.twilio.typing_indicators import show_typing

PROVIDER = "twilio"
#: Where the login goes that files are fetched with.
FILE_HOSTS = r"api\.twilio\.com"

#: TwiML that says nothing. Any other text would be sent to the customer as an answer.
SILENCE = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class TwilioCredentials(Credentials):
    """What a tenant enters to connect a Twilio account (of the sub-account that owns the number)."""

    account_sid: str = Field(min_length=1, title="Account SID", description="AC and 32 digits: Console → Account.")
    auth_token: Secret | None = Field(
        default=None, title="Auth token", description="Signs the webhooks and sends: Console → Account."
    )
    shared_key: Secret | None = Field(
        default=None, title="Shared key", description="Where webhooks are signed with one instead (HMAC-SHA256)."
    )
    previous_auth_token: tuple[Secret, ...] = Field(
        default=(), title="Previous auth tokens", description="Still accepted while the token is being changed."
    )
    previous_shared_key: tuple[Secret, ...] = Field(
        default=(), title="Previous shared keys", description="Still accepted while the key is being changed."
    )

    @model_validator(mode="after")
    def _one_secret_at_least(self) -> Self:
        if self.auth_token is None and self.shared_key is None:
            raise ValueError("auth_token is needed, or shared_key where webhooks are signed with one")
        return self


def verify(request: HttpRequest, credentials: TwilioCredentials, _now: datetime) -> None:
    """Check the signature, then that the webhook is about this very account.

    Raises:
        SignatureInvalid: when either is not so.
    """
    form = signed_form(request)
    auth_tokens = live(credentials.auth_token, credentials.previous_auth_token)
    shared_keys = live(credentials.shared_key, credentials.previous_shared_key)
    require_signature(request, form, auth_tokens, shared_keys)
    if request.method == "GET":
        form = _query(request)
    elif holds_json(request):
        return  # JSON names accounts within its events, and nothing of it is stored
    account = form.first("AccountSid") or ""
    if not hmac.compare_digest(account.encode(), credentials.account_sid.encode()):
        raise SignatureInvalid("account_mismatch", "the webhook is about another Twilio account")


def sign(request: HttpRequest, credentials: TwilioCredentials, _now: datetime) -> HttpRequest:
    """Sign the URL and the form with the auth token, or with the shared key where that is what there is.

    Raises:
        SignatureInvalid: when the body is nothing that Twilio signs.
    """
    current = (live(secret)[0] if secret else None for secret in (credentials.auth_token, credentials.shared_key))
    return signed(request, *current)


def _query(request: HttpRequest) -> Form:
    try:
        return read_form(request.query)
    except TooManyFields as error:
        raise SignatureInvalid("query_malformed", "the URL has more fields than any webhook of Twilio's") from error


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message or the status that a webhook holds.

    Raises:
        PayloadMalformed: when it is not what Twilio documents.
    """
    return read_post(PROVIDER, request)


def build(message: OutboundMessage, credentials: TwilioCredentials) -> HttpRequest:
    """Make the request that sends a message.

    Raises:
        CannotSend: when Twilio has no such message, or the auth token is missing.
    """
    return build_message(message, access_of(credentials))


def read(response: HttpResponse) -> SendResult:
    """Tell what Twilio's answer to a send means."""
    return read_answer(response)


def access_of(credentials: TwilioCredentials) -> Access:
    """Return what lets us into Twilio's APIs.

    Raises:
        CannotSend: when the auth token is missing.
    """
    if credentials.auth_token is None:
        raise CannotSend("credentials_incomplete", "this connection has no auth_token, so that it can't send")
    return Access(credentials.account_sid, credentials.auth_token.get_secret_value())


def download(media: Media, credentials: TwilioCredentials, _now: datetime) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file that came with a message; the login goes to Twilio itself, never to where it redirects to.

    https://www.twilio.com/docs/messaging/api/media-resource
    """
    token = credentials.auth_token
    login = {"authorization": basic_authorization(credentials.account_sid, token.get_secret_value())} if token else None
    return by_link(media, FILE_HOSTS, login)


OPERATIONS = Operations(
    download=download,
    download_kept=timedelta(days=400),
    mark_read=lambda receipt, credentials: refusing(lambda: show_typing(receipt, access_of(credentials))),
    templates=lambda _account, credentials: refusing(lambda: templates(access_of(credentials))),
)

ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=TwilioCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Twilio",
        summary="SMS, MMS and WhatsApp through a Twilio account.",
        documentation="https://www.twilio.com/docs/messaging/guides/webhook-request",
        steps=(
            "In the Twilio Console copy **Account SID** and **Auth Token** of the (sub-)account that owns the number.",
            "Open *Phone Numbers → Manage → Active numbers*, choose the number, and under *Messaging* set "
            "**A message comes in** to *Webhook*, `{hook_url}`, *HTTP POST*.",
            "For a Messaging Service set the same URL under *Integration → Send a webhook*; "
            "for WhatsApp under *Senders → WhatsApp senders → the sender*.",
            "Add each number in international form (`+12025550110`) as a channel of this connection.",
            "Templates are made under *Messaging → Content Template Builder*, and are sent by their **content SID**.",
        ),
        address="The number in international form, such as +12025550110, a short code, or a Messaging Service's SID",
        notes=(
            "Status callbacks need nothing at Twilio: each message that is sent names this connection's URL.",
            "Twilio does not repeat an inbound webhook that failed; set the same URL as the fallback URL.",
            "Messages to a Messaging Service come in under the number that they were sent to.",
            "On WhatsApp a message is marked as read only together with the sign that somebody is writing.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms", "whatsapp"),
        longest_text={"sms": LONGEST_TEXT, "mms": LONGEST_TEXT, "whatsapp": LONGEST_TEXT},
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=10,
        templates=True,
        read_receipts=True,
        typing=True,
        window_hours=24,
    ),
    operations=OPERATIONS,
    max_body=1024 * 1024,
    acknowledgement=HttpResponse(200, SILENCE, Headers.of({"content-type": "text/xml"})),
)
