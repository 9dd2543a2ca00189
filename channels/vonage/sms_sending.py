"""Sending by the SMS API: the request, and what the answer means, which is 200 even for a refusal.

https://developer.vonage.com/en/api/sms
"""

from typing import Any

from channels.errors import CannotSend
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import write_json
from channels.json_fields import NOTHING, Object, id_in, list_in, text_in
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.refusals import answer_of, refused
from channels.segments import require_segments, segments
from channels.vonage.sms_problems import ANSWERS, LOGIN, PARTIAL, THROTTLED, UNKNOWN, UNNAMED

API = "https://rest.nexmo.com/sms/json"

#: Vonage takes up to 3,200 characters, which is more parts than any carrier joins.
MOST_SEGMENTS = 10
LONGEST_TEXT = 1530
LONGEST_REFERENCE = 100
TAKEN = "0"


def build_sms(message: OutboundMessage, api_key: str, api_secret: str) -> HttpRequest:
    """Make the request that sends a text.

    Raises:
        CannotSend: when the SMS API has no such message.
    """
    if message.content is not None or message.media or message.channel not in {None, "sms"}:
        raise CannotSend("content_unsupported", "Vonage's SMS API sends nothing but texts")
    if not message.text:
        raise CannotSend("message_empty", "a message needs a text")
    require_segments(message.text, MOST_SEGMENTS)
    body: dict[str, Any] = {
        "api_key": api_key,
        "api_secret": api_secret,
        "from": message.sender.removeprefix("+"),
        "to": message.recipient.removeprefix("+"),
        "text": message.text,
        "type": "text" if segments(message.text).encoding == "GSM-7" else "unicode",
    }
    if len(message.reference) <= LONGEST_REFERENCE:
        body["client-ref"] = message.reference
    if message.callback_url:
        body |= {"callback": message.callback_url, "status-report-req": 1}
    return HttpRequest("POST", API, Headers.of({"content-type": "application/json"}), write_json(body))


def read_sms_answer(response: HttpResponse) -> SendResult:
    """Tell what the answer means: it lists the parts of the message, each with its own status and id.

    The id of the first part stands for the message. When only some parts were taken, the message went out in part:
    it must not be sent again as a whole.
    """
    if response.status // 100 != 2:
        return _refused_by_status(response)
    parts = [part for part in list_in(answer_of(response), "messages") if type(part) is dict]
    failed = next((part for part in parts if id_in(part, "status") != TAKEN), None)
    if failed is None:
        external_id = id_in(parts[0] if parts else NOTHING, "message-id")
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", UNKNOWN)
    code = id_in(failed, "status")
    if any(id_in(part, "status") == TAKEN for part in parts):
        return refused(response, code, PARTIAL, _words(failed))
    return refused(response, code or "answer_unreadable", ANSWERS.of(code) if code else UNKNOWN, _words(failed))


def _refused_by_status(response: HttpResponse) -> SendResult:
    if response.status == 429:
        return refused(response, None, THROTTLED)
    if response.status >= 500:
        return refused(response, None, UNKNOWN)
    return refused(response, None, LOGIN if response.status in {401, 403} else UNNAMED)


def _words(part: Object) -> str | None:
    return text_in(part, "error-text")
