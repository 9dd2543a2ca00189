"""Messages on their way out: the request that sends one, and what Telnyx's answer means.

https://developers.telnyx.com/api-reference/messages/send-a-message
"""

from collections.abc import Iterator
from typing import Any

from channels.callback_urls import tagged
from channels.errors import CannotSend
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import write_json
from channels.json_fields import id_in, object_in
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import answer_of, refused
from channels.segments import require_segments
from channels.telnyx.posts import REFERENCE
from channels.telnyx.problems import PROBLEMS, THROTTLED, UNKNOWN, first_problem

API = "https://api.telnyx.com/v2/messages"

#: Of an SMS; a longer one is refused with 40302.
MOST_SEGMENTS = 10
LONGEST_TEXT = 1530
MOST_FILES = 10


def build_message(message: OutboundMessage, api_key: str, profile_id: str | None) -> HttpRequest:
    """Make the request that sends a text, files by link, or both.

    Raises:
        CannotSend: when Telnyx has no such message.
    """
    if message.content is not None or message.channel not in {None, "sms", "mms"}:
        raise CannotSend("content_unsupported", "Telnyx sends texts and files by SMS and MMS, and nothing else")
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    body: dict[str, Any] = {"from": message.sender, "to": message.recipient}
    if message.text:
        _require_short(message.text, beside_files=bool(message.media))
        body["text"] = message.text
    if links := list(_links(message)):
        body |= {"media_urls": links, "type": "MMS"}
        if message.subject:
            body["subject"] = message.subject
    if profile_id:
        body["messaging_profile_id"] = profile_id
    if message.callback_url:
        body["webhook_url"] = tagged(message.callback_url, **{REFERENCE: message.reference})
    headers = Headers.of({"authorization": f"Bearer {api_key}", "content-type": "application/json"})
    return HttpRequest("POST", API, headers, write_json(body))


def _require_short(text: str, *, beside_files: bool) -> None:
    if not beside_files:
        require_segments(text, MOST_SEGMENTS)
    elif len(text) > LONGEST_TEXT:
        raise CannotSend("text_too_long", f"the text beside a file has {LONGEST_TEXT} characters at most")


def _links(message: OutboundMessage) -> Iterator[str]:
    if len(message.media) > MOST_FILES:
        raise CannotSend("too_many_files", f"a message holds {MOST_FILES} files at most")
    for file in message.media:
        if not file.url:
            raise CannotSend("file_unusable", "Telnyx needs a link to the file")
        yield file.url


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Telnyx's answer to a send means. A 429 was not processed; a 5xx may have been."""
    answer = answer_of(response)
    code, said = first_problem(answer)
    if response.status // 100 == 2:
        external_id = id_in(object_in(answer, "data"), "id")
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", UNKNOWN)
    if response.status == 429:
        return refused(response, code, THROTTLED, said)
    if response.status >= 500:
        return refused(response, code, UNKNOWN, said)
    return refused(response, code, PROBLEMS.of(code), said)
