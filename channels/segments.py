"""How many parts a text takes as SMS.

A text of GSM-7 characters alone has 160 of them, or 153 in each part of several; any other character makes it UCS-2,
with 70 or 67 UTF-16 code units. 3GPP TS 23.038 section 6.2.1 has the alphabet, TS 23.040 section 9.2.3.24.1 the parts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from channels.errors import CannotSend

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

#: Written as an escape and a second character, which are never parted.
EXTENDED = frozenset("\f^{}\\[~]|€")

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
    if all(character in BASIC or character in EXTENDED for character in text):
        widths = [2 if character in EXTENDED else 1 for character in text]
        return _counted("GSM-7", widths, GSM7_ALONE, GSM7_PART)
    widths = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return _counted("UCS-2", widths, UCS2_ALONE, UCS2_PART)


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


def _counted(encoding: Literal["GSM-7", "UCS-2"], widths: Iterable[int], alone: int, part: int) -> Segments:
    widths = list(widths)
    units = sum(widths)
    if units <= alone:
        return Segments(encoding, units, 1 if units else 0, alone - units)
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return Segments(encoding, units, count, part - used)
