"""Sending through Resend: https://resend.com/docs/api-reference/emails/send-email ."""

from typing import Any

import orjson

from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_fields import text_in
from channels.mail.outgoing import (
    blind_copies,
    copies,
    encoded,
    extra_headers,
    file_type,
    formatted,
    html_of,
    is_shown,
    name_of,
    party,
    require_sendable,
    subject_of,
    text_of,
    threading,
)
from channels.mail.words import header_text
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import answer_of, refused
from channels.resend.problems import TROUBLE, UNREADABLE, problem_in
from channels.resend.updates import tag_for

URL = "https://api.resend.com/emails"
LONGEST_KEY = 256


def build_message(message: OutboundMessage, api_key: str) -> HttpRequest:
    """Make the request that sends one mail.

    Resend writes a Message-ID of its own, so that ours stands in References only. The Idempotency-Key lets it answer a
    repeated request without sending a second mail, for 24 hours.

    Raises:
        CannotSend: when it can't be a mail.
    """
    require_sendable(message)
    headers = {
        "authorization": f"Bearer {api_key}",
        "content-type": "application/json",
        "idempotency-key": header_text(message.reference).encode("ascii", "replace").decode("ascii")[:LONGEST_KEY],
    }
    return HttpRequest("POST", URL, Headers.of(headers), orjson.dumps(_body(message)))


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Resend's answer to a send means."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        sent = text_in(answer, "id")
        return Accepted(sent) if sent else refused(response, None, UNREADABLE)
    code, problem = problem_in(response.status, answer)
    return refused(response, code, TROUBLE if response.status >= 500 else problem, answer.get("message"))


def _body(message: OutboundMessage) -> dict[str, Any]:
    fields = {**threading(message), **extra_headers(message)}
    fields.pop("Message-ID", None)
    reply_to = next((fields.pop(name) for name in list(fields) if name.lower() == "reply-to"), None)
    html = html_of(message)
    body: dict[str, Any] = {
        "from": formatted(party(message.sender)),
        "to": [party(message.recipient).address],
        "subject": subject_of(message),
        "text": text_of(message),
        "headers": fields,
        "tags": [tag_for(message.reference)],
    }
    if message.cc:
        body["cc"] = [formatted(one) for one in copies(message)]
    if message.bcc:
        body["bcc"] = [formatted(one) for one in blind_copies(message)]
    if html is not None:
        body["html"] = html
    if reply_to is not None:
        body["reply_to"] = [formatted(party(reply_to))]
    if message.media:
        body["attachments"] = [
            {"filename": name_of(item), "content": encoded(item), "content_type": file_type(item)}
            | ({"content_id": item.content_id} if is_shown(item, html) else {})
            for item in message.media
        ]
    return body
