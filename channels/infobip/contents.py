"""What a message holds: the segments of an MMS, and WhatsApp's kinds of messages.

https://www.infobip.com/docs/api/channels/whatsapp/whatsapp-inbound-messages/receive-whatsapp-inbound-messages
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.events import Attachment, ContactCard, Media
from channels.json_fields import Object, Unreadable, id_in, list_in, object_in, text_in
from channels.media_kinds import kind_of
from channels.phone_addresses import spelled
from channels.places import place_in


@dataclass(frozen=True, slots=True)
class Content:
    """A message without who and when."""

    subtype: str
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_segments(segments: Sequence[Any]) -> Content:
    """Read the segments of an MMS: words, and files by link. How they were to be laid out says nothing to a reader."""
    known = [segment for segment in segments if type(segment) is dict and not _is_layout(segment)]
    words = [text for segment in known if (text := text_in(segment, "value"))]
    files = [_segment_file(segment) for segment in known if text_in(segment, "url")]
    return Content("text", "\n".join(words) or None, tuple(files))


def _is_layout(segment: Object) -> bool:
    return (text_in(segment, "contentType") or "").partition(";")[0].strip().lower() == "application/smil"


def _segment_file(segment: Object) -> Media:
    mime_type = text_in(segment, "contentType")
    return Media(type=kind_of(mime_type), url=text_in(segment, "url"), mime_type=mime_type)


def read_whatsapp(message: Object) -> Content:
    """Read a WhatsApp message of any kind; those that are new become ``unknown``.

    Raises:
        Unreadable: when it lacks what its kind is about.
    """
    kind = text_in(message, "type") or ""
    content = READERS.get(kind, _unknown)(message)
    replied_to = id_in(object_in(message, "context"), "id")
    extra = {**content.extra, **_referral(message)}
    return Content(content.subtype, content.text, content.attachments, replied_to, extra)


def _text(message: Object) -> Content:
    return Content("text", text_in(message, "text"))


def _media(message: Object) -> Content:
    kind, url = str(message["type"]).lower(), text_in(message, "url")
    if url is None:
        raise Unreadable("'message.url' is missing")
    return Content(kind, text_in(message, "caption"), (Media(type=kind, url=url),))


def _location(message: Object) -> Content:
    place = place_in(message, message)
    if place is None:
        raise Unreadable("'message' has no latitude and longitude")
    return Content("location", attachments=(place,))


def _contacts(message: Object) -> Content:
    cards = [_card(card) for card in list_in(message, "contacts") if type(card) is dict]
    return Content("contacts", attachments=tuple(cards))


def _card(card: Object) -> ContactCard:
    name = object_in(card, "name")
    parts = (text_in(name, "firstName"), text_in(name, "lastName"))
    phones = [phone for phone in list_in(card, "phones") if type(phone) is dict]
    emails = [email for email in list_in(card, "emails") if type(email) is dict]
    return ContactCard(
        name=text_in(name, "formattedName") or " ".join(part for part in parts if part) or None,
        phones=tuple(number for phone in phones if (number := _number(phone))),
        emails=tuple(address for email in emails if (address := text_in(email, "email"))),
    )


def _number(phone: Object) -> str | None:
    user = id_in(phone, "waId")
    return text_in(phone, "phone") or (spelled(user) if user else None)


def _button(message: Object) -> Content:
    return Content("button", text_in(message, "text"), extra=_given(payload=id_in(message, "payload")))


def _button_reply(message: Object) -> Content:
    return Content("interactive_button", text_in(message, "title"), extra=_given(payload=id_in(message, "id")))


def _list_reply(message: Object) -> Content:
    extra = _given(payload=id_in(message, "id"), description=text_in(message, "description"))
    return Content("interactive_list", text_in(message, "title"), extra=extra)


def _flow_reply(message: Object) -> Content:
    return Content("interactive_flow", text_in(message, "text"), extra=_given(payload=message.get("response")))


def _order(message: Object) -> Content:
    order = {"catalog_id": id_in(message, "catalogId"), "items": list(list_in(message, "productItems"))}
    return Content("order", text_in(message, "text"), extra={"order": order})


def _reaction(message: Object) -> Content:
    """Read a reaction; one without an emoji takes the earlier one back."""
    removed = text_in(message, "action") == "REMOVED"
    return Content("reaction", None if removed else text_in(message, "emoji"))


def _unsupported(message: Object) -> Content:
    return Content("unsupported", extra=_given(raw_type=message["type"], malware=text_in(message, "malware")))


def _unknown(message: Object) -> Content:
    return Content("unknown", text_in(message, "text"), extra=_given(raw_type=text_in(message, "type")))


def _referral(message: Object) -> dict[str, Any]:
    """Return the ad that led to the message."""
    referral = object_in(message, "referral")
    return {"referral": dict(referral)} if referral else {}


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


READERS: Mapping[str, Callable[[Object], Content]] = {
    "TEXT": _text,
    "IMAGE": _media,
    "VIDEO": _media,
    "AUDIO": _media,
    "VOICE": _media,
    "DOCUMENT": _media,
    "STICKER": _media,
    "LOCATION": _location,
    "CONTACT": _contacts,
    "BUTTON": _button,
    "INTERACTIVE_BUTTON_REPLY": _button_reply,
    "INTERACTIVE_LIST_REPLY": _list_reply,
    "INTERACTIVE_FLOW_REPLY": _flow_reply,
    "ORDER": _order,
    "REACTION": _reaction,
    "INFECTED_CONTENT": _unsupported,
    "UNSUPPORTED": _unsupported,
}
