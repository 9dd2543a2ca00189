"""Sending through Mailjet's Send API v3.1: https://dev.mailjet.com/email/guides/send-api-v31/ .

One request may hold several mails, each with a result of its own, so that an error can stand in an answer of status
200. We send one mail in each.
"""

from typing import Any

import orjson

from channels.events import Mailbox, Media
from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization
from channels.json_fields import Object, id_in, list_in, text_in
from channels.mail.outgoing import (
    blind_copies,
    copies,
    encoded,
    extra_headers,
    file_type,
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
from channels.mailjet.problems import UNREADABLE, problem_of
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import answer_of, refused

URL = "https://api.mailjet.com/v3.1/send"


def build_message(message: OutboundMessage, api_key: str, api_secret: str) -> HttpRequest:
    """Make the request that sends one mail.

    Mailjet writes a Message-ID of its own, so that ours stands in References only; ``CustomID`` comes back in events.

    Raises:
        CannotSend: when it can't be a mail.
    """
    require_sendable(message)
    headers = {"authorization": basic_authorization(api_key, api_secret), "content-type": "application/json"}
    return HttpRequest("POST", URL, Headers.of(headers), orjson.dumps({"Messages": [_body(message)]}))


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Mailjet's answer to a send means."""
    answer = answer_of(response)
    result = _first(answer, "Messages")
    if response.status // 100 == 2 and text_in(result, "Status") == "success":
        sent = id_in(_first(result, "To"), "MessageID")
        return Accepted(sent) if sent else refused(response, None, UNREADABLE)
    error = _first(result, "Errors") or answer
    code, status = text_in(error, "ErrorCode"), _status(error, response.status)
    if code is None and response.status // 100 == 2:
        return refused(response, None, UNREADABLE)
    return refused(response, code, problem_of(status, code), text_in(error, "ErrorMessage"))


def _first(source: Object, key: str) -> Object:
    """Return the first object of a list; an empty one when there is none."""
    return next((one for one in list_in(source, key) if isinstance(one, dict)), {})


def _status(error: Object, status: int) -> int:
    """Return the status of one mail's error, which differs from that of the answer as a whole."""
    own = error.get("StatusCode")
    return own if type(own) is int else status


def _body(message: OutboundMessage) -> dict[str, Any]:
    fields = {**threading(message), **extra_headers(message)}
    fields.pop("Message-ID", None)
    reply_to = next((fields.pop(name) for name in list(fields) if name.lower() == "reply-to"), None)
    html = html_of(message)
    body: dict[str, Any] = {
        "From": _party(party(message.sender)),
        "To": [_party(party(message.recipient))],
        "Subject": subject_of(message),
        "TextPart": text_of(message),
        "CustomID": header_text(message.reference),
        "Headers": fields,
    }
    if message.cc:
        body["Cc"] = [_party(one) for one in copies(message)]
    if message.bcc:
        body["Bcc"] = [_party(one) for one in blind_copies(message)]
    if html is not None:
        body["HTMLPart"] = html
    if reply_to is not None:
        body["ReplyTo"] = _party(party(reply_to))
    shown = [item for item in message.media if is_shown(item, html)]
    files = [item for item in message.media if not is_shown(item, html)]
    if files:
        body["Attachments"] = [_file(item) for item in files]
    if shown:
        body["InlinedAttachments"] = [_file(item) | {"ContentID": item.content_id} for item in shown]
    return body


def _party(mailbox: Mailbox) -> dict[str, str]:
    return {"Email": mailbox.address} | ({"Name": mailbox.name} if mailbox.name else {})


def _file(item: Media) -> dict[str, Any]:
    return {"ContentType": file_type(item), "Filename": name_of(item), "Base64Content": encoded(item)}
