"""Addresses of phone channels in one spelling: E.164 numbers, short codes, names, WhatsApp user ids."""

import re
from functools import lru_cache

#: A business-scoped user id: country code, dot, up to 128 letters and digits; a parent's has ``ENT.`` between.
#: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")

#: Short codes have 5 or 6 digits and no country code.
SHORTEST_NUMBER = 7


def is_user_id(text: str) -> bool:
    """Tell whether this is a WhatsApp user id rather than a number."""
    return text[2:3] == "." and USER_ID.fullmatch(text) is not None


def spelled(text: str) -> str:
    """Put a plus before a number that came without; short codes, names and user ids stay as they are."""
    if len(text) >= SHORTEST_NUMBER and text.isascii() and text.isdigit():
        return "+" + text
    return text


@lru_cache(maxsize=1024)  # our own numbers: few, and in every post
def from_display(text: str) -> str | None:
    """Read a number that was written for people (``+1 312-555-0188``); None when it holds no digit."""
    digits = "".join(character for character in text if character in "0123456789")
    return spelled(digits) if digits else None
