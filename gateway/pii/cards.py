"""Numbers of payment cards: an issuer's range, its lengths, groups as they are printed, and Luhn's check digit.

Ranges: ISO/IEC 7812 and what the schemes publish, https://en.wikipedia.org/wiki/Payment_card_number
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from gateway.pii.checksums import luhn
from gateway.pii.context import Context
from gateway.pii.finding import Finding
from gateway.pii.words import any_of

GROUP = re.compile(r"\d{1,20}")
SHORTEST, LONGEST = 12, 19
MOST_GROUPS = 6
#: Where a number may begin: not at the end of something longer, such as a word, a decimal or a longer number.
BEGINNING = re.compile(
    r"(?<![^\W])(?<!\+)(?<![^\W_][.,\-])(?<!\d/)"
    r"(?=\d{12,19}(?!\d)|\d{4}(?: {1,2}|[\-./\n])(?:\d{4}(?: {1,2}|[\-./\n])\d{4}|\d{6}[ \-]\d{4})"
    r"|\d{6}[ \-]\d{13}|\d{8}[ \-]\d{8})\d{4,19}"
)
#: Between groups, the same everywhere.
SEPARATOR = re.compile(r" {1,2}|[\-./\n]")
#: Behind a number: when it ends, or the digits on its back.
SHORT = re.compile(r"[/,\-]\d{1,4}(?!\d)")
WORDS = any_of(
    r"card|visa|master|amex|\bcvv|\bcvc|expir|karte|tarjeta|carte|cart[ãa]o|carta|kaart|卡|कार्ड|بطاقة",
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
    for issuer in _issuers().get(digits[:2], ()):
        if len(digits) in issuer.lengths and any(
            first <= digits[: len(first)] <= last for first, last in issuer.ranges
        ):
            return issuer.name
    return None


@cache
def _issuers() -> Mapping[str, Sequence[Issuer]]:
    """Return by the first two digits whose cards may begin so."""
    beginnings = [f"{number:02}" for number in range(100)]
    return {
        two: [one for one in ISSUERS if any(first[:2] <= two[: len(first)] <= last[:2] for first, last in one.ranges)]
        for two in beginnings
    }


def find_cards(context: Context) -> Iterator[Finding]:
    """Find numbers, whole or in groups."""
    taken = 0
    for beginning in BEGINNING.finditer(context.text):
        if beginning.start() >= taken:
            found = _from(context, beginning.start())
            if found is not None:
                taken = found.end
                yield found


def _from(context: Context, start: int) -> Finding | None:
    """Find a number that begins at a place, the longest there is."""
    text, digits, sizes, best = context.text, "", list[int](), None
    separator = ""
    at: int = start
    while len(sizes) < MOST_GROUPS and (group := GROUP.match(text, at)) is not None:
        digits += group.group()
        sizes.append(len(group.group()))
        if len(digits) > LONGEST:
            break
        if _may_be_whole(digits, sizes) and not _goes_on(text, group.end(), separator):
            issuer = issuer_of(digits)
            if issuer is not None and luhn(digits) and len(set(digits)) > 1:
                best = (issuer, group.end(), len(sizes) > 1)
        gap = SEPARATOR.match(text, group.end())
        if gap is None or gap.group() != (separator or gap.group()):
            break
        at, separator = gap.end(), gap.group()
    if best is None:
        return None
    issuer, end, grouped = best
    return Finding("payment_card", issuer, start, end, _confidence(context, start, grouped=grouped))


def _may_be_whole(digits: str, sizes: Sequence[int]) -> bool:
    return len(digits) >= SHORTEST and (len(sizes) == 1 or tuple(sizes) in GROUPS)


def _confidence(context: Context, start: int, *, grouped: bool) -> float:
    mine = context.last(WORDS, start)
    if context.is_of_other(start, mine):
        return 0.6 if grouped else 0.3
    if mine >= 0:
        return 0.99
    return 0.95 if grouped else 0.85


def _goes_on(text: str, end: int, separator: str) -> bool:
    if (short := SHORT.match(text, end)) is not None and short.group()[0] != separator:
        return False
    following, next_one = text[end : end + 1], text[end + 1 : end + 2]
    if following in {".", ",", "/"}:  # of a decimal, or of what has several numbers; a word may stand there
        return next_one.isdigit()
    return bool(following) and (following.isalnum() or following == "_" or (following == "-" and next_one.isalnum()))
