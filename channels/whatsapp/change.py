"""What all items of one change have in common: whose number it is, and who the people in it are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.json_fields import NOTHING, Object, id_in, list_in, moment_in, object_in, text_in
from channels.phone_addresses import from_display, is_user_id

CHANNEL = "whatsapp"

#: The keys of a contact that a message may name it by.
NAMES = ("wa_id", "user_id")


@dataclass(slots=True)
class Change:
    """One change of a post, with what its items need to know.

    Attributes:
        provider: the adapter that reads it.
        name: the changed field, as Meta calls it.
        account: the phone_number_id; None for news about the whole business account.
        address: what to route by: the phone_number_id, else the business account's id.
        ours: our number as people write it, as recipients; empty when it was not sent.
        business_account: the id of the WhatsApp business account (WABA).
        people: the contacts by wa_id and by user id; never by position, which means nothing.
        only_person: the contact, when there is exactly one.
        happened_at: the entry's own time, which only some fields have.
    """

    provider: str
    name: str
    value: Object
    account: str | None
    address: str | None
    ours: tuple[str, ...]
    business_account: str | None
    happened_at: datetime | None
    people: Mapping[str, Object] = field(default_factory=dict)
    only_person: Object = field(default_factory=dict)


def open_change(provider: str, name: str, value: Object, entry: Object) -> Change:
    """Gather what a change says about itself."""
    metadata = object_in(value, "metadata")
    account = id_in(metadata, "phone_number_id")
    business_account = id_in(entry, "id")
    display = text_in(metadata, "display_phone_number")
    number = from_display(display) if display else None
    contacts = [contact for contact in list_in(value, "contacts") if type(contact) is dict]
    people = {known: contact for contact in contacts for key in NAMES if (known := id_in(contact, key))}
    return Change(
        provider,
        name,
        value,
        account,
        account or business_account,
        (number,) if number else (),
        business_account,
        moment_in(entry, "time"),
        people,
        contacts[0] if len(contacts) == 1 else NOTHING,
    )


def user_id_in(source: Object, key: str) -> str | None:
    """Return a business-scoped user id; a malformed one counts as missing, the item stays."""
    value = text_in(source, key)
    return value if value and is_user_id(value) else None


def common(change: Change) -> dict[str, Any]:
    """Return what every event of a change starts with."""
    return {
        "provider": change.provider,
        "channel": CHANNEL,
        "account": change.account,
        "address": change.address,
    }
