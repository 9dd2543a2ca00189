"""Mail through SendGrid.

https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event

Inbound Parse posts each mail as a form, the event webhook posts what became of ours as JSON. Both can be signed (ECDSA
over the time-stamp and the body), and has to be where its key is known; else a user name and a password in front of the
host prove them. Inbound Parse drops
a mail for ever when it is answered with a 4xx, so a mail that can't be proven is to be tried again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse, basic_authorization
from channels.mail.connection import HttpMailSettings
from channels.outbound import OutboundMessage, SendResult
from channels.sendgrid.inbound import inbound, is_mail
from channels.sendgrid.sending import build_message, read_answer
from channels.sendgrid.signing import is_signed, public_key, require_signature
from channels.sendgrid.updates import updates
from channels.signatures import Secret, live, require_basic

PROVIDER = "sendgrid"
MAX_BODY = 40 * 1024 * 1024
"""A mail of 30 MB, and what the form adds."""


def _usable(key: str) -> str:
    public_key(key)
    return key


VerificationKey = Annotated[str, AfterValidator(_usable)]


class SendGridCredentials(Credentials):
    """What a tenant enters to connect a SendGrid account."""

    verification_key: VerificationKey | None = Field(
        default=None,
        title="Verification key",
        description="Of the event webhook: Settings → Mail Settings → Event Webhooks → Signature Verification.",
    )
    parse_verification_key: VerificationKey | None = Field(
        default=None,
        title="Verification key of inbound mail",
        description="Of the security policy that is attached to Inbound Parse, where it is another one.",
    )
    previous_verification_key: tuple[VerificationKey, ...] = Field(
        default=(), title="Previous verification keys", description="Still accepted while a key is being changed."
    )
    username: str | None = Field(
        default=None,
        min_length=1,
        title="User name",
        description="In front of the webhook's host, where it is unsigned.",
    )
    password: Secret | None = Field(
        default=None, title="Password", description="In front of the webhook's host; long and random."
    )
    previous_password: tuple[Secret, ...] = Field(
        default=(), title="Previous passwords", description="Still accepted while the password is being changed."
    )
    signature_seconds: int = Field(
        default=600,
        ge=60,
        le=72 * 3600,
        title="Oldest signature",
        description="How many seconds after it was signed a webhook is still accepted.",
    )
    api_key: Secret | None = Field(
        default=None, title="API key", description="Needed to send: Settings → API Keys, with Mail Send access."
    )
    region: Literal["global", "eu"] = Field(
        default="global", title="Region", description="eu for a subuser that is hosted in the European Union."
    )

    @model_validator(mode="after")
    def _one_proof_at_least(self) -> Self:
        if not self.keys() and not (self.username and self.password):
            raise ValueError("verification_key is needed, or username and password where webhooks are not signed")
        return self

    def keys(self) -> tuple[str, ...]:
        """Return all keys that count now."""
        current = (self.verification_key, self.parse_verification_key)
        return (*(key for key in current if key is not None), *self.previous_verification_key)


def verify(request: HttpRequest, credentials: SendGridCredentials, now: datetime) -> None:
    """Check the signature of a signed request, else the login in the webhook's address.

    The login does not do for what has a verification key: SendGrid signs all of that, and the login stands in a URL.

    Raises:
        SignatureInvalid: when neither proves it; for a mail it asks to be tried again.
    """
    try:
        _require_proof(request, credentials, now)
    except SignatureInvalid as error:
        raise SignatureInvalid(error.code, error.detail, try_again=is_mail(request)) from error


def _require_proof(request: HttpRequest, credentials: SendGridCredentials, now: datetime) -> None:
    if is_signed(request) and credentials.keys():
        require_signature(request, credentials.keys(), now, past=credentials.signature_seconds)
        return
    key = credentials.parse_verification_key if is_mail(request) else credentials.verification_key
    if key is not None or credentials.username is None:
        raise SignatureInvalid("signature_missing", "the request isn't signed")
    passwords = live(credentials.password, credentials.previous_password)
    require_basic(request.headers.get("authorization"), [(credentials.username, one) for one in passwords])


def sign(request: HttpRequest, credentials: SendGridCredentials, _now: datetime) -> HttpRequest:
    """Return a request with the login of the webhook's address; only SendGrid has the key to sign with.

    A connection that has no login gets the request back unproven; the login proves nothing that has to be signed.
    """
    if credentials.username is None or credentials.password is None:
        return request
    login = basic_authorization(credentials.username, credentials.password.get_secret_value())
    return replace(request, headers=request.headers.with_fields({"Authorization": login}))


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail, or a batch of events about mails of ours.

    Raises:
        PayloadMalformed: the body is neither.
    """
    return inbound(PROVIDER, request, context) if is_mail(request) else updates(PROVIDER, request.body)


def build(message: OutboundMessage, credentials: SendGridCredentials) -> HttpRequest:
    """Make the request that sends one mail.

    Raises:
        CannotSend: when it can't be a mail, or the API key is missing.
    """
    if credentials.api_key is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key, so that it can't send")
    return build_message(message, credentials.api_key.get_secret_value(), credentials.region)


def read(response: HttpResponse) -> SendResult:
    """Tell what SendGrid's answer to a send means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=SendGridCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="SendGrid",
        summary="Mail through a Twilio SendGrid account, with news on every mail sent.",
        documentation="https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/"
        "setting-up-the-inbound-parse-webhook",
        steps=(
            "Choose a user name and a long password, and enter them here as `username` and `password`. Put both in "
            "front of the host wherever a URL is asked for below: `https://USERNAME:PASSWORD@{host}/…`, "
            "else as in `{hook_url}`.",
            "For mail that comes in: let the MX record of a subdomain, such as `in.example.org`, point to "
            "`mx.sendgrid.net` with priority 10. Under *Settings → Inbound Parse → Add Host & URL* enter that "
            "subdomain and the URL, and check **POST the raw, full MIME message**.",
            "For news on mail that was sent: under *Settings → Mail Settings → Event Webhooks → Create new webhook* "
            "enter the URL, check all deliverability and engagement events, and switch **Signed Event Webhook** on. "
            "Save, open the webhook again, and copy its *Verification Key* into `verification_key`.",
            "Inbound Parse can be signed as well: create a security policy with "
            "`POST /v3/user/webhooks/security/policies`, attach it to the parse setting, and copy its public key into "
            "`parse_verification_key`.",
            "Under *Settings → API Keys → Create API Key* choose *Restricted Access* with **Mail Send**, and copy the "
            "key into `api_key`.",
            "Verify the domain that mail is sent from under *Settings → Sender Authentication*.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@in.example.org",
        notes=(
            "Inbound Parse drops a mail for ever when it is refused. Mail that can't be proven is therefore answered "
            "503, so that SendGrid tries again for 72 hours.",
            "A bounce that comes back late may name no mail of ours; it counts for the address alone.",
        ),
    ),
    capabilities=Capabilities(
        channels=("email",),
        media=("file",),
        most_files=50,
        quotes=True,
        read_receipts=True,
    ),
    settings=HttpMailSettings,
    told_by_reference=True,
    max_body=MAX_BODY,
    deferred=True,
)
