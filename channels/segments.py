"""How many parts a text takes as SMS.

A text of GSM-7 characters alone has 160 of them, or 153 in each part of several; any other character makes it UCS-2,
with 70 or 67 UTF-16 code units. 3GPP TS 23.038 section 6.2.1 has the alphabet, TS 23.040 section 9.2.3.24.1 the parts.
"""

from dataclasses import dataclass
from typing import Literal

from channels.errors import CannotSend

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

#: Written as an escape and a second character, which are never parted.
EXTENDED = frozenset("\f^{}\\[~]|€")

ALPHABET = BASIC | EXTENDED
ESCAPE = "\x1b"
#: First bytes of the first of two units that make a character (U+D800 to U+DBFF).
HIGH = "\xd8\xd9\xda\xdb"

GSM7_ALONE, GSM7_PART = 160, 153
UCS2_ALONE, UCS2_PART = 70, 67


def most_characters(parts: int) -> int:
    """Return how many characters of GSM-7 that many parts hold; emojis and most scripts leave less than half."""
    return GSM7_PART * parts


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text comes to as SMS.

    Attributes:
        encoding: the cheapest that holds every character.
        units: of that encoding: septets of GSM-7, or UTF-16 code units.
        count: the parts it is sent in; an empty text has none.
        left: how many units the last part still holds, before another one is needed.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    count: int
    left: int


def segments(text: str) -> Segments:
    """Count the parts of a text. Never raises."""
    if ALPHABET.issuperset(text):
        for character in EXTENDED.intersection(text):
            text = text.replace(character, ESCAPE + character)
        return _counted("GSM-7", text, GSM7_ALONE, GSM7_PART, ESCAPE)
    units = text.encode("utf-16-be", "surrogatepass").decode("latin-1")[::2]  # of each unit the first byte
    return _counted("UCS-2", units, UCS2_ALONE, UCS2_PART, HIGH)


def require_segments(text: str, most: int) -> None:
    """Refuse a text that takes more parts than a provider sends, or than anybody would want to pay for.

    Raises:
        CannotSend: when it does.
    """
    count = segments(text).count
    if count > most:
        raise CannotSend(
            "text_too_long", f"the text takes {count} SMS, and {most} is the most that can be sent at once"
        )


def _counted(encoding: Literal["GSM-7", "UCS-2"], units: str, alone: int, part: int, firsts: str) -> Segments:
    """Count parts.

    Args:
        encoding: the one that is counted in.
        units: a character for each unit.
        alone: how many units a single part holds.
        part: how many each part of several holds.
        firsts: units that are not parted from the next one.
    """
    if len(units) <= alone:
        return Segments(encoding, len(units), 1 if units else 0, alone - len(units))
    count, start, end = 0, 0, 0
    while end < len(units):
        start, end = end, end + part
        if end < len(units) and units[end - 1] in firsts:
            end -= 1
        count += 1
    return Segments(encoding, len(units), count, part - (len(units) - start))
