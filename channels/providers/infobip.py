"""SMS, MMS and WhatsApp through Infobip.

https://www.infobip.com/docs/essentials/api-essentials/webhooks

Infobip signs nothing that could be confirmed: the webhook's settings hold a user name and a password, which arrive as
basic authentication. Nothing of a request's time or body is proven; replays are stopped by the message ids alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.downloads import by_link
from channels.errors import CannotSend
from channels.events import ChannelEvent, Media
from channels.http import HttpRequest, HttpResponse, basic_authorization
from channels.infobip import sending
from channels.infobip.inbound import PROVIDER
from channels.infobip.posts import read_post
from channels.operations import Dialogue, Operations, Receipt
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.segments import most_characters
from channels.signatures import Secret, live, require_basic

#: An account's own host, as the portal shows it, or the one that all share.
BASE_URL = r"^(https://)?([a-zA-Z0-9-]+\.)?api\.infobip\.com/?$"

#: Where the login goes that files are fetched with.
FILE_HOSTS = r"([a-z0-9-]+\.)?api\.infobip\.com"


class InfobipCredentials(Credentials):
    """What a tenant enters to connect an Infobip account."""

    username: str = Field(
        min_length=1, pattern="^[^:]+$", title="User name", description="Of the webhooks: a word of your own."
    )
    password: Secret = Field(title="Password", description="Of the webhooks: long and random.")
    previous_password: tuple[Secret, ...] = Field(
        default=(), title="Previous passwords", description="Still accepted while the password is being changed."
    )
    api_key: Secret | None = Field(
        default=None, title="API key", description="Needed to send: Developer tools → API keys."
    )
    base_url: str | None = Field(
        default=None,
        pattern=BASE_URL,
        title="Base URL",
        description="Needed to send: your account's own, such as https://xxxxx.api.infobip.com.",
    )


def verify(request: HttpRequest, credentials: InfobipCredentials, _now: datetime) -> None:
    """Check the login that was entered for the webhook at Infobip.

    Raises:
        SignatureInvalid: when it is missing or wrong.
    """
    passwords = live(credentials.password, credentials.previous_password)
    require_basic(request.headers.get("authorization"), [(credentials.username, one) for one in passwords])


def sign(request: HttpRequest, credentials: InfobipCredentials, _now: datetime) -> HttpRequest:
    """Return the request with the login that Infobip sends."""
    login = basic_authorization(credentials.username, credentials.password.get_secret_value())
    return replace(request, headers=request.headers.with_fields({"authorization": login}))


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the messages, delivery reports or seen reports of a batch.

    Raises:
        PayloadMalformed: when it is no batch at all.
    """
    return read_post(request)


def build(message: OutboundMessage, credentials: InfobipCredentials) -> HttpRequest:
    """Make the request that sends a message.

    Raises:
        CannotSend: when Infobip has no such message, or a credential for sending is missing.
    """
    base_url, api_key = _access(credentials)
    if base_url is None or api_key is None:
        raise CannotSend("credentials_incomplete", "this connection lacks api_key or base_url, so that it can't send")
    return sending.build_message(message, base_url, api_key)


def read(response: HttpResponse) -> SendResult:
    """Tell what Infobip's answer to a send means."""
    return sending.read_answer(response)


def mark_read(receipt: Receipt, credentials: InfobipCredentials) -> Dialogue[Refused | None]:
    """Tell a WhatsApp customer that a message was read."""
    base_url, api_key = _access(credentials)
    if base_url is None or api_key is None:
        return Refused("credentials_incomplete", "this connection lacks api_key or base_url", retryable=False)
    return (yield from sending.mark_read(receipt, base_url, api_key))


def _access(credentials: InfobipCredentials) -> tuple[str | None, str | None]:
    """Return base URL and API key; the portal shows the host alone, which is always called by https."""
    base_url, api_key = credentials.base_url, credentials.api_key
    host = base_url.removeprefix("https://").rstrip("/") if base_url else None
    return f"https://{host}" if host else None, api_key.get_secret_value() if api_key else None


def download(media: Media, credentials: InfobipCredentials, _now: datetime) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file that came with a message: it takes the API key."""
    _, api_key = _access(credentials)
    return by_link(media, FILE_HOSTS, {"authorization": f"App {api_key}"} if api_key else None)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=InfobipCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    operations=Operations(mark_read=mark_read, download=download),
    setup=Setup(
        title="Infobip",
        summary="SMS, MMS and WhatsApp through an Infobip account, with delivery and read reports.",
        documentation="https://www.infobip.com/docs/essentials/api-essentials/webhooks",
        steps=(
            "Choose a user name and a long random password, and enter them here as `username` and `password`.",
            "In the Infobip portal open *Developer tools → Subscriptions management → Create subscription*, choose the "
            "channel **SMS** and the events **Inbound message** and **Delivery**, and enter `{hook_url}` as the URL.",
            "Under *Security settings* of that subscription choose **Basic**, and enter the same user name and "
            "password.",
            "Create one for **MMS** in the same way with `{hook_url}?channel=mms`, and one for **WhatsApp** with "
            "`{hook_url}?channel=whatsapp` and the event **Seen** as well.",
            "Under *Developer tools → API keys* make a key with the scopes `sms:message:send` and "
            "`whatsapp:message:send`, and enter it as `api_key`.",
            "Copy the **base URL** at the top of the portal's developer pages into `base_url`.",
            "Add each number in international form (`+12025550110`) as a channel of this connection.",
        ),
        address="The number in international form, such as +12025550110, a short code, or a name",
        notes=(
            "Infobip signs nothing: whoever knows this URL, the user name and the password can post messages.",
            "Delivery reports of WhatsApp do not name the number: connect each WhatsApp number on its own.",
            "Files of WhatsApp messages are kept for seven days, and take the API key to fetch.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms", "whatsapp"),
        longest_text={
            "sms": most_characters(sending.MOST_SEGMENTS),
            "mms": sending.LONGEST_MMS_TEXT,
            "whatsapp": sending.LONGEST_WHATSAPP_TEXT,
        },
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=sending.MOST_FILES,
        quotes=True,
        read_receipts=True,
        mark_read=True,
        window_hours=24,
    ),
    max_body=2 * 1024 * 1024,
)
