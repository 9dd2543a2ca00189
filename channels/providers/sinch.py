"""SMS, MMS and WhatsApp through Sinch's Conversation API.

https://developers.sinch.com/docs/conversation/callbacks

Sinch signs body, nonce and time-stamp with the webhook's secret. The older SMS REST API signs nothing, and is not
meant here.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse
from channels.outbound import OutboundMessage, SendResult
from channels.segments import most_characters
from channels.signatures import Secret, live, matches, require_fresh
from channels.sinch.posts import PROVIDER, read_post
from channels.sinch.sending import LONGEST_TEXT, MOST_SEGMENTS, build_message, read_answer

SIGNATURE = "x-sinch-webhook-signature"
NONCE = f"{SIGNATURE}-nonce"
STAMP = f"{SIGNATURE}-timestamp"
ALGORITHM = f"{SIGNATURE}-algorithm"
HMAC_SHA256 = "HmacSHA256"

#: Seconds that a time-stamp may be off our clock.
TOLERANCE = 300


class SinchCredentials(Credentials):
    """What a tenant enters to connect a project of Sinch's Conversation API."""

    webhook_secret: Secret = Field(title="Webhook secret", description="The word that was entered for the webhook.")
    previous_webhook_secret: tuple[Secret, ...] = Field(
        default=(), title="Previous webhook secrets", description="Still accepted while the secret is being changed."
    )
    project_id: str | None = Field(
        default=None, min_length=1, title="Project ID", description="Needed to send: Settings → Projects."
    )
    key_id: str | None = Field(
        default=None, min_length=1, title="Key ID", description="Of an access key; needed to send."
    )
    key_secret: Secret | None = Field(
        default=None, title="Key secret", description="Of the same access key; it is shown only once."
    )
    region: Literal["us", "eu", "br"] = Field(
        default="us", title="Region", description="Where the app was made: us, eu or br."
    )


def verify(request: HttpRequest, credentials: SinchCredentials, now: datetime) -> None:
    """Check the signature over body, nonce and time-stamp, and that it was made at most five minutes from now.

    Raises:
        SignatureInvalid: when either is not so, or another algorithm is named.
    """
    signature, nonce, stamp = (request.headers.get(name) for name in (SIGNATURE, NONCE, STAMP))
    if not signature or not nonce:
        raise SignatureInvalid("signature_missing", "x-sinch-webhook-signature or its nonce is missing")
    if request.headers.get(ALGORITHM, HMAC_SHA256) != HMAC_SHA256:
        raise SignatureInvalid("algorithm_unknown", "the signature's algorithm isn't HmacSHA256")
    require_fresh(stamp, now, past=TOLERANCE, future=TOLERANCE)
    secrets = live(credentials.webhook_secret, credentials.previous_webhook_secret)
    if not matches([_signature(secret, request.body, nonce, stamp) for secret in secrets], signature):
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match body, nonce and time-stamp")


def sign(request: HttpRequest, credentials: SinchCredentials, now: datetime) -> HttpRequest:
    """Return the request with the signature as Sinch makes it."""
    stamp = str(int(now.timestamp()))
    nonce = hashlib.sha256(stamp.encode() + request.body).hexdigest()[:26].upper()
    signature = _signature(live(credentials.webhook_secret)[0], request.body, nonce, stamp).decode()
    fields = {STAMP: stamp, NONCE: nonce, ALGORITHM: HMAC_SHA256, SIGNATURE: signature}
    return replace(request, headers=request.headers.with_fields(fields))


def _signature(secret: bytes, body: bytes, nonce: str, stamp: str) -> bytes:
    signed = b".".join((body, nonce.encode("utf-8", "surrogatepass"), stamp.encode()))
    return base64.b64encode(hmac.digest(secret, signed, "sha256"))


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message, the delivery report, or whatever else a post holds.

    Raises:
        PayloadMalformed: when it holds no event.
    """
    return read_post(request.body)


def build(message: OutboundMessage, credentials: SinchCredentials) -> HttpRequest:
    """Make the request that sends a message from the app whose id is ``message.sender``.

    Raises:
        CannotSend: when Sinch has no such message, or a credential for sending is missing.
    """
    project_id, key_id, key_secret = credentials.project_id, credentials.key_id, credentials.key_secret
    if project_id is None or key_id is None or key_secret is None:
        raise CannotSend("credentials_incomplete", "this connection lacks project_id, key_id or key_secret")
    return build_message(message, credentials.region, project_id, key_id, key_secret.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Sinch's answer to a send means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=SinchCredentials,
    verify=verify,
    sign=sign,
    crowded_status=429,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Sinch Conversation API",
        summary="SMS, MMS and WhatsApp through an app of Sinch's Conversation API.",
        documentation="https://developers.sinch.com/docs/conversation/callbacks",
        steps=(
            "In the Sinch Build Dashboard open *Conversation API → Apps*, and choose or make an app whose channels "
            "(SMS, WhatsApp) are set up. Note its **region**, and enter it here as `region` (us, eu or br).",
            "Choose a long random word, and enter it here as `webhook_secret`.",
            "In the app press *Webhooks → Add webhook*: **Target type** *HTTP*, **Target URL** `{hook_url}`, "
            "**Secret** the same word, and the triggers **MESSAGE_INBOUND**, **MESSAGE_DELIVERY**, **OPT_IN** and "
            "**OPT_OUT**.",
            "Under *Settings → Access keys* make a key, and enter `project_id`, `key_id` and `key_secret`.",
            "Add the **app ID** as a channel of this connection, once for each kind of channel that the app has.",
        ),
        address="The app's ID, such as 01EXAMPLEAPP0000000000000, not the number itself",
        notes=(
            "Which number or name a message comes from is set up in the app.",
            "Messages are sent with the access key as a login (Basic), which Sinch limits to low rates.",
            "A text and a file go out as two messages.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms", "whatsapp"),
        longest_text={"sms": most_characters(MOST_SEGMENTS), "mms": LONGEST_TEXT, "whatsapp": LONGEST_TEXT},
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=1,
        read_receipts=True,
        window_hours=24,
    ),
    max_body=1024 * 1024,
)
