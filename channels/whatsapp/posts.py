"""A whole post: all entries, changes and items, each read for itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from channels.batches import without_doubles
from channels.errors import PayloadMalformed
from channels.events import ChannelEvent, Quarantined
from channels.json_bodies import read_json
from channels.json_fields import Object, Unreadable, id_in, object_in
from channels.whatsapp.change import Change, open_change
from channels.whatsapp.echoes import read_echo
from channels.whatsapp.messages import read_message
from channels.whatsapp.news import read_field, read_preference, read_problem
from channels.whatsapp.statuses import read_status

OBJECT = "whatsapp_business_account"

Reader = Callable[[Any, Change], ChannelEvent]

#: Which lists a field's value holds, and how to read their items. Fields that are not here are one event as a whole.
ITEMS: Mapping[str, Mapping[str, Reader]] = {
    "messages": {"messages": read_message, "statuses": read_status, "errors": read_problem},
    "user_preferences": {"user_preferences": read_preference},
    "smb_message_echoes": {"message_echoes": read_echo},
}


def read_post(provider: str, body: bytes) -> Sequence[ChannelEvent]:
    """Return all events of a post in its own order, doubles removed, what can't be read as ``Quarantined``.

    Raises:
        PayloadMalformed: when it is not a post of the WhatsApp Cloud API at all.
    """
    events: list[ChannelEvent] = []
    for entry in _entries(body):
        changes = entry.get("changes") if type(entry) is dict else None
        if type(changes) is not list:
            detail = "an entry is no object with a list of changes"
            events.append(Quarantined(reason="entry_malformed", detail=detail))
            continue
        for change in changes:
            _read_change(provider, change, entry, events)
    return events if len(events) < 2 else without_doubles(events)


def divide(body: bytes) -> Sequence[tuple[str | None, bytes]]:
    """Split a post by address, so that no tenant gets to see another one's part.

    A part holds only the changes of its address (phone_number_id, else the business account's id). What can't be
    told apart comes under None. A post for one address comes back as it was.

    Raises:
        PayloadMalformed: when it is not a post of the WhatsApp Cloud API at all.
    """
    parts: dict[str | None, list[Any]] = {}
    for entry in _entries(body):
        changes = entry.get("changes") if type(entry) is dict else None
        if type(changes) is not list:
            parts.setdefault(None, []).append(entry)
            continue
        for address, own in _by_address(entry, changes).items():
            parts.setdefault(address, []).append({**entry, "changes": own})
    if len(parts) == 1:
        return [(address, body) for address in parts]
    return [(address, orjson.dumps({"object": OBJECT, "entry": own})) for address, own in parts.items()]


def _by_address(entry: Object, changes: Sequence[Any]) -> Mapping[str | None, list[Any]]:
    found: dict[str | None, list[Any]] = {}
    for change in changes:
        value = object_in(change, "value") if type(change) is dict else {}
        address = id_in(object_in(value, "metadata"), "phone_number_id") or id_in(entry, "id")
        found.setdefault(address if value else None, []).append(change)
    return found


def _entries(body: bytes) -> Sequence[Any]:
    document = read_json(body)
    if type(document) is not dict or document.get("object") != OBJECT:
        raise PayloadMalformed("not_whatsapp", f"the body is no object of the kind {OBJECT!r}")
    entries = document.get("entry")
    if type(entries) is not list:
        raise PayloadMalformed("entry_missing", "'entry' is missing or not a list")
    return entries


def _read_change(provider: str, change: Any, entry: Object, events: list[ChannelEvent]) -> None:
    value = change.get("value") if type(change) is dict else None
    name = change.get("field") if type(change) is dict else None
    if type(value) is not dict or type(name) is not str:
        detail = "a change is no object with a field and a value"
        events.append(Quarantined(reason="change_malformed", detail=detail, address=id_in(entry, "id")))
        return
    opened = open_change(provider, name, value, entry)
    readers = ITEMS.get(name, {})
    known = [key for key in value if key in readers]  # in the order of the body
    if not known:
        events.append(read_field(opened))
    for key in known:
        _read_items(key, readers[key], opened, events)


def _read_items(key: str, reader: Reader, change: Change, events: list[ChannelEvent]) -> None:
    items = change.value[key]
    if type(items) is not list:
        detail = f"{key!r} is not a list"
        events.append(Quarantined(reason=f"{key}_malformed", detail=detail, address=change.address))
        return
    for item in items:
        try:
            events.append(reader(item, change))
        except Unreadable as error:
            events.append(Quarantined(reason=f"{key}_malformed", detail=str(error), address=change.address))
