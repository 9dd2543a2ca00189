"""Numbers of payment cards: an issuer's range, its lengths, groups as they are printed, and Luhn's check digit.

Ranges: ISO/IEC 7812 and what the schemes publish, https://en.wikipedia.org/wiki/Payment_card_number
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.pii.checksums import luhn
from gateway.pii.context import before, is_of_other
from gateway.pii.finding import Finding

GROUP = re.compile(r"\d{1,20}")
SHORTEST, LONGEST = 12, 19
MOST_GROUPS = 6
WORDS = re.compile(
    r"card|visa|master|amex|\bcvv|\bcvc|expir|karte|tarjeta|carte|cart[ãa]o|carta|kaart|卡|कार्ड|بطاقة", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who gives cards out.

    Attributes:
        name: of the scheme.
        ranges: of the first digits, first and last.
        lengths: of whole numbers.
    """

    name: str
    ranges: Sequence[tuple[str, str]]
    lengths: Sequence[int]


ISSUERS = (
    Issuer("elo", [(one, one) for one in ("401178", "431274", "438935", "451416", "457393", "504175", "506699",
        "627780", "636297", "636368")] + [("650031", "650033"), ("655000", "655019")], [16]),
    Issuer("hipercard", [("606282", "606282")], [16]),
    Issuer("mir", [("2200", "2204")], [16, 17, 18, 19]),
    Issuer("troy", [("9792", "9792")], [16]),
    Issuer("amex", [("34", "34"), ("37", "37")], [15]),
    Issuer("diners", [("300", "305"), ("3095", "3095"), ("36", "36"), ("38", "39")], [14, 16, 19]),
    Issuer("jcb", [("3528", "3589")], [16, 17, 18, 19]),
    Issuer("discover", [("6011", "6011"), ("644", "649"), ("65", "65")], [16, 17, 18, 19]),
    Issuer("rupay", [("508500", "508999"), ("607000", "608999"), ("817200", "820199")], [16]),
    Issuer("maestro", [(one, one) for one in ("5018", "5020", "5038", "5893", "6304", "6759", "6761", "6762", "6763")],
        [12, 13, 14, 15, 16, 17, 18, 19]),
    Issuer("unionpay", [("62", "62"), ("810000", "817199")], [16, 17, 18, 19]),
    Issuer("mastercard", [("51", "55"), ("2221", "2720")], [16]),
    Issuer("visa", [("4", "4")], [13, 16, 19]),
)  # fmt: skip
#: How numbers are printed.
GROUPS = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2), (4, 4, 4, 1), (4, 4, 4, 3), (4, 4, 4),
    (4, 4, 5), (6, 13), (8, 8)}  # fmt: skip


def issuer_of(digits: str) -> str | None:
    """Return who gives out cards with such a number; None: nobody does."""
    for issuer in ISSUERS:
        if len(digits) in issuer.lengths and any(
            first <= digits[: len(first)] <= last for first, last in issuer.ranges
        ):
            return issuer.name
    return None


def find_cards(text: str) -> Iterator[Finding]:
    """Find numbers, whole or in groups."""
    groups = list(GROUP.finditer(text))
    taken = 0
    for place, first in enumerate(groups):
        if first.start() < taken or _within_word(text, first.start()):
            continue
        found = _from(text, groups[place : place + MOST_GROUPS])
        if found is not None:
            taken = found.end
            yield found


def _from(text: str, groups: Sequence[re.Match[str]]) -> Finding | None:
    digits, sizes, separator, best = "", list[int](), None, None
    for place, group in enumerate(groups):
        if place:
            gap = text[groups[place - 1].end() : group.start()]
            if gap not in {" ", "-"} or (separator is not None and gap != separator):
                break
            separator = gap
        digits += group.group()
        sizes.append(len(group.group()))
        if len(digits) > LONGEST:
            break
        if len(digits) < SHORTEST or (len(sizes) > 1 and tuple(sizes) not in GROUPS) or _goes_on(text, group.end()):
            continue
        issuer = issuer_of(digits)
        if issuer is not None and luhn(digits) and len(set(digits)) > 1:
            sure = _confidence(text, groups[0].start(), grouped=len(sizes) > 1)
            best = Finding("payment_card", issuer, groups[0].start(), group.end(), sure)
    return best


def _confidence(text: str, start: int, *, grouped: bool) -> float:
    stretch = before(text, start)
    if is_of_other(stretch, WORDS):
        return 0.6 if grouped else 0.3
    if WORDS.search(stretch):
        return 0.99
    return 0.95 if grouped else 0.85


def _within_word(text: str, start: int) -> bool:
    """Tell whether a number is the end of something longer: a word, a decimal, a longer number."""
    previous = text[start - 1 : start]
    return bool(previous) and (
        previous.isalnum() or previous in "_+" or (previous in ".,-/" and text[start - 2 : start - 1].isalnum())
    )


def _goes_on(text: str, end: int) -> bool:
    following = text[end : end + 1]
    return bool(following) and (
        following.isalnum() or following == "_" or (following in "-.,/" and text[end + 1 : end + 2].isalnum())
    )
