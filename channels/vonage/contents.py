"""What a customer's message holds, by the ``message_type`` that the Messages API gives it.

https://developer.vonage.com/en/api/messages
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.events import Attachment, ContactCard, Location, Media
from channels.json_fields import Object, Unreadable, list_in, number_in, object_in, required_object, text_in

#: Vonage's kinds of files → ours.
FILES: Mapping[str, str] = {
    "image": "image",
    "video": "video",
    "audio": "audio",
    "file": "file",
    "vcard": "file",
    "sticker": "sticker",
}


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds: its kind, words, files, and whatever else is known."""

    subtype: str
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def content_of(post: Object, kind: str) -> Content:
    """Read what a message of this kind holds; one of a new kind is ``unsupported``.

    Raises:
        Unreadable: when what its kind promises is missing.
    """
    if kind in FILES:
        file = required_object(post, kind)
        return Content(kind, text_in(file, "caption"), (_file(file, kind),))
    reader = READERS.get(kind)
    return reader(post) if reader is not None else Content("unsupported", extra={"raw_type": kind})


def _file(file: Object, kind: str) -> Media:
    url = text_in(file, "url")
    if url is None:
        raise Unreadable(f"'{kind}.url' is missing")
    return Media(type=FILES[kind], url=url, filename=text_in(file, "name"))


def _text(post: Object) -> Content:
    return Content("text", text_in(post, "text"))


def _place(post: Object) -> Content:
    place = required_object(post, "location")
    latitude, longitude = number_in(place, "lat"), number_in(place, "long")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        raise Unreadable("the location has no latitude and longitude on earth")
    found = Location(
        latitude=latitude,
        longitude=longitude,
        name=text_in(place, "name"),
        address=text_in(place, "address"),
        url=text_in(place, "url"),
    )
    return Content("location", attachments=(found,))


def _reply(post: Object) -> Content:
    reply = required_object(post, "reply")
    given = {"payload": text_in(reply, "id"), "description": text_in(reply, "description")}
    return Content("interactive_reply", text_in(reply, "title"), extra=_given(given))


def _button(post: Object) -> Content:
    button = required_object(post, "button")
    return Content("button", text_in(button, "text"), extra=_given({"payload": text_in(button, "payload")}))


def _reaction(post: Object) -> Content:
    """Read a reaction; one that is taken back has no emoji."""
    reaction = required_object(post, "reaction")
    removed = text_in(reaction, "action") == "unreact"
    return Content("reaction", None if removed else text_in(reaction, "emoji"))


def _order(post: Object) -> Content:
    order = required_object(post, "order")
    return Content("order", text_in(order, "text"), extra={"order": order})


def _contacts(post: Object) -> Content:
    """Read contact cards; their names are those of the Cloud API."""
    found = post.get("contact")
    cards = [_card(card) for card in (found if type(found) is list else [found]) if type(card) is dict]
    return Content("contacts", attachments=tuple(cards))


def _card(card: Object) -> ContactCard:
    names = object_in(card, "name")
    return ContactCard(
        name=text_in(names, "formatted_name") or text_in(card, "name"),
        phones=tuple(_values(card, "phones", "phone")),
        emails=tuple(_values(card, "emails", "email")),
    )


def _values(card: Object, name: str, key: str) -> Iterator[str]:
    for item in list_in(card, name):
        if type(item) is dict and (value := text_in(item, key)):
            yield value


def _several(post: Object) -> Content:
    """Read an MMS of several parts: the texts in one, and all files; a part of a new kind is left out."""
    parts = [part for part in list_in(post, "content") if type(part) is dict]
    texts = [text_in(part, "text") if part.get("type") == "text" else text_in(part, "caption") for part in parts]
    files = [(part, text_in(part, "type") or "") for part in parts]
    return Content(
        "content",
        "\n".join(text for text in texts if text) or None,
        tuple(_file(part, kind) for part, kind in files if kind in FILES),
    )


def _given(values: Mapping[str, str | None]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


READERS: Mapping[str, Callable[[Object], Content]] = {
    "text": _text,
    "location": _place,
    "reply": _reply,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "contact": _contacts,
    "content": _several,
    "unsupported": lambda _post: Content("unsupported"),
}
