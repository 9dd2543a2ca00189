"""SMS, MMS and WhatsApp through Bird, the platform that followed MessageBird's.

https://docs.bird.com/api/notifications-api/api-reference/webhooks/verifying-a-webhook

Bird signs the time-stamp, the URL and the body's SHA-256 with a key that is chosen when the webhook is subscribed. The
documented samples are few: whatever is not as they show it becomes an event of an unknown kind, never an error.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.bird.posts import PROVIDER, read_post
from channels.bird.sending import LONGEST_TEXT, MOST_FILES, MOST_SEGMENTS, build_message, read_answer
from channels.description import Capabilities, Setup
from channels.downloads import by_link
from channels.errors import CannotSend, SignatureInvalid
from channels.events import ChannelEvent, Media
from channels.http import HttpRequest, HttpResponse
from channels.operations import Dialogue, Operations
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.segments import most_characters
from channels.signatures import Secret, live, matches, require_fresh

SIGNATURE = "messagebird-signature"
STAMP = "messagebird-request-timestamp"

#: Seconds that a time-stamp may be off our clock.
TOLERANCE = 300

#: Where the login goes that files are fetched with.
FILE_HOSTS = r"([a-z0-9-]+\.)+(bird|messagebird)\.com"


class BirdCredentials(Credentials):
    """What a tenant enters to connect a Bird workspace."""

    signing_key: Secret = Field(title="Signing key", description="The word that was chosen when subscribing.")
    previous_signing_key: tuple[Secret, ...] = Field(
        default=(), title="Previous signing keys", description="Still accepted while the key is being changed."
    )
    access_key: Secret | None = Field(
        default=None, title="Access key", description="Needed to send: Settings → Security → Access Keys."
    )
    workspace_id: str | None = Field(
        default=None,
        min_length=1,
        title="Workspace ID",
        description="Needed to send; it stands in the dashboard's URL.",
    )


def verify(request: HttpRequest, credentials: BirdCredentials, now: datetime) -> None:
    """Check the signature over time-stamp, URL and body, and that it was made at most five minutes from now.

    Raises:
        SignatureInvalid: when either is not so.
    """
    stamp, signature = request.headers.get(STAMP), request.headers.get(SIGNATURE)
    if not signature:
        raise SignatureInvalid("signature_missing", "there is no messagebird-signature")
    require_fresh(stamp, now, past=TOLERANCE, future=TOLERANCE)
    secrets = live(credentials.signing_key, credentials.previous_signing_key)
    if not matches([_signature(secret, stamp, request) for secret in secrets], signature):
        raise SignatureInvalid("signature_mismatch", "the signature doesn't match the time-stamp, the URL and the body")


def sign(request: HttpRequest, credentials: BirdCredentials, now: datetime) -> HttpRequest:
    """Return the request with the signature as Bird makes it."""
    stamp = str(int(now.timestamp()))
    signature = _signature(live(credentials.signing_key)[0], stamp, request).decode()
    return replace(request, headers=request.headers.with_fields({STAMP: stamp, SIGNATURE: signature}))


def _signature(secret: bytes, stamp: str, request: HttpRequest) -> bytes:
    url = request.url.encode("utf-8", "surrogatepass")
    signed = b"\n".join((stamp.encode(), url, hashlib.sha256(request.body).digest()))
    return base64.b64encode(hmac.digest(secret, signed, "sha256"))


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the one event of a post.

    Raises:
        PayloadMalformed: when it is no object that names its event.
    """
    return read_post(request.body)


def build(message: OutboundMessage, credentials: BirdCredentials) -> HttpRequest:
    """Make the request that sends a message from the channel whose id is ``message.sender``.

    Raises:
        CannotSend: when Bird has no such message, or a credential for sending is missing.
    """
    if credentials.access_key is None or credentials.workspace_id is None:
        raise CannotSend("credentials_incomplete", "this connection lacks access_key or workspace_id: it can't send")
    return build_message(message, credentials.workspace_id, credentials.access_key.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Bird's answer to a send means."""
    return read_answer(response)


def download(media: Media, credentials: BirdCredentials, _now: datetime) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file that came with a message: it takes the access key."""
    key = credentials.access_key
    login = {"authorization": f"AccessKey {key.get_secret_value()}"} if key else None
    return by_link(media, FILE_HOSTS, login)


ADAPTER = Adapter(
    operations=Operations(download=download),
    provider=PROVIDER,
    credentials=BirdCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Bird",
        summary="SMS, MMS and WhatsApp through a workspace on bird.com.",
        documentation="https://docs.bird.com/api/notifications-api/api-reference/webhooks",
        steps=(
            "In Bird open *Settings → Security → Access Keys*, make a key with the role *Application Developer*, and "
            "enter it as `access_key`.",
            "Copy the **workspace ID** out of the dashboard's URL (`…/workspaces/WORKSPACE_ID/…`) into `workspace_id`.",
            "Choose a long random word, and enter it here as `signing_key`.",
            "Open *Developer → Webhook subscriptions → Add*, choose the service **Channels** and the event "
            "**sms.inbound**, and enter `{hook_url}` as URL and the same word as **Signing key**.",
            "Do the same for **sms.outbound**, and for WhatsApp for **whatsapp.inbound**, **whatsapp.outbound** and "
            "**whatsapp.interaction**.",
            "Under *Channels* open each channel, and add its **channel ID** as a channel of this connection.",
        ),
        address="The channel ID: a UUID such as 77777777-7777-4777-8777-777777777777, not the number itself",
        notes=(
            "The signature covers this URL: behind a proxy the gateway has to know its public URL.",
            "Bird repeats a webhook that failed for up to eight hours.",
            "Accounts on the older platform need the connection *MessageBird (classic)* instead.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms", "whatsapp"),
        longest_text={
            "sms": most_characters(MOST_SEGMENTS),
            "mms": most_characters(MOST_SEGMENTS),
            "whatsapp": LONGEST_TEXT,
        },
        media=("image", "audio", "video", "document", "file"),
        most_files=MOST_FILES,
        quotes=True,
        read_receipts=True,
        window_hours=24,
    ),
    max_body=1024 * 1024,
)
