"""Sending through Postmark: https://postmarkapp.com/developer/api/email-api ."""

import base64
import re
from typing import Any, Protocol

import orjson
from pydantic import SecretStr

from channels.events import Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.mail.outgoing import extra_headers, subject_of, threading
from channels.outbound import Accepted, OutboundMessage, Refused, SendResult
from channels.retry_after import retry_after

URL = "https://api.postmarkapp.com/email"
REASONS = {
    10: "The server token is missing or wrong.",
    300: "Postmark did not accept the mail as it is.",
    400: "The sender address is not confirmed at Postmark.",
    401: "The sender address is not confirmed at Postmark.",
    402: "Postmark could not read the request.",
    405: "The Postmark account has used up its quota.",
    406: "The recipient is suppressed: an earlier mail bounced or was reported as spam.",
    412: "The Postmark account may send to its own domains only, until it is approved.",
    413: "The Postmark account may not send at present.",
}
RETRY_STATUSES = frozenset({429})
UNCLEAR_STATUSES = frozenset({500, 502, 503, 504})
UNSAFE = re.compile(r"[\r\n]+")


class _Token(Protocol):
    """The part of the credentials that sending needs."""

    @property
    def server_token(self) -> SecretStr | None:
        """The token of the Postmark server."""


def build(message: OutboundMessage, credentials: _Token) -> HttpRequest:
    """Make the request that sends one mail.

    ``X-PM-KeepID`` asks Postmark to leave our Message-ID; our id stands in References as well.
    """
    token = credentials.server_token.get_secret_value() if credentials.server_token is not None else ""
    headers = Headers(
        [
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-postmark-server-token", UNSAFE.sub("", token)),
        ]
    )
    return HttpRequest("POST", URL, headers, orjson.dumps(_body(message)))


def read(response: HttpResponse) -> SendResult:
    """Read the answer: accepted only with error code 0 and an id."""
    answer = _object(response.body)
    code, external_id = answer.get("ErrorCode"), answer.get("MessageID")
    if response.status == 200 and code == 0 and isinstance(external_id, str) and external_id:
        return Accepted(external_id)
    return _refused(response, code if isinstance(code, int) else None, answer)


def _body(message: OutboundMessage) -> dict[str, Any]:
    fields = {**threading(message), **extra_headers(message)}
    own = {"X-PM-KeepID": "true"} if "Message-ID" in fields else {}
    reply_to = fields.pop("Reply-To", None)
    body: dict[str, Any] = {
        "From": message.sender,
        "To": message.recipient,
        "Subject": subject_of(message),
        "TextBody": message.text or "",
        "MessageStream": "outbound",
        "Metadata": {"gw_message_id": message.reference},
        "Headers": [{"Name": name, "Value": value} for name, value in {**fields, **own}.items()],
    }
    if reply_to is not None:
        body["ReplyTo"] = reply_to
    if message.media:
        body["Attachments"] = [_attachment(item) for item in message.media]
    return body


def _attachment(item: Media) -> dict[str, str]:
    attached = {
        "Name": item.filename or "file",
        "Content": base64.b64encode(item.content or b"").decode("ascii"),
        "ContentType": item.mime_type or "application/octet-stream",
    }
    return attached | ({"ContentID": f"cid:{item.content_id}"} if item.content_id else {})


def _refused(response: HttpResponse, code: int | None, answer: dict[str, Any]) -> Refused:
    """Say why; after a server error, or a success that says nothing, the mail may have gone out."""
    said = answer.get("Message")
    reason = said if isinstance(said, str) and said else REASONS.get(code or 0, "Postmark refused the mail.")
    return Refused(
        str(code) if code else str(response.status),
        reason[:500],
        retryable=response.status in RETRY_STATUSES | UNCLEAR_STATUSES,
        retry_after=retry_after(response),
        unknown=response.status in UNCLEAR_STATUSES or (response.status // 100 == 2 and not code),
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        read_body = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return read_body if isinstance(read_body, dict) else {}
