"""Sending by the Messages API: the request, and what the answer means; and telling that a message was read.

https://developer.vonage.com/en/api/messages
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from channels.errors import CannotSend
from channels.events import Location, Media
from channels.http import Headers, HttpRequest, HttpResponse
from channels.json_bodies import write_json
from channels.json_fields import id_in
from channels.operations import Dialogue
from channels.outbound import (
    Accepted,
    Buttons,
    ChoiceList,
    FlowButton,
    LinkButton,
    LocationRequest,
    OutboundMessage,
    Reaction,
    Refused,
    SendResult,
    Template,
)
from channels.phone_addresses import is_user_id
from channels.refusals import answer_of, refused
from channels.vonage.messages_problems import BY_STATUS, PROBLEMS, THROTTLED, UNKNOWN, UNNAMED, problem_in
from channels.whatsapp.interactive import interactive_message
from channels.whatsapp.template_messages import template_message

API = "https://api.nexmo.com/v1/messages"

#: A message that was received lies in one region, and can be marked as read only there.
REGIONS = ("api-us", "api-eu", "api-ap")

LONGEST_TEXT = {"sms": 1000, "mms": 1000, "whatsapp": 4096}
LONGEST_CAPTION = {"mms": 2000, "whatsapp": 1024}
LONGEST_REFERENCE = 100

#: A number, or words joined by dashes; the title of an error may also be a sentence.
CODE = re.compile(r"[a-z0-9-]{1,40}")

#: Our kinds of files → Vonage's.
FILES: Mapping[str, Mapping[str, str]] = {
    "mms": {"image": "image", "audio": "audio", "voice": "audio", "video": "video", "document": "file", "file": "file"},
    "whatsapp": {
        "image": "image", "audio": "audio", "voice": "audio", "video": "video", "document": "file", "file": "file",
        "sticker": "sticker",
    },
}  # fmt: skip
WITHOUT_CAPTION = frozenset({"audio", "sticker"})


def build_message(message: OutboundMessage, authorization: str) -> HttpRequest:
    """Make the request that sends a text, one file by link, or something to tap on in WhatsApp.

    Raises:
        CannotSend: when Vonage has no such message.
    """
    channel = _channel(message)
    body: dict[str, Any] = {
        "channel": channel,
        "from": message.sender.removeprefix("+"),
        "to": message.recipient.removeprefix("+"),
        **_content(message, channel),
    }
    if channel == "whatsapp" and message.in_reply_to:
        body["context"] = {"message_uuid": message.in_reply_to}
    if len(message.reference) <= LONGEST_REFERENCE:
        body["client_ref"] = message.reference
    if message.callback_url:
        body |= {"webhook_url": message.callback_url, "webhook_version": "v1"}
    headers = Headers.of({"authorization": authorization, "content-type": "application/json"})
    return HttpRequest("POST", API, headers, write_json(body))


def _channel(message: OutboundMessage) -> str:
    """Tell how a message goes out: files make it an MMS where nothing else is said."""
    if message.channel == "whatsapp" or (message.channel is None and is_user_id(message.recipient)):
        return "whatsapp"
    if message.channel not in {None, "sms", "mms"}:
        raise CannotSend("content_unsupported", "Vonage sends by SMS, MMS and WhatsApp")
    return "mms" if message.media or message.channel == "mms" else "sms"


def _content(message: OutboundMessage, channel: str) -> Mapping[str, Any]:
    if message.content is not None:
        return _special(message, channel)
    if len(message.media) > 1:
        raise CannotSend("too_many_files", "a message holds one file at most")
    if message.media:
        return _file(message.media[0], message.text, channel)
    return _text(message.text, channel)


def _special(message: OutboundMessage, channel: str) -> Mapping[str, Any]:
    """Return what only WhatsApp has; most of it goes to WhatsApp as its own API takes it."""
    if channel != "whatsapp" or message.media:
        raise CannotSend("content_unsupported", "this kind of message goes by WhatsApp alone, and takes no files")
    match message.content:
        case Reaction() as reaction:
            return _reaction(message, reaction)
        case Template() as template:
            return {"message_type": "custom", "custom": template_message(template)}
        case (Buttons() | ChoiceList() | LinkButton() | FlowButton() | LocationRequest()) as interactive:
            return {"message_type": "custom", "custom": interactive_message(interactive, message.text)}
        case Location() as place if not message.text:
            return {"message_type": "custom", "custom": {"type": "location", "location": _place(place)}}
        case _:
            raise CannotSend("content_unsupported", "this kind of message can't be sent through Vonage")


def _reaction(message: OutboundMessage, reaction: Reaction) -> Mapping[str, Any]:
    if not message.in_reply_to:
        raise CannotSend("reaction_without_message", "a reaction needs the message that it is about")
    shown = {"action": "react", "emoji": reaction.emoji} if reaction.emoji else {"action": "unreact"}
    return {"message_type": "reaction", "reaction": shown}


def _place(place: Location) -> Mapping[str, Any]:
    if not (abs(place.latitude) <= 90 and abs(place.longitude) <= 180):
        raise CannotSend("location_unusable", "the place has no latitude and longitude on earth")
    named = {"name": place.name, "address": place.address}
    return {"latitude": place.latitude, "longitude": place.longitude} | {
        key: value for key, value in named.items() if value
    }


def _text(text: str | None, channel: str) -> Mapping[str, Any]:
    if not text:
        raise CannotSend("message_empty", "a message needs a text or a file")
    _require_short(text, "the text", LONGEST_TEXT[channel])
    return {"message_type": "text", "text": text}


def _file(media: Media, caption: str | None, channel: str) -> Mapping[str, Any]:
    kind = FILES[channel].get(media.type)
    if kind is None or not media.url:
        raise CannotSend("file_unusable", "Vonage needs a link to the file and a kind of file that it knows")
    shown: dict[str, Any] = {"url": media.url}
    if caption and kind in WITHOUT_CAPTION:
        raise CannotSend("caption_unsupported", f"there is no text beside {kind}; send it on its own")
    if caption:
        _require_short(caption, "the text beside a file", LONGEST_CAPTION[channel])
        shown["caption"] = caption
    if kind == "file" and channel == "whatsapp" and media.filename:
        shown["name"] = media.filename
    return {"message_type": kind, kind: shown}


def _require_short(text: str, what: str, longest: int) -> None:
    if len(text) > longest:
        raise CannotSend("text_too_long", f"{what} has {longest} characters at most")


def read_answer(response: HttpResponse) -> SendResult:
    """Tell what Vonage's answer to a send means. A 429 was not processed; a 5xx may have been."""
    answer = answer_of(response)
    if response.status // 100 == 2:
        external_id = id_in(answer, "message_uuid")
        return Accepted(external_id) if external_id else refused(response, "answer_unreadable", UNKNOWN)
    return _refusal(response)


def _refusal(response: HttpResponse) -> Refused:
    code, said = problem_in(answer_of(response))
    code = code if code and CODE.fullmatch(code) else None
    if response.status == 429:
        return refused(response, code, THROTTLED, said)
    if response.status >= 500:
        return refused(response, code, UNKNOWN, said)
    known = PROBLEMS.of(code)
    by_status = BY_STATUS.get(response.status, known)
    return refused(response, code, by_status if known is UNNAMED else known, said)


def mark_read(message_ref: str, authorization: str) -> Dialogue[Refused | None]:
    """Tell the customer that a WhatsApp message was read, in the region that holds it; None when that was done."""
    headers = Headers.of({"authorization": authorization, "content-type": "application/json"})
    refusal: Refused | None = None
    for region in REGIONS:
        url = f"https://{region}.nexmo.com/v1/messages/{quote(message_ref.encode('utf-8', 'replace'), safe='')}"
        response = yield HttpRequest("PATCH", url, headers, write_json({"status": "read"}))
        if response.status // 100 == 2:
            return None
        refusal = _refusal(response)
        if response.status != 404:
            return refusal
    return refusal
