"""SMS, MMS and WhatsApp through Twilio.

https://www.twilio.com/docs/messaging/guides/webhook-request

Twilio signs the public URL and the form with the account's auth token, or with a shared key. Nothing signed holds a
time; replays are stopped by the message ids alone. Over a GET the fields stand in the URL.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import Field, model_validator

from channels.adapter import Adapter, Credentials, OutboundMessage, SendResult
from channels.errors import CannotSend, SignatureInvalid
from channels.events import ChannelEvent
from channels.http import Headers, HttpRequest, HttpResponse
from channels.signatures import Secret, live
from channels.twilio.forms import Form, TooManyFields, holds_json, read_form
from channels.twilio.posts import read_post
from channels.twilio.sending import build_message, read_answer
from channels.twilio.signing import require_signature, signed_form

PROVIDER = "twilio"

#: TwiML that says nothing. Any other text would be sent to the customer as an answer.
SILENCE = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class TwilioCredentials(Credentials):
    """What a tenant enters to connect a Twilio account (of the sub-account that owns the number)."""

    account_sid: str = Field(min_length=1)
    auth_token: Secret | None = None
    shared_key: Secret | None = None
    previous_auth_token: tuple[Secret, ...] = ()
    previous_shared_key: tuple[Secret, ...] = ()

    @model_validator(mode="after")
    def _one_secret_at_least(self) -> Self:
        if self.auth_token is None and self.shared_key is None:
            raise ValueError("auth_token is needed, or shared_key where webhooks are signed with one")
        return self


def verify(request: HttpRequest, credentials: TwilioCredentials, _now: datetime) -> None:
    """Check the signature, then that the webhook is about this very account.

    Raises:
        SignatureInvalid: when either is not so.
    """
    form = signed_form(request)
    auth_tokens = live(credentials.auth_token, credentials.previous_auth_token)
    shared_keys = live(credentials.shared_key, credentials.previous_shared_key)
    require_signature(request, form, auth_tokens, shared_keys)
    if request.method == "GET":
        form = _query(request)
    elif holds_json(request):
        return  # JSON names accounts within its events, and nothing of it is stored
    account = form.first("AccountSid") or ""
    if not hmac.compare_digest(account.encode(), credentials.account_sid.encode()):
        raise SignatureInvalid("account_mismatch", "the webhook is about another Twilio account")


def _query(request: HttpRequest) -> Form:
    try:
        return read_form(request.query)
    except TooManyFields as error:
        raise SignatureInvalid("query_malformed", "the URL has more fields than any webhook of Twilio's") from error


def parse(request: HttpRequest, _context: Mapping[str, Any]) -> Sequence[ChannelEvent]:
    """Read the message or the status that a webhook holds.

    Raises:
        PayloadMalformed: when it is not what Twilio documents.
    """
    return read_post(PROVIDER, request)


def build(message: OutboundMessage, credentials: TwilioCredentials) -> HttpRequest:
    """Make the request that sends a message.

    Raises:
        CannotSend: when Twilio has no such message, or the auth token is missing.
    """
    if credentials.auth_token is None:
        raise CannotSend("credentials_incomplete", "this connection has no auth_token, so that it can't send")
    return build_message(message, credentials.account_sid, credentials.auth_token.get_secret_value())


def read(response: HttpResponse) -> SendResult:
    """Tell what Twilio's answer to a send means."""
    return read_answer(response)


ADAPTER = Adapter(
    provider=PROVIDER,
    credentials=TwilioCredentials,
    verify=verify,
    parse=parse,
    build=build,
    read=read,
    max_body=1024 * 1024,
    acknowledgement=HttpResponse(200, SILENCE, Headers.of({"content-type": "text/xml"})),
)
