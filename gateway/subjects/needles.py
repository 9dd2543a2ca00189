"""Telling whether a raw webhook speaks of a customer: by addresses and ids of messages, however encoded."""

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

#: A shorter number is found in too much that is no number.
LEAST_DIGITS = 6
#: A shorter text is found in base64 by chance.
LEAST_ENCODED = 8
#: What ids are made of, as far as no encoding changes it.
TOKEN = re.compile(rb"[A-Za-z0-9_.\-@]{6,}")
#: What ends before a number, in small letters: no digit, unless it belongs to an encoded character.
BEFORE = re.compile(rb"(?:\A|\D|%[0-9a-f]\d|\\u[0-9a-f]{4})\Z")
LONGEST_BEFORE = 6
#: Characters of base64 that a text's first and last bytes share with their neighbours, by its place among three bytes.
SKIPPED = (0, 2, 3)


class Needles:
    """What is looked for.

    Args:
        addresses: numbers, mail addresses and a provider's ids of the customer.
        ids: the provider's ids of their messages.
    """

    def __init__(self, addresses: Iterable[str], ids: Iterable[str]) -> None:
        words = {form for address in addresses for form in _forms(address)}
        self._words = tuple(word for word in words if not word.isdigit())
        self._numbers = tuple((word, re.compile(word + rb"(?!\d)")) for word in words if word.isdigit())
        self._encoded = tuple({form for address in addresses for form in _in_base64(address.encode())})
        self._ids = {longest for one in ids if (longest := _longest(one.encode()))}

    def found_in(self, *texts: bytes) -> bool:
        """Tell whether one of some texts speaks of the customer."""
        return any(self._found(text) for text in texts if text)

    def _found(self, text: bytes) -> bool:
        # One after the other: a pattern of all of them is tried at each byte, and that by every one of them.
        small = text.lower()
        if any(word in small for word in self._words):
            return True
        if any(_stands_in(small, pattern) for number, pattern in self._numbers if number in small):
            return True
        if any(form in text for form in self._encoded):
            return True
        return bool(self._ids) and any(token in self._ids for token in TOKEN.findall(text))


def _forms(address: str) -> Iterator[bytes]:
    """Yield a number's digits; an address, in small letters, as it stands, in a URL, JSON, and quoted-printable."""
    digits = address.lstrip("+")
    if digits.isdigit():
        if len(digits) >= LEAST_DIGITS:
            yield digits.encode()
        return
    for form in {address, quote(address, safe=""), address.replace("@", "\\u0040"), address.replace("@", "=40")}:
        yield form.encode().lower()


def _stands_in(text: bytes, number: re.Pattern[bytes]) -> bool:
    """Tell whether a number stands in a text, and not within a longer one."""
    return any(
        BEFORE.search(text[max(0, found.start() - LONGEST_BEFORE) : found.start()]) for found in number.finditer(text)
    )


def _in_base64(text: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of a text within another one, wherever it begins there."""
    if len(text) < LEAST_ENCODED:
        return
    for before, skipped in enumerate(SKIPPED):
        whole = base64.b64encode(b"\0" * before + text)
        left = (before + len(text)) % 3
        yield whole[skipped : -4 if left else None] + (whole[-4:-2] if left == 2 else b"")


def _longest(text: bytes) -> bytes:
    """Return the longest part of an id that is written the same way everywhere."""
    return max(TOKEN.findall(text), key=len, default=b"")
