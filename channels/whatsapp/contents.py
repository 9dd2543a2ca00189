"""What a message holds, by its type: text, media, places, contact cards, taps on buttons, orders.

Types: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from channels.errors import PayloadMalformed
from channels.events import Attachment, ContactCard, Location, Media
from channels.json_bodies import read_json
from channels.json_fields import (
    Object,
    Unreadable,
    id_in,
    list_in,
    number_in,
    object_in,
    required_object,
    text_in,
)
from channels.mail.names import safe_name
from channels.normal_form import attachment_form
from channels.phone_addresses import spelled

#: Prices and quantities from here on are no order, and would make sums of hundreds of digits.
LARGEST_AMOUNT = 10**12


@dataclass(slots=True)
class Content:
    """The part of a message that depends on its type."""

    subtype: str
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def content_form(content: Content) -> dict[str, Any]:
    """Return a content as JSON, for events that are about a whole message without being one."""
    return {
        "subtype": content.subtype,
        "text": content.text,
        "attachments": [attachment_form(item) for item in content.attachments],
    }


def content_of(message: Object) -> Content:
    """Read a message's content.

    Raises:
        Unreadable: when the object that its type announces is missing or of another kind.
    """
    kind = message.get("type")
    reader = READERS.get(kind) if type(kind) is str else None
    if reader is None:
        return Content("unknown", extra={"raw_type": kind} if type(kind) is str else {})
    if list_in(message, "errors") and type(message.get(str(kind))) not in {dict, list}:
        return Content("unsupported", extra={"raw_type": kind})  # Meta could not deliver the content itself
    return reader(message)


def _text(message: Object) -> Content:
    body = required_object(message, "text").get("body")
    if type(body) is not str:
        raise Unreadable("'text.body' is missing or not a text")
    return Content("text", body or None)


def _media(message: Object) -> Content:
    kind = message["type"]
    source = required_object(message, kind)
    if kind == "audio" and source.get("voice") is True:
        kind = "voice"
    filename = text_in(source, "filename")
    file = Media(
        type=kind,
        id=id_in(source, "id"),
        url=text_in(source, "url"),
        mime_type=text_in(source, "mime_type"),
        sha256=text_in(source, "sha256"),
        filename=safe_name(filename) if filename else None,
    )
    extra = {"animated": True} if source.get("animated") is True else {}
    return Content(kind, text_in(source, "caption"), (file,), extra=extra)


def _location(message: Object) -> Content:
    source = required_object(message, "location")
    latitude, longitude = number_in(source, "latitude"), number_in(source, "longitude")
    if latitude is None or longitude is None:
        raise Unreadable("'location' has no latitude and longitude")
    place = Location(
        latitude=latitude,
        longitude=longitude,
        name=text_in(source, "name"),
        address=text_in(source, "address"),
        url=text_in(source, "url"),
    )
    return Content("location", attachments=(place,))


def _contacts(message: Object) -> Content:
    cards = message.get("contacts")
    if type(cards) is not list:
        raise Unreadable("'contacts' is missing or not a list")
    origins = [origin for card in cards if type(card) is dict and (origin := text_in(card, "origin"))]
    return Content(
        "contacts",
        attachments=tuple(_card(card) for card in cards if type(card) is dict),
        extra={"origin": origins[0]} if origins else {},
    )


def _card(card: Object) -> ContactCard:
    name = object_in(card, "name")
    parts = (text_in(name, "first_name"), text_in(name, "last_name"))
    phones = [phone for phone in list_in(card, "phones") if type(phone) is dict]
    emails = [email for email in list_in(card, "emails") if type(email) is dict]
    return ContactCard(
        name=text_in(name, "formatted_name") or " ".join(part for part in parts if part) or None,
        phones=tuple(number for phone in phones if (number := _number(phone))),
        emails=tuple(address for email in emails if (address := text_in(email, "email"))),
    )


def _number(phone: Object) -> str | None:
    user = id_in(phone, "wa_id")
    return text_in(phone, "phone") or (spelled(user) if user else None)


def _interactive(message: Object) -> Content:
    if message.get("interactive") is None:  # seen beside a value-level error 131000
        return Content("unsupported", extra={"raw_type": "interactive"})
    interactive = required_object(message, "interactive")
    kind = interactive.get("type")
    reader = REPLIES.get(kind) if type(kind) is str else None
    if reader is None:
        return Content("unknown", extra={"raw_type": f"interactive.{kind}"} if type(kind) is str else {})
    return reader(required_object(interactive, str(kind)))


def _button_reply(reply: Object) -> Content:
    return Content("interactive_button", text_in(reply, "title"), extra=_given(payload=id_in(reply, "id")))


def _list_reply(reply: Object) -> Content:
    extra = _given(payload=id_in(reply, "id"), description=text_in(reply, "description"))
    return Content("interactive_list", text_in(reply, "title"), extra=extra)


def _flow_reply(reply: Object) -> Content:
    payload = reply.get("response_json")
    if type(payload) is str:
        payload = _object_or_text(payload)
    extra = _given(payload=payload, name=text_in(reply, "name"))
    return Content("interactive_flow", text_in(reply, "body"), extra=extra)


def _object_or_text(text: str) -> Any:
    try:
        value = read_json(text.encode())
    except PayloadMalformed:
        return text
    return value if type(value) is dict else text


def _call_permission(reply: Object) -> Content:
    extra = _given(
        payload=text_in(reply, "response"),
        is_permanent=reply.get("is_permanent"),
        expiration_timestamp=reply.get("expiration_timestamp"),
        response_source=text_in(reply, "response_source"),
    )
    return Content("interactive_call_permission", extra=extra)


def _button(message: Object) -> Content:
    button = required_object(message, "button")
    return Content("button", text_in(button, "text"), extra=_given(payload=id_in(button, "payload")))


def _order(message: Object) -> Content:
    order = required_object(message, "order")
    items = [item for item in list_in(order, "product_items") if type(item) is dict]
    placed: dict[str, Any] = {"catalog_id": id_in(order, "catalog_id"), "items": items}
    if totals := _totals(items):
        placed["totals"] = totals
    return Content("order", text_in(order, "text"), extra={"order": placed})


def _totals(items: Sequence[Object]) -> dict[str, str]:
    """Add up an order by currency, in decimals: as binary fractions the prices would not add up to the cent.

    Empty when an item lacks a price, a quantity or a currency, since a sum without it would mislead.
    """
    totals: dict[str, Decimal] = {}
    for item in items:
        price, quantity, currency = _decimal(item, "item_price"), _decimal(item, "quantity"), text_in(item, "currency")
        if price is None or quantity is None or currency is None:
            return {}
        totals[currency] = totals.get(currency, Decimal(0)) + price * quantity
    return {currency: f"{total:f}" for currency, total in totals.items()}


def _decimal(source: Object, key: str) -> Decimal | None:
    value = number_in(source, key)
    return Decimal(str(value)) if value is not None and abs(value) < LARGEST_AMOUNT else None


def _reaction(message: Object) -> Content:
    """Read a reaction; one without an emoji takes the earlier one back."""
    reaction = required_object(message, "reaction")
    target = id_in(reaction, "message_id")
    if target is None:
        raise Unreadable("'reaction.message_id' is missing")
    return Content("reaction", text_in(reaction, "emoji"), in_reply_to=target)


def _unsupported(message: Object) -> Content:
    return Content("unsupported", extra=_given(unsupported_type=text_in(object_in(message, "unsupported"), "type")))


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


Reader = Callable[[Object], Content]

REPLIES: Mapping[str, Reader] = {
    "button_reply": _button_reply,
    "list_reply": _list_reply,
    "nfm_reply": _flow_reply,
    "call_permission_reply": _call_permission,
}

READERS: Mapping[str, Reader] = {
    "text": _text,
    "image": _media,
    "video": _media,
    "audio": _media,
    "voice": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "reaction": _reaction,
    "unsupported": _unsupported,
}
