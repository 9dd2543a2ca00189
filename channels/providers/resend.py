"""Mail through Resend.

https://resend.com/docs/dashboard/webhooks/introduction

Resend signs webhooks as Svix does (Standard Webhooks, headers ``svix-…``). The webhook of a received mail holds its
metadata alone: ``complete`` fetches the mail itself, where there is an API key to ask with.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import Field

from channels import standard_webhooks
from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, PayloadMalformed
from channels.events import ChannelEvent, Other, Quarantined
from channels.http import HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.json_fields import Object, Unreadable, iso_moment_in, object_in, text_in
from channels.mail.charsets import storable
from channels.mail.connection import HttpMailSettings
from channels.operations import Dialogue, Operations
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.resend.fetching import fetch_raw
from channels.resend.inbound import RECEIVED, inbound
from channels.resend.sending import build_message, read_answer
from channels.resend.updates import update
from channels.signatures import Secret, live
from channels.standard_webhooks import SigningSecret

PROVIDER = "resend"


class ResendCredentials(Credentials):
    """What a tenant enters to connect a Resend account."""

    signing_secret: SigningSecret = Field(
        title="Signing secret", description="Starts with whsec_: Webhooks → the webhook → Signing Secret."
    )
    previous_signing_secret: tuple[SigningSecret, ...] = Field(
        default=(),
        title="Previous signing secrets",
        description="Still accepted while the secret is being changed; also the secret of a second webhook.",
    )
    api_key: Secret | None = Field(
        default=None, title="API key", description="Needed to send, and to fetch received mail; with full access."
    )


def verify(request: HttpRequest, credentials: ResendCredentials, now: datetime) -> None:
    """Check the signature over id, time-stamp and body, and that it was made at most five minutes from now.

    Raises:
        SignatureInvalid: when either is not so.
    """
    secrets = live(credentials.signing_secret, credentials.previous_signing_secret)
    standard_webhooks.verify(request.headers, request.body, secrets, now)


def sign(request: HttpRequest, credentials: ResendCredentials, now: datetime) -> HttpRequest:
    """Return a request with Resend's headers. One without an id gets that of its body."""
    event_id = _event_id(request) or f"msg_{hashlib.sha256(request.body).hexdigest()[:27]}"
    signed = standard_webhooks.sign(event_id, now, request.body, live(credentials.signing_secret))
    fields = {name.replace("webhook-", "svix-", 1): value for name, value in signed.items()}
    return replace(request, headers=request.headers.with_fields(fields))


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read a received mail, or an event about a mail of ours.

    Raises:
        PayloadMalformed: the body is no JSON object with a type.
    """
    post = read_json(request.body)
    kind = text_in(post, "type") if isinstance(post, dict) else None
    if kind is None:
        raise PayloadMalformed("type_missing", "the body is no JSON object with a type")
    try:
        if kind == RECEIVED:
            return inbound(PROVIDER, post, _event_id(request), context)
        if kind.startswith("email."):
            return (update(PROVIDER, kind, post, _event_id(request)),)
    except Unreadable as error:
        return (Quarantined(reason="event_unreadable", detail=str(error)),)
    return (_other(kind, post, _event_id(request)),)


def _event_id(request: HttpRequest) -> str:
    return storable(request.headers.get("svix-id") or request.headers.get("webhook-id"))


def _other(kind: str, post: Object, event_id: str) -> Other:
    """Note an event about a domain or a contact."""
    return Other(
        provider=PROVIDER, channel="email", account=None, address=None, external_id=event_id,
        occurred_at=iso_moment_in(post, "created_at"), subtype=kind,
    )  # fmt: skip


def build(message: OutboundMessage, credentials: ResendCredentials) -> HttpRequest:
    """Make the request that sends a mail.

    Raises:
        CannotSend: when it can't be a mail, or the API key is missing.
    """
    if credentials.api_key is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key, so that it can't send")
    return build_message(message, credentials.api_key.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Resend's answer to a send means."""
    return read_answer(response)


def complete(
    request: HttpRequest, credentials: ResendCredentials, _now: datetime
) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch the mail that a webhook announces; nothing for other events, or without an API key."""
    try:
        post = read_json(request.body)
    except PayloadMalformed:
        return {}
    if credentials.api_key is None or not isinstance(post, dict) or post.get("type") != RECEIVED:
        return {}
    email_id = text_in(object_in(post, "data"), "email_id")
    return (yield from fetch_raw(email_id, credentials.api_key.get_secret_value()))


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=ResendCredentials,
    verify=verify,
    sign=sign,
    kept_headers=("svix-id", "webhook-id"),
    crowded_status=429,
    parse=parse,
    build=build,
    read=read,
    operations=Operations(complete=complete),
    setup=Setup(
        title="Resend",
        summary="Mail through a Resend account, with news on every mail sent.",
        documentation="https://resend.com/docs/dashboard/webhooks/introduction",
        steps=(
            "At Resend open *Domains*, verify your domain, and switch **Receiving** on: it names the MX record to set.",
            "Open *API Keys → Create API Key*, permission **Full access**, and enter the key as `api_key`: a key that "
            "may only send can't fetch received mail.",
            "Open *Webhooks → Add Webhook*, enter `{hook_url}`, and choose all events that begin with `email.`.",
            "Open the webhook, and copy its **Signing Secret** into `signing_secret`.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@example.org",
        notes=(
            "Resend's webhook holds a received mail's metadata alone; the mail is fetched with the API key.",
            "Resend does not say which of several recipients a mail came in for: the first address in To counts.",
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
    max_body=5 * 1024 * 1024,
    deferred=True,
)
