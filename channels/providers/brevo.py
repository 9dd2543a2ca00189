"""Mail through Brevo (Sendinblue until 2023).

https://developers.brevo.com/docs/secured-webhooks

Brevo signs nothing: a bearer token that is chosen when the webhook is made comes with each post. Received mail comes
taken apart, and its files have to be fetched: ``complete`` does, where there is an API key to ask with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.batches import read_items
from channels.brevo.inbound import fetch_files, inbound
from channels.brevo.sending import build_message, read_answer
from channels.brevo.updates import update
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, PayloadMalformed, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.mail.connection import HttpMailSettings
from channels.operations import Dialogue, Operations
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.signatures import Secret, live, matches

PROVIDER = "brevo"
MAX_BODY = 20 * 1024 * 1024
"""Mails without their files."""


class BrevoCredentials(Credentials):
    """What a tenant enters to connect a Brevo account."""

    bearer_token: Secret = Field(
        title="Webhook token", description="Long and random; given as the token when the webhook is made."
    )
    previous_bearer_token: tuple[Secret, ...] = Field(
        default=(), title="Previous webhook tokens", description="Still accepted while the token is being changed."
    )
    api_key: Secret | None = Field(
        default=None, title="API key", description="Starts with xkeysib-; needed to send, and to fetch received files."
    )


def verify(request: HttpRequest, credentials: BrevoCredentials, _now: datetime) -> None:
    """Check the token.

    Raises:
        SignatureInvalid: when it is missing or wrong.
    """
    scheme, _, token = request.headers.get("authorization").partition(" ")
    if scheme.lower() != "bearer":
        raise SignatureInvalid("authorization_missing", "the request carries no Bearer authorization")
    if not matches(live(credentials.bearer_token, credentials.previous_bearer_token), token):
        raise SignatureInvalid("authorization_mismatch", "the token is wrong")


def sign(request: HttpRequest, credentials: BrevoCredentials, _now: datetime) -> HttpRequest:
    """Return a request with the token."""
    token = f"Bearer {credentials.bearer_token.get_secret_value()}"
    return replace(request, headers=request.headers.with_fields({"authorization": token}))


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read received mails, or events about mails of ours: one, or a list of them where they are batched.

    Raises:
        PayloadMalformed: the body is neither a JSON object nor a list.
    """
    post = read_json(request.body)
    if isinstance(post, dict) and "items" in post:
        return inbound(PROVIDER, post, context)
    if not isinstance(post, dict | list):
        raise PayloadMalformed("json_not_an_object", "the body is JSON, but neither an object nor a list")
    return read_items(post if isinstance(post, list) else [post], partial(update, PROVIDER), "event_unreadable")


def build(message: OutboundMessage, credentials: BrevoCredentials) -> HttpRequest:
    """Make the request that sends a mail.

    Raises:
        CannotSend: when it can't be a mail, or the API key is missing.
    """
    if credentials.api_key is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key, so that it can't send")
    return build_message(message, credentials.api_key.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Brevo's answer to a send means."""
    return read_answer(response)


def complete(
    request: HttpRequest, credentials: BrevoCredentials, _now: datetime
) -> Dialogue[Mapping[str, bytes] | Refused]:
    """Fetch the files of received mails; nothing for events, or without an API key."""
    try:
        post = read_json(request.body)
    except PayloadMalformed:
        return {}
    if credentials.api_key is None or not isinstance(post, dict):
        return {}
    return (yield from fetch_files(post, credentials.api_key.get_secret_value()))


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=BrevoCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    operations=Operations(complete=complete),
    setup=Setup(
        title="Brevo",
        summary="Mail through a Brevo account, with news on every mail sent.",
        documentation="https://developers.brevo.com/docs/secured-webhooks",
        steps=(
            "At Brevo open *Settings → SMTP & API → API keys*, generate a key, and enter it as `api_key`.",
            "Choose a long random token, and enter it here as `bearer_token`.",
            "Make a webhook for mails sent: POST `https://api.brevo.com/v3/webhooks` with header `api-key` and "
            '`{"type": "transactional", "url": "{hook_url}", "auth": {"type": "bearer", "token": "…"}, "events": '
            '["request", "delivered", "hardBounce", "softBounce", "blocked", "spam", "invalid", "deferred", "error", '
            '"click", "opened", "uniqueOpened", "proxyOpen", "uniqueProxyOpen", "unsubscribed"]}`.',
            'For mail to you make a second one with `"type": "inbound"`, `"events": ["inboundEmailProcessed"]`, '
            "the same `url` and `auth`, and as `domain` the one that receives; point the MX records of that domain to "
            "`inbound1.sendinblue.com` and `inbound2.sendinblue.com`.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@example.org",
        notes=(
            "Files of received mail are fetched with the API key, up to 25 MB for each post.",
            "Pictures within the HTML of mail to customers arrive as attached files: Brevo has no other way.",
            "Brevo passes received mail on without the order of its header, so that no sender counts as verified.",
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
    max_body=MAX_BODY,
    deferred=True,
)
