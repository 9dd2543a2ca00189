"""Mail through Postmark.

https://postmarkapp.com/developer/webhooks/webhooks-overview

Postmark signs nothing: the address of the webhook holds a user name and a password, which arrive
as basic authentication.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field, SecretStr

from channels.adapter import Adapter, Credentials
from channels.errors import PayloadMalformed
from channels.events import ChannelEvent
from channels.http import HttpRequest
from channels.json_bodies import read_json
from channels.postmark.inbound import inbound
from channels.postmark.sending import build, read
from channels.postmark.updates import update
from channels.signatures import Secret, live, require_basic

PROVIDER = "postmark"
MAX_BODY = 55 * 1024 * 1024
"""Files of 35 MB, in base64."""


class PostmarkCredentials(Credentials):
    """What a tenant enters to connect a Postmark server."""

    username: str = Field(min_length=1)
    password: Secret
    previous_password: tuple[Secret, ...] = ()
    server_token: SecretStr | None = None


def verify(request: HttpRequest, credentials: PostmarkCredentials, _now: datetime) -> None:
    """Check the login in the webhook's address."""
    passwords = live(credentials.password, credentials.previous_password)
    require_basic(request.headers.get("authorization"), [(credentials.username, one) for one in passwords])


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail, or one event about a mail of ours.

    Raises:
        PayloadMalformed: the body is no JSON object, or lacks its id.
    """
    post = read_json(request.body)
    if not isinstance(post, dict):
        raise PayloadMalformed("json_not_an_object", "The body is JSON, but no object.")
    return (update(post),) if "RecordType" in post else inbound(post, context)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=PostmarkCredentials,
    verify=verify,
    parse=parse,
    build=build,
    read=read,
    max_body=MAX_BODY,
    deferred=True,
)
