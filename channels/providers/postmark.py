"""Mail through Postmark.

https://postmarkapp.com/developer/webhooks/webhooks-overview

Postmark signs nothing: the address of the webhook holds a user name and a password, which arrive
as basic authentication.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import Field

from channels.adapter import Adapter, Credentials
from channels.description import Capabilities, Setup
from channels.errors import CannotSend, PayloadMalformed
from channels.events import ChannelEvent
from channels.http import HttpRequest, HttpResponse, basic_authorization
from channels.json_bodies import read_json
from channels.mail.connection import HttpMailSettings
from channels.outbound import OutboundMessage, SendResult
from channels.postmark.inbound import inbound
from channels.postmark.sending import build_message, read_answer
from channels.postmark.updates import update
from channels.signatures import Secret, live, require_basic

PROVIDER = "postmark"
MAX_BODY = 55 * 1024 * 1024
"""Files of 35 MB, in base64."""


class PostmarkCredentials(Credentials):
    """What a tenant enters to connect a Postmark server."""

    username: str = Field(min_length=1, title="User name", description="In front of the webhook's host.")
    password: Secret = Field(title="Password", description="In front of the webhook's host; long and random.")
    previous_password: tuple[Secret, ...] = Field(
        default=(), title="Previous passwords", description="Still accepted while the password is being changed."
    )
    server_token: Secret | None = Field(
        default=None, title="Server API token", description="Needed to send: the server's API Tokens."
    )


def verify(request: HttpRequest, credentials: PostmarkCredentials, _now: datetime) -> None:
    """Check the login in the webhook's address.

    Raises:
        SignatureInvalid: when it is missing or wrong.
    """
    passwords = live(credentials.password, credentials.previous_password)
    require_basic(request.headers.get("authorization"), [(credentials.username, one) for one in passwords])


def sign(request: HttpRequest, credentials: PostmarkCredentials, _now: datetime) -> HttpRequest:
    """Return a request with the login."""
    login = basic_authorization(credentials.username, credentials.password.get_secret_value())
    return replace(request, headers=request.headers.with_fields({"authorization": login}))


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail, or one event about a mail of ours.

    Raises:
        PayloadMalformed: the body is no JSON object, or lacks its id.
    """
    post = read_json(request.body)
    if not isinstance(post, dict):
        raise PayloadMalformed("json_not_an_object", "The body is JSON, but no object.")
    return (update(post),) if "RecordType" in post else inbound(post, context)


def build(message: OutboundMessage, credentials: PostmarkCredentials) -> HttpRequest:
    """Make the request that sends a mail.

    Raises:
        CannotSend: when it can't be a mail, or the server token is missing.
    """
    if credentials.server_token is None:
        raise CannotSend("credentials_incomplete", "this connection has no server_token, so that it can't send")
    return build_message(message, credentials.server_token.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Postmark's answer to a send means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=PostmarkCredentials,
    verify=verify,
    sign=sign,
    crowded_status=429,
    parse=parse,
    build=build,
    read=read,
    setup=Setup(
        title="Postmark",
        summary="Mail through a Postmark server, with news on every mail sent.",
        documentation="https://postmarkapp.com/developer/webhooks/webhooks-overview",
        steps=(
            "Choose a user name and a long password, and enter them here as `username` and `password`.",
            "At Postmark open the server, then the **inbound** stream's *Settings*, and enter as *Webhook* this URL "
            "with both in front of the host: `https://USERNAME:PASSWORD@{host}/…`, else as in `{hook_url}`.",
            "Check *Include raw email content in JSON payload* there.",
            "In the **outbound** stream open *Webhooks → Add webhook* with the same URL, and check delivery, bounce, "
            "spam complaint, open, link click and subscription change.",
            "Copy the **Server API token** (*API Tokens*) into `server_token`.",
            "Add the mailbox that customers write to as a channel of this connection.",
        ),
        address="The mailbox, such as support@example.org",
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
