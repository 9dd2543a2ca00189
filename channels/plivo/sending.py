"""Messages on their way out: the request that sends one, and what Plivo's answer means.

https://www.plivo.com/docs/messaging/api/message/send-a-message
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from channels.callback_urls import tagged
from channels.errors import CannotSend
from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization
from channels.json_bodies import write_json
from channels.json_fields import Object, list_in, object_in, text_in
from channels.outbound import Accepted, OutboundMessage, SendResult, Template
from channels.plivo.posts import REFERENCE
from channels.plivo.problems import BY_STATUS, UNKNOWN, UNNAMED
from channels.plivo.templates import template_of
from channels.refusals import answer_of, refused

API = "https://api.plivo.com/v1/Account"
LONGEST_TEXT = 1600
MOST_FILES = 10

#: Stands between several recipients of one request, which we never mean.
BETWEEN_RECIPIENTS = "<"


def build_message(message: OutboundMessage, auth_id: str, auth_token: str) -> HttpRequest:
    """Make the request that sends a text, files by link, both, or a template of WhatsApp.

    Raises:
        CannotSend: when Plivo has no such message.
    """
    if message.channel not in {None, "sms", "mms", "whatsapp"}:
        raise CannotSend("content_unsupported", "Plivo sends by SMS, MMS and WhatsApp")
    if BETWEEN_RECIPIENTS in message.recipient:
        raise CannotSend("recipient_invalid", "this is not one recipient")
    headers = Headers.of(
        {"authorization": basic_authorization(auth_id, auth_token), "content-type": "application/json"}
    )
    url = f"{API}/{quote(auth_id, safe='')}/Message/"
    return HttpRequest("POST", url, headers, write_json(_body(message)))


def _body(message: OutboundMessage) -> dict[str, Any]:
    kind = "whatsapp" if message.channel == "whatsapp" else "mms" if message.media else "sms"
    body: dict[str, Any] = {
        "src": message.sender.removeprefix("+"),
        "dst": message.recipient.removeprefix("+"),
        "type": kind,
        **(_words_and_files(message) if message.content is None else _template(message)),
    }
    if message.callback_url:
        body |= {"url": tagged(message.callback_url, **{REFERENCE: message.reference}), "method": "POST"}
    return body


def _template(message: OutboundMessage) -> dict[str, Any]:
    if not isinstance(message.content, Template) or message.channel != "whatsapp" or message.media:
        raise CannotSend(
            "content_unsupported", "beside texts and files Plivo sends templates of WhatsApp, on their own"
        )
    return {"template": template_of(message.content)}


def _words_and_files(message: OutboundMessage) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    if message.text:
        if len(message.text) > LONGEST_TEXT:
            raise CannotSend("text_too_long", f"a text has {LONGEST_TEXT} characters at most")
        shown["text"] = message.text
    if message.media:
        shown["media_urls"] = list(_links(message))
    return shown


def _links(message: OutboundMessage) -> Iterator[str]:
    most = 1 if message.channel == "whatsapp" else MOST_FILES
    if len(message.media) > most:
        raise CannotSend("too_many_files", f"a message holds {most} files at most here")
    for file in message.media:
        if not file.url:
            raise CannotSend("file_unusable", "Plivo needs a link to the file")
        yield file.url


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Plivo's answer to a send means. A 429 was not processed; a 5xx may have been."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        ids = [found for found in list_in(answer, "message_uuid") if type(found) is str and found]
        return Accepted(ids[0]) if ids else refused(response, "answer_unreadable", UNKNOWN)
    problem = UNKNOWN if response.status >= 500 else BY_STATUS.get(response.status, UNNAMED)
    return refused(response, None, problem, _words(answer))


def _words(answer: Object) -> str | None:
    """Return what Plivo says; the text was seen one level deeper too."""
    return text_in(answer, "error") or text_in(object_in(answer, "error"), "error")
