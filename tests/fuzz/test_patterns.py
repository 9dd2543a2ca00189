"""No pattern takes the square of what it is given: steps are counted, and no clock is asked.

Attacks are made from the pattern itself: what leads to a repetition, what is repeated, many times and twice as often,
and something that fits nowhere. Twice as much may cost twice as much.
"""

import re
from collections.abc import Iterator
from itertools import product
from math import inf

import pytest

from tests.fuzz.backtracking import Backtracking, Endless
from tests.fuzz.patterns import used_patterns

TIMES = 16
MOST_PUMPS, MOST_BEGINNINGS = 12, 3
#: Linear costs grow by as much again; those of a square three times as much.
LINEAR = 1.6
#: So few steps tell nothing.
FEW = 400


def steps(pattern: Backtracking, text: str, *, is_searched: bool) -> float:
    """Count; what never ends counts as infinitely much."""
    try:
        return pattern.search(text) if is_searched else pattern.match(text)
    except Endless:
        return inf


def attacks(pattern: Backtracking) -> Iterator[tuple[str, str, str]]:
    """Give beginnings, what is repeated, and ends."""
    bodies = pattern.bodies()
    pumps = [one for one in dict.fromkeys([*bodies, *pattern.alphabet()]) if one] if bodies else []
    return product(pattern.beginnings(MOST_BEGINNINGS), pumps[:MOST_PUMPS], ("", "\x01"))


def worst(compiled: re.Pattern[str], *, is_searched: bool) -> tuple[float, str]:
    """Return how much more the second half of an attack costs than the first, at worst, and the attack."""
    pattern, found = Backtracking(compiled), (0.0, "")
    for before, pump, after in attacks(pattern):
        none, half, whole = (
            steps(pattern, before + pump * times + after, is_searched=is_searched) for times in (0, TIMES, 2 * TIMES)
        )
        if whole > FEW:
            growth = inf if whole == inf else (whole - half) / max(half - none, 1)
            found = max(found, (growth, before + pump + after))
    return found


def test_no_pattern_takes_the_square_of_what_it_is_given() -> None:
    found = {place: worst(pattern, is_searched=is_searched)
             for place, pattern, is_searched in dict.fromkeys(used_patterns())}  # fmt: skip
    slow = {place: attack for place, (growth, attack) in found.items() if growth > LINEAR}
    assert slow == {}
    assert len(found) > 200


@pytest.mark.parametrize(
    ("written", "is_slow"),
    [
        (r"(a+)+b", True), (r"\s+$", True), (r"(?:a|a)*b", True), (r"a*a*b", True), (r"<[^>]*>", True),
        (r"(?:[a-z]+\.?)+@", True), (r"x\s*\n?\s*y", True), (r"(?<!a)a+b", False), (r"a++b", True),
        (r"(?<!\s)\s++$", False), (r"<[^<>]*>", False), (r"[a-z]{1,3}b", False), (r"(?>a*)a", True), (r"a+", False),
        (r"(?:a{1,3},)*;", True), (r"(?:^|,)a*b", False), (r"a.*?b", True), (r"(a)\1*b", True), (r"\ba+b", False),
    ],
)  # fmt: skip
def test_slow_patterns_are_told_from_quick_ones(written: str, is_slow: bool) -> None:
    assert (worst(re.compile(written), is_searched=True)[0] > LINEAR) is is_slow


def test_what_is_tried_from_one_place_only_costs_less() -> None:
    assert worst(re.compile(r"a+b"), is_searched=False)[0] < LINEAR
    assert worst(re.compile(r"a*a*b"), is_searched=False)[0] > LINEAR
    assert worst(re.compile(r"(a+)+b"), is_searched=False)[0] == inf
