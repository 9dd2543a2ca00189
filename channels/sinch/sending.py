"""Messages on their way out through Sinch: the request that sends one, and what the answer means.

https://developers.sinch.com/docs/conversation/api-reference/conversation/messages
"""

from typing import Any
from urllib.parse import quote

from channels.errors import CannotSend
from channels.http import Headers, HttpRequest, HttpResponse, basic_authorization
from channels.json_bodies import write_json
from channels.json_fields import Object, id_in, object_in, text_in
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.phone_addresses import is_user_id
from channels.refusals import answer_of, refused
from channels.segments import require_segments
from channels.sinch.problems import ANSWERS, MAYBE_SENT

#: Our channels → theirs.
CHANNELS = {"sms": "SMS", "mms": "MMS", "whatsapp": "WHATSAPP"}

MOST_SEGMENTS = 10
LONGEST_TEXT = 4096
LONGEST_REFERENCE = 128


def build_message(message: OutboundMessage, region: str, project_id: str, key_id: str, key_secret: str) -> HttpRequest:
    """Make the request that sends a text, or one file by link, from the app whose id is ``message.sender``.

    Which number or name it comes from is up to the app. It names no URL for the delivery report: that of the app's
    webhook is signed.

    Raises:
        CannotSend: when Sinch has no such message.
    """
    channel = CHANNELS.get("mms" if message.media and message.channel in {None, "sms"} else message.channel or "sms")
    if channel is None:
        raise CannotSend("channel_unsupported", "Sinch sends SMS, MMS and WhatsApp here")
    if len(message.reference) > LONGEST_REFERENCE:
        raise CannotSend("reference_too_long", f"a reference has {LONGEST_REFERENCE} characters at most")
    identity = message.recipient if is_user_id(message.recipient) else message.recipient.removeprefix("+")
    body = {
        "app_id": message.sender,
        "recipient": {"identified_by": {"channel_identities": [{"channel": channel, "identity": identity}]}},
        "channel_priority_order": [channel],
        "correlation_id": message.reference,
        "message": _content(message, channel),
    }
    headers = Headers.of({
        "authorization": basic_authorization(key_id, key_secret), "content-type": "application/json",
    })  # fmt: skip
    project = quote(project_id, safe="", errors="replace")
    url = f"https://{region}.conversation.api.sinch.com/v1/projects/{project}/messages:send"
    return HttpRequest("POST", url, headers, write_json(body))


def _content(message: OutboundMessage, channel: str) -> Object:
    if message.content is not None:
        raise CannotSend("content_unsupported", "this kind of message can't be sent through Sinch here")
    if message.media:
        return _file(message)
    if not message.text:
        raise CannotSend("message_empty", "a message needs a text or a file")
    if channel == "SMS":
        require_segments(message.text, MOST_SEGMENTS)
    if len(message.text) > LONGEST_TEXT:
        raise CannotSend("text_too_long", f"a text has {LONGEST_TEXT} characters at most")
    return {"text_message": {"text": message.text}}


def _file(message: OutboundMessage) -> Object:
    if len(message.media) > 1:
        raise CannotSend("too_many_files", "a message holds one file at most here")
    if message.text:
        raise CannotSend("caption_unsupported", "Sinch takes no text beside a file; send it on its own")
    file = message.media[0]
    if not file.url:
        raise CannotSend("file_unusable", "Sinch needs a link to the file")
    found: dict[str, Any] = {"url": file.url, "filename_override": file.filename}
    return {"media_message": {name: value for name, value in found.items() if value}}


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Sinch's answer to a send means. A 429 was not processed; a 5xx may have been."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        external_id = id_in(answer, "message_id")
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", MAYBE_SENT)
    error = object_in(answer, "error")
    problem = MAYBE_SENT if response.status >= 500 else ANSWERS.of(str(response.status))
    return refused(response, text_in(error, "status") or id_in(error, "code"), problem, error.get("message"))
