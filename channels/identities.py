"""How to recognise who wrote, for providers that name one address and no more."""

from channels.events import Identity
from channels.phone_addresses import is_user_id


def identities_of(channel: str, sender: str | None, external_id: str) -> tuple[Identity, ...]:
    """Return the identity of a sender on a phone channel.

    A message without a sender gets an identity of its own: two strangers must never become one customer.
    """
    if sender is not None and is_user_id(sender):
        return (Identity(kind="bsuid", value=sender),)
    kind = "whatsapp" if channel == "whatsapp" else "phone"
    return (Identity(kind=kind, value=sender or f"unknown:{external_id}"),)
