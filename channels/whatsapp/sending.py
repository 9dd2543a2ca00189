"""Messages on their way out: the request that sends one, and what Meta's answer means.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

from typing import Any

import orjson

from channels.errors import CannotSend, PayloadMalformed
from channels.events import Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import read_json
from channels.json_fields import NOTHING, Object, id_in, list_in, object_in, text_in
from channels.outbound import Accepted, OutboundMessage, Reaction, Refused, SendResult
from channels.phone_addresses import is_user_id
from channels.retry_after import retry_after
from channels.whatsapp.problems import THROTTLED, TROUBLE, problem_of

GRAPH = "https://graph.facebook.com"
LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024

#: Our kinds of media → Meta's.
MEDIA_TYPES = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "document",
    "file": "document",
    "sticker": "sticker",
}
WITHOUT_CAPTION = frozenset({"audio", "sticker"})


def build_message(message: OutboundMessage, version: str, token: str) -> HttpRequest:
    """Make the request that sends a text, a reaction, or one file by link or id.

    ``biz_opaque_callback_data`` brings our own id back with every status, so that a message is found again even when
    the answer to this request was lost.

    Raises:
        CannotSend: when WhatsApp has no such message.
    """
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        **_recipient(message.recipient),
        "biz_opaque_callback_data": message.reference,
        **_content(message),
    }
    if message.in_reply_to and not isinstance(message.content, Reaction):
        body["context"] = {"message_id": message.in_reply_to}
    headers = Headers.of({"authorization": f"Bearer {token}", "content-type": "application/json"})
    return HttpRequest("POST", f"{GRAPH}/{version}/{message.sender}/messages", headers, orjson.dumps(body))


def _recipient(address: str) -> Object:
    if is_user_id(address):
        return {"recipient_type": "individual", "recipient": address}
    is_number = address.removeprefix("+").isdigit()
    return {"recipient_type": "individual" if is_number else "group", "to": address}


def _content(message: OutboundMessage) -> Object:
    if isinstance(message.content, Reaction):
        return _reaction(message, message.content)
    if message.content is not None:
        raise CannotSend("content_unsupported", "this kind of message can't be sent yet")
    if len(message.media) > 1:
        raise CannotSend("too_many_files", "a WhatsApp message holds one file at most")
    if message.media:
        return _file(message.media[0], message.text)
    return _text(message.text)


def _reaction(message: OutboundMessage, reaction: Reaction) -> Object:
    if not message.in_reply_to:
        raise CannotSend("reaction_without_message", "a reaction needs the message that it is about")
    return {"type": "reaction", "reaction": {"message_id": message.in_reply_to, "emoji": reaction.emoji}}


def _text(text: str | None) -> Object:
    if not text:
        raise CannotSend("message_empty", "a WhatsApp message needs a text or a file")
    if len(text) > LONGEST_TEXT:
        raise CannotSend("text_too_long", f"a WhatsApp text has {LONGEST_TEXT} characters at most")
    return {"type": "text", "text": {"body": text, "preview_url": "://" in text}}


def _file(media: Media, caption: str | None) -> Object:
    kind = MEDIA_TYPES.get(media.type)
    if kind is None or not (media.url or media.id):
        raise CannotSend("file_unusable", "WhatsApp needs a link to the file and a kind of file that it knows")
    source = {"link": media.url} if media.url else {"id": media.id}
    if caption and kind in WITHOUT_CAPTION:
        raise CannotSend("caption_unsupported", f"WhatsApp takes no text beside {kind}; send it on its own")
    if caption and len(caption) > LONGEST_CAPTION:
        raise CannotSend("text_too_long", f"the text beside a file has {LONGEST_CAPTION} characters at most")
    if caption:
        source["caption"] = caption
    if kind == "document" and media.filename:
        source["filename"] = media.filename
    return {"type": kind, kind: source}


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Meta's answer to a send means. Its error code decides; the HTTP status is unreliable."""
    document = _document(response)
    if response.status // 100 == 2:
        sent = next((item for item in list_in(document, "messages") if type(item) is dict), NOTHING)
        external_id = id_in(sent, "id")
        if external_id:
            return Accepted(external_id)
        return Refused("answer_unreadable", TROUBLE.reason, retryable=False, unknown=True)
    return _refusal(response, object_in(document, "error"))


def _document(response: HttpResponse) -> Object:
    try:
        document = read_json(response.body)
    except PayloadMalformed:
        return NOTHING
    return document if type(document) is dict else NOTHING


def _refusal(response: HttpResponse, error: Object) -> Refused:
    code = id_in(error, "code")
    problem = problem_of(code)
    if response.status == 429:
        problem = THROTTLED
    elif code is None and response.status >= 500:
        problem = TROUBLE
    details = text_in(object_in(error, "error_data"), "details") or text_in(error, "message")
    return Refused(
        code or f"http_{response.status}",
        f"{problem.reason} ({details})" if details else problem.reason,
        retryable=problem.retryable and not problem.unknown,
        retry_after=retry_after(response),
        unknown=problem.unknown,
    )
