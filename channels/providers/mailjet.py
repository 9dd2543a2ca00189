"""Mail through Mailjet.

https://dev.mailjet.com/email/guides/webhooks/ and https://dev.mailjet.com/email/guides/parse-api/

Mailjet signs nothing: the address of the webhook holds a user name and a password, which arrive as basic
authentication.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.batches import read_items
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, PayloadMalformed
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse, basic_authorization
from channels.json_bodies import read_json
from channels.mail.connection import HttpMailSettings
from channels.mailjet.inbound import inbound
from channels.mailjet.sending import build_message, read_answer
from channels.mailjet.updates import update
from channels.outbound import OutboundMessage, SendResult
from channels.signatures import Secret, live, require_basic

PROVIDER = "mailjet"
MAX_BODY = 40 * 1024 * 1024
MAIL = frozenset({"Recipient", "Sender", "Headers", "Parts"})


class MailjetCredentials(Credentials):
    """What a tenant enters to connect a Mailjet account."""

    username: str = Field(
        min_length=1, pattern="^[^:]*$", title="User name", description="In front of the webhook's host, without colon."
    )
    password: Secret = Field(title="Password", description="In front of the webhook's host; long and random.")
    previous_password: tuple[Secret, ...] = Field(
        default=(), title="Previous passwords", description="Still accepted while the password is being changed."
    )
    api_key: str | None = Field(
        default=None,
        min_length=1,
        title="API key",
        description="Needed to send: Account settings → API key management.",
    )
    api_secret: Secret | None = Field(
        default=None, title="Secret key", description="Needed to send: shown once, beside the API key."
    )


def verify(request: HttpRequest, credentials: MailjetCredentials, _now: datetime) -> None:
    """Check the login in the webhook's address.

    Raises:
        SignatureInvalid: when it is missing or wrong.
    """
    passwords = live(credentials.password, credentials.previous_password)
    require_basic(request.headers.get("authorization"), [(credentials.username, one) for one in passwords])


def sign(request: HttpRequest, credentials: MailjetCredentials, _now: datetime) -> HttpRequest:
    """Return a request with the login."""
    login = basic_authorization(credentials.username, credentials.password.get_secret_value())
    return replace(request, headers=request.headers.with_fields({"authorization": login}))


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read a received mail, or events about mails of ours: one, or a list of them.

    Raises:
        PayloadMalformed: the body is neither a JSON object nor a list.
    """
    post = read_json(request.body)
    if isinstance(post, dict) and "event" not in post and not MAIL.isdisjoint(post):
        return inbound(PROVIDER, post, request.body, context)
    if not isinstance(post, dict | list):
        raise PayloadMalformed("json_not_an_object", "the body is JSON, but neither an object nor a list")
    return read_items(post if isinstance(post, list) else [post], partial(update, PROVIDER), "event_unreadable")


def build(message: OutboundMessage, credentials: MailjetCredentials) -> HttpRequest:
    """Make the request that sends a mail.

    Raises:
        CannotSend: when it can't be a mail, or a key is missing.
    """
    if credentials.api_key is None or credentials.api_secret is None:
        raise CannotSend("credentials_incomplete", "this connection has no api_key and api_secret, so it can't send")
    return build_message(message, credentials.api_key, credentials.api_secret.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Mailjet's answer to a send means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=MailjetCredentials,
    verify=verify,
    sign=sign,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Mailjet",
        summary="Mail through a Mailjet account, with news on every mail sent.",
        documentation="https://dev.mailjet.com/email/guides/webhooks/",
        steps=(
            "Choose a user name and a long password, and enter them here as `username` and `password`. The webhook's "
            "URL is `{hook_url}` with both in front of the host: `https://USERNAME:PASSWORD@{host}/…`.",
            "At Mailjet open *Account settings → API key management*, and copy **API key** and **Secret key** into "
            "`api_key` and `api_secret`.",
            "Under *Account settings → Event notifications (webhooks)* choose *All events*, enter that URL, and check "
            "*Group events*.",
            "For mail to you, make a parse route with that URL, and point your domain's MX to `parse.mailjet.com`: "
            "POST `https://api.mailjet.com/v3/REST/parseroute` with `Url`, and `Email` for an address of your own.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@example.org",
        notes=(
            "Mailjet stops calling an URL that did not answer for a day.",
            "Mailjet passes received mail on without the order of its header, so that no sender counts as verified.",
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
