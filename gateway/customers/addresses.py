"""Addresses of customers in the one spelling under which webhooks will name them."""

import re

from channels.phone_addresses import is_user_id
from channels.phone_numbers import e164

NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
#: As in a mail's envelope: no blanks, no brackets, no list.
MAILBOX = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+")
LONGEST = 320


class AddressInvalid(ValueError):
    """A text that is no address of its kind; the words are for people."""


def normalised(kind: str, value: str) -> str:
    """Write an address as it is stored: numbers as E.164, mail in lower case.

    Args:
        kind: phone, whatsapp, bsuid or email.
        value: as somebody entered it.

    Raises:
        AddressInvalid: when it is none.
    """
    text = value.strip()
    if len(text) > LONGEST:
        raise AddressInvalid(f"an address has at most {LONGEST} characters")
    match kind:
        case "email":
            if not MAILBOX.fullmatch(text) or "\0" in text:
                raise AddressInvalid("write it like jane@example.org")
            return text.lower()
        case "bsuid":
            if not is_user_id(text):
                raise AddressInvalid("this is no user id of WhatsApp")
            return text
        case _:
            number = e164(text)
            if not NUMBER.fullmatch(number):
                raise AddressInvalid("write the number with its country code, like +1 202 555 0142")
            return number
