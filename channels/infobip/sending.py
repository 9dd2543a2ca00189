"""Messages on their way out through Infobip: the requests, and what the answers mean.

https://www.infobip.com/docs/api/channels/sms/outbound-sms/send-sms-messages
https://www.infobip.com/docs/api/channels/whatsapp/whatsapp-outbound-messages/send-whatsapp-text-message
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from channels.errors import CannotSend
from channels.events import Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.infobip.problems import ANSWERS, FATES, MAYBE_SENT
from channels.json_bodies import write_json
from channels.json_fields import Object, id_in, list_in, object_in, text_in
from channels.operations import Dialogue, Receipt
from channels.outbound import Accepted, OutboundMessage, Refused, SendResult
from channels.phone_addresses import is_user_id
from channels.refusals import answer_of, refused
from channels.segments import require_segments

MOST_SEGMENTS = 10
LONGEST_MMS_TEXT = 1600
LONGEST_WHATSAPP_TEXT = 4096
LONGEST_CAPTION = 1024
MOST_FILES = 10

#: Kinds of files → WhatsApp's kinds.
WHATSAPP_KINDS = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "document",
    "file": "document",
    "sticker": "sticker",
}
WITHOUT_CAPTION = frozenset({"audio", "sticker"})


def build_message(message: OutboundMessage, base_url: str, api_key: str) -> HttpRequest:
    """Make the request that sends a text, or files by link.

    Raises:
        CannotSend: when Infobip has no such message.
    """
    if message.content is not None:
        raise CannotSend("content_unsupported", "this kind of message can't be sent through Infobip here")
    if not message.text and not message.media:
        raise CannotSend("message_empty", "a message needs a text or a file")
    if is_user_id(message.recipient):
        raise CannotSend("recipient_unsupported", "Infobip needs the customer's phone number")
    builder = BUILDERS.get("mms" if message.media and message.channel in {None, "sms"} else message.channel or "sms")
    if builder is None:
        raise CannotSend("channel_unsupported", "Infobip sends SMS, MMS and WhatsApp here")
    path, body = builder(message)
    return HttpRequest("POST", base_url + path, _headers(api_key), write_json(body))


def _headers(api_key: str) -> Headers:
    return Headers.of({
        "authorization": f"App {api_key}", "content-type": "application/json", "accept": "application/json",
    })  # fmt: skip


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _sms(message: OutboundMessage) -> tuple[str, Object]:
    require_segments(message.text or "", MOST_SEGMENTS)
    return "/sms/3/messages", _enveloped(message, {"text": message.text})


def _mms(message: OutboundMessage) -> tuple[str, Object]:
    if len(message.text or "") > LONGEST_MMS_TEXT:
        raise CannotSend("text_too_long", f"the text of an MMS has {LONGEST_MMS_TEXT} characters at most")
    if len(message.media) > MOST_FILES:
        raise CannotSend("too_many_files", f"an MMS holds {MOST_FILES} files at most")
    words: list[Object] = [{"type": "TEXT", "text": message.text}] if message.text else []
    segments = words + [_link(file) for file in message.media]
    return "/mms/2/messages", _enveloped(message, {"title": message.subject or "", "messageSegments": segments})


def _link(file: Media) -> Object:
    if not file.url or not file.mime_type:
        raise CannotSend("file_unusable", "Infobip needs a link to each file, and its MIME type")
    return {"type": "LINK", "contentUrl": file.url, "contentType": file.mime_type}


def _enveloped(message: OutboundMessage, content: Object) -> Object:
    """Put a content into the shape that SMS and MMS share.

    It names no URL for the delivery report: such a report would come without the login that a subscription has.
    """
    sent = {
        "sender": _digits(message.sender),
        "destinations": [{"to": _digits(message.recipient)}],
        "content": content,
        "webhooks": {"callbackData": message.reference},
    }
    return {"messages": [sent]}


def _whatsapp(message: OutboundMessage) -> tuple[str, Object]:
    if len(message.media) > 1:
        raise CannotSend("too_many_files", "a WhatsApp message holds one file at most")
    kind, content = _whatsapp_file(message.media[0], message.text) if message.media else _whatsapp_text(message.text)
    body: dict[str, Any] = {
        "from": _digits(message.sender),
        "to": _digits(message.recipient),
        "content": content,
        "callbackData": message.reference,
    }
    if message.in_reply_to:
        body["context"] = {"replyToMessageId": message.in_reply_to}
    return f"/whatsapp/1/message/{kind}", body


def _whatsapp_text(text: str | None) -> tuple[str, Object]:
    text = text or ""
    if len(text) > LONGEST_WHATSAPP_TEXT:
        raise CannotSend("text_too_long", f"a WhatsApp text has {LONGEST_WHATSAPP_TEXT} characters at most")
    return "text", {"text": text, "previewUrl": "://" in text}


def _whatsapp_file(file: Media, caption: str | None) -> tuple[str, Object]:
    kind = WHATSAPP_KINDS.get(file.type)
    if kind is None or not file.url:
        raise CannotSend("file_unusable", "WhatsApp needs a link to the file and a kind of file that it knows")
    if caption and kind in WITHOUT_CAPTION:
        raise CannotSend("caption_unsupported", f"WhatsApp takes no text beside {kind}; send it on its own")
    if caption and len(caption) > LONGEST_CAPTION:
        raise CannotSend("text_too_long", f"the text beside a file has {LONGEST_CAPTION} characters at most")
    found = {"mediaUrl": file.url, "caption": caption, "filename": file.filename if kind == "document" else None}
    return kind, {name: value for name, value in found.items() if value}


#: The message's channel → how to write it.
BUILDERS: dict[str, Callable[[OutboundMessage], tuple[str, Object]]] = {"sms": _sms, "mms": _mms, "whatsapp": _whatsapp}


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Infobip's answer to a send means; one of HTTP status 200 may still reject the message."""
    answer = answer_of(response)
    if response.status // 100 != 2:
        return _refusal(response, answer)
    sent = next((item for item in list_in(answer, "messages") if type(item) is dict), answer)
    status = object_in(sent, "status")
    if text_in(status, "groupName") == "REJECTED":
        name = text_in(status, "name")
        return refused(response, name, FATES.of(name), status.get("description"))
    external_id = id_in(sent, "messageId")
    return Accepted(external_id) if external_id else refused(response, "answer_unreadable", MAYBE_SENT)


def _refusal(response: HttpResponse, answer: Object) -> Refused:
    """Read an error in either shape; a 429 was not processed, a 5xx may have been."""
    exception = object_in(object_in(answer, "requestError"), "serviceException")
    code = id_in(exception, "messageId") or id_in(answer, "errorCode")
    problem = MAYBE_SENT if response.status >= 500 else ANSWERS.of(str(response.status))
    return refused(response, code, problem, exception.get("text") or answer.get("description"))


def mark_read(receipt: Receipt, base_url: str, api_key: str) -> Dialogue[Refused | None]:
    """Tell a WhatsApp customer that a message was read; Infobip can't tell who is typing."""
    sender, message_ref = _escaped(_digits(receipt.sender)), _escaped(receipt.message_ref)
    url = f"{base_url}/whatsapp/1/senders/{sender}/message/{message_ref}/read"
    response = yield HttpRequest("POST", url, _headers(api_key))
    return None if response.status // 100 == 2 else _refusal(response, answer_of(response))


def _escaped(part: str) -> str:
    return quote(part, safe="", errors="replace")
