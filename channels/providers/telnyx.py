"""SMS and MMS through Telnyx.

https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks

Telnyx signs the time-stamp and the raw body with a key of its own (Ed25519), of which the portal shows the public
half. The key is the account's, so that a signature says "Telnyx sent it to this account".
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse
from channels.outbound import OutboundMessage, SendResult
from channels.signatures import Secret
from channels.telnyx.posts import read_post
from channels.telnyx.sending import LONGEST_TEXT, MOST_FILES, build_message, read_answer
from channels.telnyx.signing import key_bytes, require_signature

PROVIDER = "telnyx"


def _usable(text: str) -> str:
    key_bytes(text)
    return text


PublicKey = Annotated[str, AfterValidator(_usable)]


class TelnyxCredentials(Credentials):
    """What a tenant enters to connect a Telnyx account. The public key is no secret."""

    public_key: PublicKey = Field(
        title="Public key", description="44 characters that prove the webhooks: Portal → Keys & Credentials."
    )
    api_key: Secret | None = Field(
        default=None, title="API key", description="Starts with KEY; needed to send: Portal → Keys & Credentials."
    )
    messaging_profile_id: str | None = Field(
        default=None,
        title="Messaging profile ID",
        description="Needed only where messages are sent from a name instead of a number.",
    )
    previous_public_key: tuple[PublicKey, ...] = Field(
        default=(), title="Previous public keys", description="Still accepted while the key is being changed."
    )


def verify(request: HttpRequest, credentials: TelnyxCredentials, now: datetime) -> None:
    """Check the signature over time-stamp and body, and that it was made at most five minutes from now.

    Raises:
        SignatureInvalid: when either is not so.
    """
    keys = [key_bytes(key) for key in (credentials.public_key, *credentials.previous_public_key)]
    require_signature(request, keys, now)


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message, or the statuses of all recipients.

    Raises:
        PayloadMalformed: when it is not what Telnyx documents.
    """
    return read_post(PROVIDER, request.body)


def build(message: OutboundMessage, credentials: TelnyxCredentials) -> HttpRequest:
    """Make the request that sends a message.

    Raises:
        CannotSend: when Telnyx has no such message, or the API key is missing.
    """
    if credentials.api_key is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key, so that it can't send")
    return build_message(message, credentials.api_key.get_secret_value(), credentials.messaging_profile_id)


def read(response: HttpResponse) -> SendResult:
    """Tell what Telnyx's answer to a send means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=TelnyxCredentials,
    verify=verify,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Telnyx",
        summary="SMS and MMS through a Telnyx account, with group messages.",
        documentation="https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks",
        steps=(
            "In the Telnyx Portal open *Account Settings → Keys & Credentials → Public Key*, and copy the key into "
            "`public_key`.",
            "Under *Keys & Credentials → API Keys* press *Create API Key*, and enter it as `api_key`: it is shown only "
            "once.",
            "Open *Messaging → Programmable Messaging*, edit the messaging profile that your numbers use (or press "
            "*Add new profile*), and under *Inbound* set **Send a webhook to this URL** to `{hook_url}`.",
            "Set **Webhook API Version** to *API v2*, and the **Failover URL** to the same URL; then save.",
            "Under *Numbers → My Numbers* make sure that each number has this **Messaging Profile**.",
            "Add each number in international form (`+12025550110`) as a channel of this connection.",
        ),
        address="The number in international form, such as +12025550110, or a short code",
        notes=(
            "Telnyx tries a webhook three times, then the failover URL three times.",
            "Links to received files expire.",
            "Telnyx blocks sending to a customer who wrote STOP, for the whole messaging profile.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms"),
        longest_text={"sms": LONGEST_TEXT, "mms": LONGEST_TEXT},
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=MOST_FILES,
    ),
    max_body=1024 * 1024,
)
