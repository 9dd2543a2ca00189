"""Addresses as Twilio writes them: ``+1…``, ``whatsapp:+1…``, short codes, names, ``whatsapp:US.…``."""

from typing import NamedTuple

from channels.events import Identity
from channels.phone_addresses import is_user_id, spelled

#: Prefix → our channel. RCS is texting by other means: same numbers, same people.
CHANNELS = {"": "sms", "whatsapp": "whatsapp", "rcs": "sms"}

#: What stands in ``From`` when a caller withholds the number: ANONYMOUS on a telephone's keys.
WITHHELD = frozenset({"+266696687", "266696687", "anonymous", "restricted", "unavailable", "unknown"})


class Party(NamedTuple):
    """One end of a message: the kind of address by its prefix, and the address without it."""

    prefix: str
    address: str | None


def party(value: str | None) -> Party:
    """Read a ``From`` or ``To``; a missing one has no address."""
    prefix, colon, rest = (value or "").partition(":")
    if not colon:
        return Party("", spelled(prefix) if prefix else None)
    return Party(prefix.lower(), spelled(rest.strip()) if rest.strip() else None)


def identities_of(sender: Party, user_id: str | None, external_id: str) -> tuple[Identity, ...]:
    """Return how to recognise a sender, the lasting identity first.

    A withheld sender gets an identity of its own per message: two strangers must never become one customer.
    """
    address = sender.address
    known = address is not None and address.lower() not in WITHHELD
    if sender.prefix != "whatsapp":
        value = address if known and address else f"unknown:{external_id}"
        return (Identity(kind="phone", value=value),)
    lasting = user_id or (address if address and is_user_id(address) else None)
    found = [Identity(kind="bsuid", value=lasting)] if lasting else []
    if known and address and not is_user_id(address):
        found.append(Identity(kind="whatsapp", value=address))
    return tuple(found) or (Identity(kind="whatsapp", value=f"unknown:{external_id}"),)
