"""Mail through Postmark.

https://postmarkapp.com/developer/webhooks/webhooks-overview

Postmark signs nothing: the address of the webhook holds a user name and a password, which arrive
as basic authentication.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from pydantic import Field, SecretStr

from channels.adapter import Adapter, Credentials
from channels.errors import PayloadMalformed, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import HttpRequest
from channels.providers.postmark_inbound import inbound
from channels.providers.postmark_send import build, read
from channels.providers.postmark_updates import update

PROVIDER = "postmark"
MAX_BODY = 55 * 1024 * 1024
"""Files of 35 MB, in base64."""


class PostmarkCredentials(Credentials):
    """What a tenant enters to connect a Postmark server."""

    username: str = Field(min_length=1)
    password: SecretStr = Field(min_length=1)
    previous_password: tuple[SecretStr, ...] = ()
    server_token: SecretStr | None = None


def verify(request: HttpRequest, credentials: PostmarkCredentials, _now: datetime) -> None:
    """Check the login in the webhook's address."""
    given = _login(request)
    fits = [
        hmac.compare_digest(given, f"{credentials.username}:{password.get_secret_value()}".encode())
        for password in (credentials.password, *credentials.previous_password)
    ]
    if not any(fits):
        raise SignatureInvalid("login_wrong", "The login of the webhook is missing or wrong.")


def _login(request: HttpRequest) -> bytes:
    """Return the decoded login; empty when there is none."""
    scheme, _, encoded = request.headers.get("authorization").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip().encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""


def parse(request: HttpRequest, context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read an inbound mail, or one event about a mail of ours.

    Raises:
        PayloadMalformed: the body is no JSON object, or lacks its id.
    """
    try:
        post = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise PayloadMalformed("json_invalid", "The body is not JSON.") from error
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
