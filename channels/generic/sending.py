"""Messages on their way out to any system: a signed POST in the shape that the tenant sets."""

import re
from collections.abc import Mapping
from typing import Any

from channels.errors import CannotSend
from channels.events import iso_utc
from channels.generic.body_templates import filled
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import write_json
from channels.json_fields import id_in, object_in, text_in
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import Problem, Problems, answer_of, refused
from channels.standard_webhooks import sign

#: The shape where none was set: that of a message that comes in.
DEFAULT_TEMPLATE: Mapping[str, Any] = {
    "type": "message",
    "id": "{{id}}",
    "channel": "{{channel}}",
    "from": "{{from}}",
    "to": "{{to}}",
    "text": "{{text}}",
    "timestamp": "{{timestamp}}",
    "attachments": "{{attachments}}",
    "reply_to": "{{reply_to}}",
}
PLACES = frozenset({"id", "channel", "from", "to", "text", "timestamp", "attachments", "reply_to"})

#: What a header can hold, and what stays one part of the signed text.
REFERENCE = re.compile(r"[!-~]{1,200}")
HEADER = "webhook-id"
LONGEST_TEXT = 10_000

LOGIN = Problem("The receiving system refused the signature; an administrator has to compare the secrets.")
NOT_FOUND = Problem("The receiving system does not know this URL; an administrator has to check it.")
CONTENT = Problem("The receiving system did not accept the message.")
THROTTLED = Problem("The receiving system takes no more messages at the moment; it will be tried again.", True)
REFUSED = Problem("The receiving system refused the message.")
MAYBE_SENT = Problem("It is not known whether the receiving system took the message.", unknown=True)
ANSWERS = Problems({LOGIN: (401, 403), NOT_FOUND: (404, 405, 410), CONTENT: (400, 422), THROTTLED: (429, 503)}, REFUSED)


def build_message(message: OutboundMessage, url: str, secret: bytes) -> HttpRequest:
    """Make the signed request that hands a message over; its reference is the ``webhook-id``.

    Raises:
        CannotSend: when there is no such message, or no time to sign it with.
    """
    if message.content is not None:
        raise CannotSend("content_unsupported", "the generic channel carries texts and files alone")
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    if len(message.text or "") > LONGEST_TEXT:
        raise CannotSend("text_too_long", f"a text has {LONGEST_TEXT} characters at most")
    if message.sent_at is None:
        raise CannotSend("time_missing", "a signed message needs the time of sending")
    if REFERENCE.fullmatch(message.reference) is None:
        raise CannotSend("reference_unusable", "the reference can't stand in a header")
    body = write_json(_body(message))
    fields = {"content-type": "application/json", **sign(message.reference, message.sent_at, body, [secret])}
    return HttpRequest("POST", url, Headers.of(fields), body)


def _body(message: OutboundMessage) -> Any:
    template = message.settings.get("body_template")
    try:
        return filled(DEFAULT_TEMPLATE if template is None else template, _values(message))
    except ValueError as error:
        raise CannotSend("template_unusable", str(error)) from error


def _values(message: OutboundMessage) -> Mapping[str, Any]:
    return {
        "id": message.reference,
        "channel": message.channel or "sms",
        "from": message.sender,
        "to": message.recipient,
        "text": message.text,
        "timestamp": iso_utc(message.sent_at),
        "attachments": [_attachment(file.type, file.url, file.mime_type, file.filename) for file in message.media],
        "reply_to": message.in_reply_to,
    }


def _attachment(kind: str, url: str | None, mime_type: str | None, filename: str | None) -> Mapping[str, Any]:
    if not url:
        raise CannotSend("file_unusable", "the receiving system needs a link to each file")
    return {"type": kind, "url": url, "mime_type": mime_type, "filename": filename}


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what an answer means: 2xx took the message, under its ``id`` if it names one, else under our reference."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        external_id = id_in(answer, "id") or (response.request.headers.get(HEADER) if response.request else None)
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", MAYBE_SENT)
    error = object_in(answer, "error")
    problem = ANSWERS.of(str(response.status))
    if response.status >= 500 and problem is not THROTTLED:
        problem = MAYBE_SENT
    return refused(response, id_in(error, "code"), problem, text_in(error, "message"))
