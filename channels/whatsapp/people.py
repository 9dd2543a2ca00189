"""Who wrote: a number, a business-scoped user id, or both. Either may be missing."""

from typing import Any, NamedTuple

from channels.events import Identity
from channels.json_fields import NOTHING, Object, id_in, object_in, text_in
from channels.phone_addresses import is_user_id, spelled
from channels.whatsapp.change import Change, user_id_in


class Person(NamedTuple):
    """The sender of a message: an address to answer to, and ways to recognise the person."""

    address: str | None
    identities: tuple[Identity, ...]
    name: str | None
    extra: dict[str, Any]


def sender_of(message: Object, change: Change, external_id: str) -> Person:
    """Tell who wrote a message.

    The user id leads, since it stays when the number is hidden. A sender without any id gets an identity of its own
    per message: two strangers must never become one customer.
    """
    sent = id_in(message, "from")
    user_id = user_id_in(message, "from_user_id")
    contact = _contact(sent, user_id, change)
    user_id = user_id or user_id_in(contact, "user_id") or (sent if sent and is_user_id(sent) else None)
    number = sent if sent and not is_user_id(sent) else id_in(contact, "wa_id")
    address = spelled(number) if number else user_id
    identities = _identities(user_id, number) or (Identity(kind="whatsapp", value=f"unknown:{external_id}"),)
    profile = object_in(contact, "profile")
    return Person(address, identities, text_in(profile, "name"), _extra(profile, user_id, contact, message))


def _contact(sent: str | None, user_id: str | None, change: Change) -> Object:
    people = change.people
    if sent is not None and sent in people:
        return people[sent]
    if user_id is not None and user_id in people:
        return people[user_id]
    return change.only_person if sent is None and user_id is None and _is_alone(change) else NOTHING


def _is_alone(change: Change) -> bool:
    """Tell whether the only contact can't be but the sender: there is one message, and it names nobody."""
    messages = change.value.get("messages")
    return type(messages) is list and len(messages) == 1


def _identities(user_id: str | None, number: str | None) -> tuple[Identity, ...]:
    if number is None:
        return (Identity(kind="bsuid", value=user_id),) if user_id else ()
    by_number = Identity(kind="whatsapp", value=spelled(number))
    return (Identity(kind="bsuid", value=user_id), by_number) if user_id else (by_number,)


def _extra(profile: Object, user_id: str | None, contact: Object, message: Object) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if name := text_in(profile, "name"):
        extra["user_name"] = name
    if username := text_in(profile, "username"):
        extra["username"] = username
    if user_id:
        extra["user_id"] = user_id
    if parent := user_id_in(message, "from_parent_user_id") or user_id_in(contact, "parent_user_id"):
        extra["parent_user_id"] = parent
    return extra
