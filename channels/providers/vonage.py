"""SMS, MMS and WhatsApp through Vonage's Messages API; webhooks of its older SMS API are understood as well.

https://developer.vonage.com/en/messages/overview

The Messages API signs a JSON Web Token whose claims hold the hash of the body. The SMS API signs its fields, and
counts only where ``signature_method`` says how.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.downloads import by_link
from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import ChannelEvent, Media
from channels.http import HttpRequest, HttpResponse, basic_authorization
from channels.json_bodies import read_json
from channels.json_fields import Object
from channels.operations import Dialogue, Operations, Receipt
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.signatures import Secret, live
from channels.vonage.access import application_authorization, rsa_key
from channels.vonage.messages_posts import read_messages_post
from channels.vonage.messages_sending import LONGEST_TEXT, build_message, mark_read, read_answer
from channels.vonage.messages_signing import bearer_token, require_signed_body, with_token
from channels.vonage.sms_posts import read_sms_post
from channels.vonage.sms_signing import Method, require_signature, with_signature

PROVIDER = "vonage"
#: Where the login goes that files are fetched with.
FILE_HOSTS = r"api(-[a-z]+(-[0-9])?)?\.(nexmo|vonage)\.com"


def _usable(pem: SecretStr) -> SecretStr:
    rsa_key(pem.get_secret_value())
    return pem


class VonageCredentials(Credentials):
    """What a tenant enters to connect a Vonage account: how webhooks are proven, and one way to send."""

    signature_secret: Secret = Field(
        title="Signature secret", description="Signs the webhooks: Dashboard → Settings → API Settings."
    )
    signature_method: Method | None = Field(
        default=None,
        title="Signature method",
        description="Only for webhooks of the older SMS API, as the API settings show it.",
    )
    api_key: str | None = Field(default=None, min_length=1, title="API key", description="8 characters; to send.")
    api_secret: Secret | None = Field(default=None, title="API secret", description="Belongs to the API key.")
    application_id: str | None = Field(
        default=None, min_length=1, title="Application ID", description="To send as an application instead."
    )
    private_key: Annotated[SecretStr, AfterValidator(_usable)] | None = Field(
        default=None, title="Private key", description="The application's, from its private.key file."
    )
    previous_signature_secret: tuple[Secret, ...] = Field(
        default=(), title="Previous signature secrets", description="Still accepted while the secret is being changed."
    )

    @model_validator(mode="after")
    def _whole_pairs(self) -> Self:
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("api_key and api_secret belong together")
        if (self.application_id is None) != (self.private_key is None):
            raise ValueError("application_id and private_key belong together")
        return self


def verify(request: HttpRequest, credentials: VonageCredentials, now: datetime) -> None:
    """Check the token of the Messages API or, where the connection has a method for it, the SMS API's signature.

    Raises:
        SignatureInvalid: when neither proves that Vonage sent this in the last five minutes.
    """
    secrets = live(credentials.signature_secret, credentials.previous_signature_secret)
    token = bearer_token(request)
    if token is not None:
        require_signed_body(request, token, secrets, now)
    elif credentials.signature_method is not None:
        require_signature(request, secrets, credentials.signature_method, now)
    else:
        raise SignatureInvalid("token_missing", "the request carries no Bearer token")


def sign(request: HttpRequest, credentials: VonageCredentials, now: datetime) -> HttpRequest:
    """Sign a request as Vonage does: with a token when it is one of the Messages API, else among its fields."""
    secret = credentials.signature_secret.get_secret_value().encode()
    if credentials.signature_method is not None and _messages_post(request) is None:
        return with_signature(request, secret, credentials.signature_method, now)
    return with_token(request, secret, now)


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message or the status that a webhook holds.

    Raises:
        PayloadMalformed: when it is not what Vonage documents.
    """
    post = _messages_post(request)
    return (read_messages_post(PROVIDER, post) if post is not None else read_sms_post(request),)


