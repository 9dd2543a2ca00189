"""SMS, MMS and WhatsApp through Plivo.

https://www.plivo.com/docs/messaging/concepts/signature-validation

Plivo signs with the account's auth token: the public URL and a nonce (V2), or all fields as well (V3). V2 proves
nothing about the body, and neither holds a time. So a nonce of V2 counts for one content only, and is remembered for
``Adapter.nonce_kept``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.events import ChannelEvent
from channels.http import Headers, HttpRequest, HttpResponse
from channels.outbound import OutboundMessage, SendResult
from channels.plivo.posts import read_post
from channels.plivo.sending import LONGEST_TEXT, MOST_FILES, build_message, read_answer
from channels.plivo.signing import require_signature, signed, unsigned_body_nonce
from channels.signatures import Secret, live

PROVIDER = "plivo"

#: An answer that says nothing. Plivo takes the answer to an inbound message for what to reply.
SILENCE = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class PlivoCredentials(Credentials):
    """What a tenant enters to connect a Plivo account (the main one, or the sub-account that owns the number)."""

    auth_id: str = Field(
        min_length=1, title="Auth ID", description="MA or SA and 18 more characters: Console → Overview."
    )
    auth_token: Secret = Field(
        title="Auth token", description="Signs the webhooks and sends: Console → Overview, beside the auth ID."
    )
    previous_auth_token: tuple[Secret, ...] = Field(
        default=(), title="Previous auth tokens", description="Still accepted while the token is being changed."
    )


def verify(request: HttpRequest, credentials: PlivoCredentials, _now: datetime) -> None:
    """Check the signature: V3 where there is one, else V2; by the token of the number's owner or the main account.

    Raises:
        SignatureInvalid: when there is none, or it doesn't fit.
    """
    require_signature(request, live(credentials.auth_token, credentials.previous_auth_token))


def sign(request: HttpRequest, credentials: PlivoCredentials, now: datetime) -> HttpRequest:
    """Sign a request as Plivo does, in both versions."""
    return signed(request, credentials.auth_token.get_secret_value().encode(), now)


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message or the status that a webhook holds.

    Raises:
        PayloadMalformed: when it is not what Plivo documents.
    """
    return (read_post(PROVIDER, request),)


def build(message: OutboundMessage, credentials: PlivoCredentials) -> HttpRequest:
    """Make the request that sends a message.

    Raises:
        CannotSend: when Plivo has no such message.
    """
    return build_message(message, credentials.auth_id, credentials.auth_token.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Plivo's answer to a send means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=PlivoCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    nonce=unsigned_body_nonce,
    setup=Setup(
        title="Plivo",
        summary="SMS, MMS and WhatsApp through a Plivo account.",
        documentation="https://www.plivo.com/docs/messaging/concepts/signature-validation",
        steps=(
            "In the Plivo console copy **Auth ID** and **Auth Token** from the *Overview* page; for numbers of a "
            "sub-account take those of the sub-account.",
            "Open *Messaging → Applications → XML*, press *Add New Application*, and set its **Message URL** to "
            "`{hook_url}` with the method *POST*; then create it.",
            "Open *Phone Numbers → Your Numbers*, choose the number, set **Application Type** to *XML Application*, "
            "choose the application as **Plivo Application**, and press *Update*.",
            "Add each number in international form (`+12025550110`) as a channel of this connection.",
        ),
        address="The number in international form, such as +12025550110, or a short code",
        notes=(
            "Plivo's usual signature (V2) covers the URL but not the content: who once got hold of a signed request "
            "could send others with it. So each nonce is taken for one content only, "
            "and remembered for 400 days; keep the URL secret as well, and change the auth token once a year.",
            "Status callbacks need nothing at Plivo: each message that is sent names this connection's URL.",
            "Buttons and lists of WhatsApp can't be sent through this connection, templates can.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms", "whatsapp"),
        longest_text={"sms": LONGEST_TEXT, "mms": LONGEST_TEXT, "whatsapp": LONGEST_TEXT},
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=MOST_FILES,
        templates=True,
        read_receipts=True,
        window_hours=24,
    ),
    max_body=1024 * 1024,
    acknowledgement=HttpResponse(200, SILENCE, Headers.of({"content-type": "text/xml"})),
)
