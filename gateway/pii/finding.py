"""What is looked for in texts, and what was found."""

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["email", "phone", "postal_address", "national_id", "payment_card", "iban", "custom"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What is less sure than this is not told: more than half of it would be something else.
LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in a text.

    Attributes:
        kind: what it looks like.
        detector: the same more exactly: an issuer of cards, a country, the id of a custom pattern.
        start: where it begins, in code points of the text.
        end: behind its last code point.
        confidence: how likely it is that, from 0 to 1.
    """

    kind: Kind
    detector: str
    start: int
    end: int
    confidence: float


def without_overlaps(findings: Iterable[Finding]) -> Sequence[Finding]:
    """Leave of places that overlap the surest one, of equally sure ones the longest; in the order of the text.

    One that lost against another counts no more: what only that one overlaps stays.
    """
    chosen: list[Finding] = []
    for one in sorted(findings, key=_rank):
        place = bisect(chosen, one.start, key=_start)
        if (
            one.confidence >= LEAST
            and (place == 0 or chosen[place - 1].end <= one.start)
            and (place == len(chosen) or one.end <= chosen[place].start)
        ):
            chosen.insert(place, one)
    return chosen


def _rank(found: Finding) -> tuple[float, int, int]:
    return -found.confidence, found.start - found.end, found.start


def _start(found: Finding) -> int:
    return found.start
