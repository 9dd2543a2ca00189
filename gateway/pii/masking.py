"""Texts with what was found in them hidden; and samples that tell which it was without telling it."""

from collections.abc import Sequence
from typing import Protocol

from gateway.pii.detecting import Room
from gateway.pii.finding import Finding, Kind

HIDDEN = "•"
#: How many of the last letters and digits stay: of cards as PCI DSS 3.4.1 allows, of others fewer.
LEFT: dict[Kind, int] = {"payment_card": 4, "iban": 4, "phone": 2, "national_id": 0, "postal_address": 0, "custom": 0}
LONGEST_SAMPLE = 60
CUT = " […]"


class Finds(Protocol):
    """What finds personal data in a text."""

    def find(self, text: str) -> Sequence[Finding]:
        """Return the places, in order, none of which overlaps another."""


def mask(text: str, detectors: Finds, room: Room | None = None) -> str:
    """Hide what is found in a text. What is too far behind to be looked at is left out.

    Args:
        text: the text.
        detectors: find what is hidden.
        room: how much is looked at, of this text and others; None: of this text as much as of any.
    """
    looked_at = (room or Room()).taken(text)
    shown = with_hidden(looked_at, detectors.find(looked_at))
    return shown + CUT if len(text) > len(looked_at) else shown


def with_hidden(text: str, found: Sequence[Finding]) -> str:
    """Hide places of a text."""
    parts: list[str] = []
    place = 0
    for one in found:
        parts += [text[place : one.start], hidden(one.kind, text[one.start : one.end])]
        place = one.end
    return "".join(parts) + text[place:]


def hidden(kind: Kind, value: str) -> str:
    """Return what is shown of a value. Of an address of e-mail not even its length."""
    if kind == "email":
        return f"{value[:1]}{HIDDEN * 3}@{HIDDEN * 3}"
    left = LEFT[kind]
    shown: list[str] = []
    for one in reversed(value):
        if not one.isalnum():
            shown.append(one if one.isascii() else HIDDEN)
        elif left > 0:
            shown.append(one)
            left -= 1
        else:
            shown.append(HIDDEN)
    return "".join(reversed(shown))


def sample(kind: Kind, value: str) -> str:
    """Return what may be kept of a value."""
    shown = hidden(kind, value)
    return shown if len(shown) <= LONGEST_SAMPLE else shown[: LONGEST_SAMPLE - 1] + "…"