def _messages_post(request: HttpRequest) -> Object | None:
    """Return the document of a webhook of the Messages API; None for anything else."""
    if request.method == "GET" or request.body.lstrip()[:1] != b"{":
        return None
    try:
        document: Object = read_json(request.body)
    except PayloadMalformed:
        return None
    return document if "message_uuid" in document else None


def build(message: OutboundMessage, credentials: VonageCredentials) -> HttpRequest:
    """Make the request that sends a message.

    Raises:
        CannotSend: when Vonage has no such message, or there is nothing to prove with who we are.
    """
    return build_message(message, _authorization(credentials, message.reference, message.sent_at))


def _authorization(credentials: VonageCredentials, reference: str, sent_at: datetime | None) -> str:
    if credentials.api_key is not None and credentials.api_secret is not None:
        return basic_authorization(credentials.api_key, credentials.api_secret.get_secret_value())
    if credentials.application_id is not None and credentials.private_key is not None:
        key = credentials.private_key.get_secret_value()
        return application_authorization(credentials.application_id, key, reference, sent_at)
    raise CannotSend("credentials_incomplete", "this connection has no api_key, so that it can't send")


def read(response: HttpResponse) -> SendResult:
    """Tell what Vonage's answer to a send means."""
    return read_answer(response)


def _mark_read(receipt: Receipt, credentials: VonageCredentials) -> Dialogue[Refused | None]:
    """Tell the customer that a WhatsApp message was read; it takes the key and secret, since no time is given."""
    try:
        authorization = _authorization(credentials, receipt.message_ref, None)
    except CannotSend:
        return Refused("credentials_incomplete", "Marking as read needs the API key and secret.", retryable=False)
    return (yield from mark_read(receipt.message_ref, authorization))


def download(media: Media, credentials: VonageCredentials, now: datetime) -> Dialogue[HttpRequest | Refused]:
    """Fetch a file that came with a message: Vonage's own links take a login, those of MMS none."""
    try:
        login = {"authorization": _authorization(credentials, media.url or "", now)}
    except CannotSend:
        return by_link(media)
    return by_link(media, FILE_HOSTS, login)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=VonageCredentials,
    verify=verify,
    sign=sign,
    crowded_status=429,
    parse=parse,
    build=build,
    read=read,
    operations=Operations(mark_read=_mark_read, download=download, download_kept=timedelta(days=2)),
    setup=Setup(
        title="Vonage",
        summary="SMS, MMS and WhatsApp through Vonage's Messages API.",
        documentation="https://developer.vonage.com/en/messages/overview",
        steps=(
            "In the Vonage Dashboard open *Settings → API Settings*, and copy **API key**, **API secret** and, further "
            "down, **Signature secret**.",
            "On the same page set **Messaging API Type** to *Messages API*, and save.",
            "Open *Applications*, create an application or edit yours, switch on **Messages** under *Capabilities*, "
            "and set **Inbound URL** and **Status URL** to `{hook_url}`; choose version *v1*, and save.",
            "In the application press *Link* beside each number; for WhatsApp use *Link external accounts*.",
            "Add each number in international form (`+12025550110`) as a channel of this connection.",
        ),
        address="The number in international form, such as +12025550110, or a short code",
        notes=(
            "For an account that is set to the older SMS API connect the provider *Vonage SMS API* instead, or enter "
            "the signature method here as well.",
            "Instead of API key and secret an application's ID and private key can be entered; then messages can't be "
            "marked as read.",
            "Contact cards can't be sent.",
        ),
    ),
    capabilities=Capabilities(
        channels=("sms", "mms", "whatsapp"),
        longest_text=LONGEST_TEXT,
        media=("image", "audio", "voice", "video", "document", "sticker", "file"),
        most_files=1,
        templates=True,
        interactive=True,
        reactions=True,
        quotes=True,
        read_receipts=True,
        mark_read=True,
        window_hours=24,
    ),
    max_body=1024 * 1024,
)
