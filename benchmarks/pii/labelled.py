"""Labelled texts: sentences with made-up values in them, each sentence several times."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal, cast

from benchmarks.pii import values
from gateway.pii.checksums import luhn, weighted
from gateway.pii.finding import KINDS, Kind

Part = Literal["development", "heldout"]
FOLDER = Path(__file__).parent
SLOT = re.compile(r"\{([a-z_]+)(?::([A-Za-z]+)(\+?))?\}")
SEEDS: dict[Part, int] = {"development": 1, "heldout": 2}
TIMES = 12
ZEROES = {"hi": 0x0966, "ar": 0x0660}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, its language, and where personal data stands in it, as kind, start and end (code points)."""

    language: str
    text: str
    spans: Sequence[tuple[Kind, int, int]]


def texts(part: Part) -> Iterator[Labelled]:
    """Make the texts of a part; the same every time."""
    random = Random(SEEDS[part])
    for line in (FOLDER / f"{part}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            language, sentence = line.split("\t")
            for _ in range(TIMES):
                yield _filled(random, language, sentence)


def _filled(random: Random, language: str, sentence: str) -> Labelled:
    text, spans, place = "", list[tuple[Kind, int, int]](), 0
    for slot in SLOT.finditer(sentence):
        text += sentence[place : slot.start()]
        place = slot.end()
        name, which, abroad = slot.groups()
        value = _value(random, name, which, abroad=bool(abroad))
        kind = "payment_card" if name == "digits" else name
        if kind in KINDS:
            spans.append((cast("Kind", kind), len(text), len(text) + len(value)))
        text += value
    return Labelled(language, text + sentence[place:], spans)


def _value(random: Random, name: str, which: str, *, abroad: bool) -> str:
    makers: Mapping[str, Callable[[Random], str]] = {
        **values.OTHERS,
        "payment_card": values.card,
        "iban": values.iban,
        "email": values.email,
        "phone": lambda random: values.phone(random, which, abroad=abroad),
        "national_id": lambda random: values.national_id(random, which),
        "postal_address": lambda random: values.address(random, which),
        "digits": lambda random: values.local_digits(random, ZEROES[which]),
        "imei": lambda random: values.until(random, lambda: "35" + values.digits(random, 13), luhn),
        "ean": lambda random: values.until(random, lambda: "40" + values.digits(random, 11), _ean),
    }
    return makers[name](random)


def _ean(digits: str) -> bool:
    return weighted(digits, (1, 3) * 6 + (1,)) % 10 == 0
