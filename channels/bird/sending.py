"""Messages on their way out through Bird: the request that sends one, and what the answer means.

https://docs.bird.com/api/channels-api/supported-channels/programmable-sms/sending-sms-messages
"""

from typing import Any
from urllib.parse import quote

from channels.errors import CannotSend
from channels.events import Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import write_json
from channels.json_fields import NOTHING, Object, id_in
from channels.outbound import Accepted, OutboundMessage, SendResult
from channels.phone_addresses import is_user_id
from channels.refusals import Problem, Problems, answer_of, refused
from channels.segments import require_segments

API = "https://api.bird.com"
MOST_SEGMENTS = 10
LONGEST_TEXT = 4096
MOST_FILES = 10

#: HTTP statuses of the answer to a send.
LOGIN = Problem("Bird rejected the connection's access key, or the key may not use this channel.")
CHANNEL = Problem("Bird does not know this workspace or channel; an administrator has to check the connection.")
MONEY = Problem("The Bird account has no money left; an administrator has to act.")
CONTENT = Problem("Bird did not accept the recipient or the content.")
THROTTLED = Problem("Bird takes no more messages at the moment; it will be tried again.", True)
REFUSED = Problem("Bird refused the message.")
MAYBE_SENT = Problem("It is not known whether Bird took the message.", unknown=True)
ANSWERS = Problems({LOGIN: (401, 403), MONEY: (402,), CHANNEL: (404,), CONTENT: (400, 422), THROTTLED: (429,)}, REFUSED)


def build_message(message: OutboundMessage, workspace_id: str, access_key: str) -> HttpRequest:
    """Make the request that sends a message from the channel whose id is ``message.sender``.

    Raises:
        CannotSend: when Bird has no such message.
    """
    if message.channel not in {None, "sms", "mms", "whatsapp"}:
        raise CannotSend("channel_unsupported", "Bird sends SMS, MMS and WhatsApp here")
    if message.content is not None:
        raise CannotSend("content_unsupported", "this kind of message can't be sent through Bird here")
    if is_user_id(message.recipient):
        raise CannotSend("recipient_unsupported", "Bird needs the customer's phone number")
    body: dict[str, Any] = {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": message.recipient}]},
        "body": _file_body(message) if message.media else _text_body(message),
        "reference": message.reference,
    }
    if message.in_reply_to and message.channel == "whatsapp":
        body["replyTo"] = {"id": message.in_reply_to, "type": "message"}
    headers = Headers.of({"authorization": f"AccessKey {access_key}", "content-type": "application/json"})
    workspace, channel = _escaped(workspace_id), _escaped(message.sender)
    return HttpRequest("POST", f"{API}/workspaces/{workspace}/channels/{channel}/messages", headers, write_json(body))


def _escaped(part: str) -> str:
    return quote(part, safe="", errors="replace")


def _text_body(message: OutboundMessage) -> Object:
    if not message.text:
        raise CannotSend("message_empty", "a message needs a text or a file")
    if message.channel == "whatsapp" and len(message.text) > LONGEST_TEXT:
        raise CannotSend("text_too_long", f"a WhatsApp text has {LONGEST_TEXT} characters at most")
    if message.channel != "whatsapp":
        require_segments(message.text, MOST_SEGMENTS)
    return {"type": "text", "text": {"text": message.text}}


def _file_body(message: OutboundMessage) -> Object:
    if len(message.media) > MOST_FILES:
        raise CannotSend("too_many_files", f"a message holds {MOST_FILES} files at most")
    if not all(file.url for file in message.media):
        raise CannotSend("file_unusable", "Bird needs a link to each file")
    words = {"text": message.text} if message.text else NOTHING
    if all(file.type == "image" for file in message.media):
        return {"type": "image", "image": {"images": [{"mediaUrl": file.url} for file in message.media], **words}}
    return {"type": "file", "file": {"files": [_file(file) for file in message.media], **words}}


def _file(file: Media) -> Object:
    found = {"mediaUrl": file.url, "contentType": file.mime_type, "filename": file.filename}
    return {name: value for name, value in found.items() if value}


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Bird's answer to a send means. A 429 was not processed; a 5xx may have been."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        external_id = id_in(answer, "id")
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", MAYBE_SENT)
    problem = MAYBE_SENT if response.status >= 500 else ANSWERS.of(str(response.status))
    return refused(response, id_in(answer, "code"), problem, answer.get("message"))
