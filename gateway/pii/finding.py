"""What is looked for in texts, and what was found."""

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
    """Leave of places that overlap the surest one, of equally sure ones the longest; in the order of the text."""
    chosen: list[Finding] = []
    best: Finding | None = None
    for one in sorted(findings, key=lambda found: (found.start, -found.end)):
        if one.confidence < LEAST:
            continue
        if best is None or one.start >= best.end:
            if best is not None:
                chosen.append(best)
            best = one
        elif _rank(one) > _rank(best):
            best = one
    return [*chosen, *([] if best is None else [best])]


def _rank(found: Finding) -> tuple[float, int]:
    return found.confidence, found.end - found.start
