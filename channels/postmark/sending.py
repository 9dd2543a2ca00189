"""Sending through Postmark: https://postmarkapp.com/developer/api/email-api ."""

from typing import Any

import orjson

from channels.events import Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_fields import Object, text_in
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
from channels.postmark.problems import INACTIVE, UNREADABLE, problem_of
from channels.postmark.updates import REFERENCE
from channels.refusals import answer_of, refused

URL = "https://api.postmarkapp.com/email"
STREAM = "outbound"
NOT_DELIVERED = "will not deliver to these inactive addresses"


def build_message(message: OutboundMessage, server_token: str) -> HttpRequest:
    """Make the request that sends one mail.

    ``X-PM-KeepID`` asks Postmark to leave our Message-ID; our id stands in References as well. The metadata come back
    in events.

    Raises:
        CannotSend: when it can't be a mail.
    """
    require_sendable(message)
    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "x-postmark-server-token": server_token,
    }
    return HttpRequest("POST", URL, Headers.of(headers), orjson.dumps(_body(message)))


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Postmark's answer to a send means: accepted only with error code 0 and an id.

    A mail to one address that is inactive is answered as accepted where others stand in it too. We name one recipient
    in each, so that nobody would get it.
    """
    answer = answer_of(response)
    code, said = _code(answer), text_in(answer, "Message")
    if response.status // 100 == 2 and code == "0":
        if NOT_DELIVERED in (said or ""):
            return refused(response, "406", INACTIVE, said)
        sent = text_in(answer, "MessageID")
        return Accepted(sent) if sent else refused(response, None, UNREADABLE)
    if response.status // 100 == 2 and code is None:
        return refused(response, None, UNREADABLE)
    return refused(response, code, problem_of(response.status, code), said)


def _code(answer: Object) -> str | None:
    code = answer.get("ErrorCode")
    return str(code) if type(code) is int else None


def _body(message: OutboundMessage) -> dict[str, Any]:
    fields = {**threading(message), **extra_headers(message)}
    own = {"X-PM-KeepID": "true"} if "Message-ID" in fields else {}
    reply_to = next((fields.pop(name) for name in list(fields) if name.lower() == "reply-to"), None)
    html = html_of(message)
    body: dict[str, Any] = {
        "From": formatted(party(message.sender)),
        "To": party(message.recipient).address,
        "Subject": subject_of(message),
        "TextBody": text_of(message),
        "MessageStream": STREAM,
        "Metadata": {REFERENCE: header_text(message.reference)},
        "Headers": [{"Name": name, "Value": value} for name, value in {**fields, **own}.items()],
    }
    if message.cc:
        body["Cc"] = ",".join(formatted(one) for one in copies(message))
    if message.bcc:
        body["Bcc"] = ",".join(formatted(one) for one in blind_copies(message))
    if html is not None:
        body["HtmlBody"] = html
    if reply_to is not None:
        body["ReplyTo"] = formatted(party(reply_to))
    if message.media:
        body["Attachments"] = [_attachment(item, html) for item in message.media]
    return body


def _attachment(item: Media, html: str | None) -> dict[str, str]:
    attached = {"Name": name_of(item), "Content": encoded(item), "ContentType": file_type(item)}
    return attached | ({"ContentID": f"cid:{item.content_id}"} if is_shown(item, html) else {})
