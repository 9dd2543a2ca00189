"""A text as detectors read it: plain digits, blanks and dashes, and nothing invisible; with the way back."""

import unicodedata
from collections.abc import Sequence
from functools import cache

#: Characters that nobody sees, among them those that turn the direction of writing.
INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff"
)
#: No script has digits of its own beyond the second plane of Unicode.
LAST_DIGITS = 0x20000
BLANKS = "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
OTHERS = {"＋": "+", "＠": "@", "．": ".", "。": ".", "：": ":", "（": "(", "）": ")", "，": ","}


class Folded:
    """A text, one character for each that is seen.

    Attributes:
        text: what detectors read.
    """

    __slots__ = ("_places", "text")

    def __init__(self, original: str) -> None:
        self._places: Sequence[int] | None = None
        if original.isascii():
            self.text = original.replace("\t", " ")
            return
        if any(one in original for one in INVISIBLE):
            self._places = [place for place, one in enumerate(original) if one not in INVISIBLE]
            original = "".join([original[place] for place in self._places])
        self.text = original.translate(_plain())

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return where a place of ``text`` is in the original."""
        if self._places is None:
            return start, end
        return self._places[start], self._places[end - 1] + 1


@cache
def _plain() -> dict[int, str]:
    """Return what stands for what: each one character for one. Decimal digits are those of Unicode's category Nd."""
    plain = {ord(one): " " for one in BLANKS} | {ord(one): "-" for one in DASHES}
    plain |= {ord(one): other for one, other in OTHERS.items()}
    for code in range(0x80, LAST_DIGITS):
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            plain[code] = str(digit)
    plain |= {0xFF21 + place: chr(0x41 + place) for place in range(26)}  # letters of full width
    plain |= {0xFF41 + place: chr(0x61 + place) for place in range(26)}
    return plain
