"""Sending through SendGrid: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send ."""

from collections.abc import Mapping
from typing import Any

import orjson

from channels.events import Mailbox, Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.mail.outgoing import (
    blind_copies,
    copies,
    encoded,
    extra_headers,
    file_type,
    is_shown,
    name_of,
    party,
    require_sendable,
    subject_of,
    text_of,
    threading,
)
from channels.mail.wordsets import words
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import answer_of, refused
from channels.sendgrid.problems import PROBLEMS, UNCLEAR
from channels.sendgrid.updates import REFERENCE

APIS = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
PATH = "/v3/mail/send"

#: SendGrid refuses a mail with one of these among its headers; the others that it refuses are written by none of us.
FORBIDDEN = words("x-sg-id x-sg-eid dkim-signature reply-to")
SPACE = " "
"""The text of a mail that is nothing but files: SendGrid refuses an empty one."""


def build_message(message: OutboundMessage, api_key: str, region: str) -> HttpRequest:
    """Make the request that sends one mail; our own id comes back with every event about it.

    Raises:
        CannotSend: when it can't be a mail.
    """
    require_sendable(message)
    headers = Headers.of({"authorization": f"Bearer {api_key}", "content-type": "application/json"})
    return HttpRequest("POST", APIS[region] + PATH, headers, orjson.dumps(_body(message)))


def _body(message: OutboundMessage) -> dict[str, Any]:
    extra = {name.lower(): (name, value) for name, value in extra_headers(message).items()}
    reply_to = extra.get("reply-to")
    headers = {**threading(message), **{name: value for key, (name, value) in extra.items() if key not in FORBIDDEN}}
    body: dict[str, Any] = {
        "personalizations": [_envelope(message)],
        "from": _box(party(message.sender)),
        "subject": subject_of(message),
        "content": _content(message),
        "headers": headers,
    }
    if reply_to is not None:
        body["reply_to"] = _box(party(reply_to[1]))
    if message.media:
        body["attachments"] = [_attachment(item, message.html) for item in message.media]
    return body


def _envelope(message: OutboundMessage) -> dict[str, Any]:
    envelope: dict[str, Any] = {
        "to": [_box(party(message.recipient))],
        "custom_args": {REFERENCE: message.reference},
    }
    if message.cc:
        envelope["cc"] = [_box(one) for one in copies(message)]
    if message.bcc:
        envelope["bcc"] = [_box(one) for one in blind_copies(message)]
    return envelope


def _content(message: OutboundMessage) -> list[dict[str, str]]:
    """Return the forms of the text; the plain one has to come first."""
    forms = [{"type": "text/plain", "value": text_of(message) or SPACE}]
    return [*forms, {"type": "text/html", "value": message.html}] if message.html else forms


def _attachment(item: Media, html: str | None) -> dict[str, str]:
    attached = {"content": encoded(item), "type": file_type(item), "filename": name_of(item)}
    if is_shown(item, html):
        return {**attached, "disposition": "inline", "content_id": item.content_id or ""}
    return {**attached, "disposition": "attachment"}


def _box(box: Mailbox) -> Mapping[str, str]:
    return {"email": box.address, **({"name": box.name} if box.name else {})}


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what SendGrid's answer means. There is no key against doubles, so after a 5xx the mail may be out."""
    external_id = response.headers.get("x-message-id").strip()
    if response.status // 100 == 2:
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", UNCLEAR)
    problem = UNCLEAR if response.status >= 500 else PROBLEMS.of(str(response.status))
    return refused(response, None, problem, _said(response))


def _said(response: HttpResponse) -> str | None:
    """Return SendGrid's own words about the first error."""
    errors = answer_of(response).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    said = first.get("message") if isinstance(first, dict) else None
    return said if isinstance(said, str) else None
