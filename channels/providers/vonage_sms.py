"""SMS through Vonage's older SMS API.

https://developer.vonage.com/en/messaging/sms/overview

Vonage signs the sorted fields with the account's signature secret, by the method that the account is set to. They hold
a time and a nonce. Parts of a long text come one by one, each as a message of its own that says which part it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import Field, model_validator

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse
from channels.outbound import OutboundMessage, SendResult
from channels.signatures import Secret, live
from channels.vonage.sms_posts import PROVIDER, read_sms_post
from channels.vonage.sms_sending import LONGEST_TEXT, build_sms, read_sms_answer
from channels.vonage.sms_signing import Method, require_signature, with_signature


class VonageSmsCredentials(Credentials):
    """What a tenant enters to connect a Vonage account that is set to the SMS API."""

    signature_secret: Secret = Field(
        title="Signature secret", description="Signs the webhooks: Dashboard → Settings → API Settings."
    )
    signature_method: Method = Field(
        default=Method.SHA256, title="Signature method", description="As the API settings show it."
    )
    api_key: str | None = Field(default=None, min_length=1, title="API key", description="8 characters; to send.")
    api_secret: Secret | None = Field(default=None, title="API secret", description="Belongs to the API key.")
    previous_signature_secret: tuple[Secret, ...] = Field(
        default=(), title="Previous signature secrets", description="Still accepted while the secret is being changed."
    )

    @model_validator(mode="after")
    def _whole_pair(self) -> Self:
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("api_key and api_secret belong together")
        return self


def verify(request: HttpRequest, credentials: VonageSmsCredentials, now: datetime) -> None:
    """Check the signature over all fields, and that their time-stamp is five minutes off at most.

    Raises:
        SignatureInvalid: when either is not so.
    """
    secrets = live(credentials.signature_secret, credentials.previous_signature_secret)
    require_signature(request, secrets, credentials.signature_method, now)


def sign(request: HttpRequest, credentials: VonageSmsCredentials, now: datetime) -> HttpRequest:
    """Sign a request as Vonage does, among its fields; one that can't be read stays as it is."""
    secret = credentials.signature_secret.get_secret_value().encode()
    return with_signature(request, secret, credentials.signature_method, now)


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message, the part of one, or the delivery receipt that a webhook holds.

    Raises:
        PayloadMalformed: when it is not what Vonage documents.
    """
    return (read_sms_post(request),)


def build(message: OutboundMessage, credentials: VonageSmsCredentials) -> HttpRequest:
    """Make the request that sends a text.

    Raises:
        CannotSend: when the SMS API has no such message, or API key and secret are missing.
    """
    if credentials.api_key is None or credentials.api_secret is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key, so that it can't send")
    return build_sms(message, credentials.api_key, credentials.api_secret.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Vonage's answer to a send means."""
    return read_sms_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=VonageSmsCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Vonage SMS API",
        summary="SMS through a Vonage account that still uses the older SMS API.",
        documentation="https://developer.vonage.com/en/messaging/sms/overview",
        steps=(
            "In the Vonage Dashboard open *Settings → API Settings*, and copy **API key** and **API secret**.",
            "On the same page set **Messaging API Type** to *SMS API*, and **Webhook format** to *POST-JSON*.",
            "Set **Inbound SMS webhooks** and **Delivery receipts (DLR) webhooks** to `{hook_url}`.",
            "Under *Signed requests* copy **Signature secret**, set **Signature method** to *SHA-256 HMAC*, enter the "
            "same here, and save.",
            "Ask Vonage's support to switch on **signed webhooks** for the account: it is off until then, and "
            "unsigned ones are refused.",
            "Add each number in international form (`+12025550110`) as a channel of this connection.",
        ),
        address="The number in international form, such as +12025550110, or a short code",
        notes=(
            "A long text comes in parts, each shown as a message of its own.",
            "Of a long text that we send, receipts of all parts name our message; only that of the first has its id.",
            "New accounts do better with the Messages API.",
        ),
    ),
    capabilities=Capabilities(channels=("sms",), longest_text={"sms": LONGEST_TEXT}),
    max_body=1024 * 1024,
)
