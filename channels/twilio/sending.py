"""Messages on their way out: the request that sends one, and what Twilio's answer means.

https://www.twilio.com/docs/messaging/api/message-resource
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from channels.errors import CannotSend, PayloadMalformed
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.outbound import Accepted, OutboundMessage, Refused, SendResult
from channels.phone_addresses import is_user_id
from channels.retry_after import retry_after
from channels.twilio.problems import THROTTLED, problem_of

API = "https://api.twilio.com/2010-04-01/Accounts"
LONGEST_TEXT = 1600
MOST_FILES = {"whatsapp": 1}
MOST_FILES_ELSEWHERE = 10

#: The query field of a status callback that brings our own id back.
REFERENCE = "reference"
MAYBE_SENT = "It is not known whether Twilio took the message."


def build_message(message: OutboundMessage, account_sid: str, auth_token: str) -> HttpRequest:
    """Make the request that sends a text, files by link, or both.

    Twilio can't quote WhatsApp messages, so that ``in_reply_to`` is left out.

    Raises:
        CannotSend: when Twilio has no such message.
    """
    login = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()
    headers = Headers.of({"authorization": f"Basic {login}", "content-type": "application/x-www-form-urlencoded"})
    body = urlencode(list(_fields(message))).encode()
    return HttpRequest("POST", f"{API}/{account_sid}/Messages.json", headers, body)


def _fields(message: OutboundMessage) -> Iterator[tuple[str, str]]:
    if message.content is not None:
        raise CannotSend("content_unsupported", "Twilio can't send this kind of message")
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    prefix = "whatsapp:" if message.channel == "whatsapp" or is_user_id(message.recipient) else ""
    yield "To", prefix + message.recipient
    yield "From", prefix + message.sender
    if message.text:
        if len(message.text) > LONGEST_TEXT:
            raise CannotSend("text_too_long", f"a text has {LONGEST_TEXT} characters at most")
        yield "Body", message.text
    yield from _links(message)
    if message.callback_url:
        joint = "&" if "?" in message.callback_url else "?"
        yield "StatusCallback", f"{message.callback_url}{joint}{REFERENCE}={quote(message.reference, safe='')}"


def _links(message: OutboundMessage) -> Iterator[tuple[str, str]]:
    most = MOST_FILES.get(message.channel or "", MOST_FILES_ELSEWHERE)
    if len(message.media) > most:
        raise CannotSend("too_many_files", f"a message holds {most} files at most here")
    for file in message.media:
        if not file.url:
            raise CannotSend("file_unusable", "Twilio needs a link to the file")
        yield "MediaUrl", file.url


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Twilio's answer to a send means. A 429 was not processed; a 5xx may have been."""
    document = _document(response)
    if response.status // 100 == 2:
        sid = document.get("sid")
        if isinstance(sid, str) and sid:
            return Accepted(sid)
        return Refused("answer_unreadable", MAYBE_SENT, retryable=False, unknown=True)
    code = _code(document)
    if response.status >= 500:
        return Refused(
            code or f"http_{response.status}", MAYBE_SENT, retryable=False,
            retry_after=retry_after(response), unknown=True,
        )  # fmt: skip
    return _refusal(response, code, document.get("message"))


def _refusal(response: HttpResponse, code: str | None, said: Any) -> Refused:
    problem = THROTTLED if response.status == 429 else problem_of(code)
    return Refused(
        code or f"http_{response.status}",
        f"{problem.reason} ({said})" if isinstance(said, str) and said else problem.reason,
        retryable=problem.retryable,
        retry_after=retry_after(response),
    )


def _code(document: Mapping[str, Any]) -> str | None:
    code = document.get("code")
    return str(code) if type(code) in {int, str} and code else None


def _document(response: HttpResponse) -> Mapping[str, Any]:
    try:
        document = read_json(response.body)
    except PayloadMalformed:
        return {}
    return document if isinstance(document, dict) else {}
