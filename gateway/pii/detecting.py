"""All that a tenant looks for, in one go."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.pii.addresses import find_addresses
from gateway.pii.cards import find_cards
from gateway.pii.context import Context
from gateway.pii.emails import find_emails
from gateway.pii.finding import Finding, Kind, without_overlaps
from gateway.pii.folding import Folded
from gateway.pii.ibans import find_ibans
from gateway.pii.national_ids import find_national_ids
from gateway.pii.phones import find_phones
from gateway.pii.templates import compiled, find_custom

#: Code points of a text that are looked at. What comes after is never shown where it is to be masked.
MOST = 100_000
#: Groups of digits, and at signs, of a text that are looked at: what comes after so many is as far behind.
MOST_NUMBERS = 3_000
#: What is counted: each may be part of something that is looked for, and costs by itself.
NUMBER = re.compile(r"[@＠]|\d{1,5}号|\d{3,40}")
#: Every number that is looked for has as many digits; most texts have none, and are done with this.
NUMBERS = re.compile(r"(?:\d[^\d\n]{0,4}){4}")
DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a tenant looks for.

    Attributes:
        kind: of data.
        name: of a custom pattern: its id.
        pattern: the template of a custom pattern.
        countries: of national ids, or of phone numbers without a country code; None: what is usual.
    """

    kind: Kind
    name: str = ""
    pattern: str | None = None
    countries: Sequence[str] | None = None


@dataclass(slots=True)
class Room:
    """How much is still looked at: of a text, or of all the texts of an event.

    Attributes:
        characters: so many code points.
        numbers: so many groups of digits, and at signs.
    """

    characters: int = MOST
    numbers: int = MOST_NUMBERS

    def taken(self, text: str) -> str:
        """Take up room for a text; returns as much of it as there was room for."""
        text = text[: self.characters]
        for one in NUMBER.finditer(text):
            if self.numbers == 0:
                text = text[: one.start()]
                break
            self.numbers -= 1
        self.characters -= len(text)
        return text


class Detectors:
    """Finds what some rules say.

    Args:
        rules: those that are on.

    Raises:
        TemplateInvalid: when a custom pattern can't be used.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.kind: rule for rule in rules if rule.kind != "custom"}
        self._custom = [(rule.name, compiled(rule.pattern or "")) for rule in rules if rule.kind == "custom"]

    def __bool__(self) -> bool:
        return bool(self._rules or self._custom)

    def find(self, text: str) -> Sequence[Finding]:
        """Find personal data in a text; places that overlap are told once."""
        folded = Folded(Room().taken(text))
        found = without_overlaps(self._found(folded.text))
        return [Finding(one.kind, one.detector, *folded.back(one.start, one.end), one.confidence) for one in found]

    def _found(self, text: str) -> Iterator[Finding]:
        rules = self._rules
        if "email" in rules and "@" in text:
            yield from find_emails(text)
        if NUMBERS.search(text) is not None:
            context = Context(text)
            if "payment_card" in rules:
                yield from find_cards(context)
            if "iban" in rules:
                yield from find_ibans(text)
            if (ids := rules.get("national_id")) is not None:
                yield from find_national_ids(context, ids.countries)
            if (phone := rules.get("phone")) is not None:
                yield from find_phones(context, phone.countries)
        if "postal_address" in rules and DIGIT.search(text) is not None:
            yield from find_addresses(text)
        for name, pattern in self._custom:
            yield from find_custom(text, pattern, name)
