"""When a delivery is tried again. Pure."""

from collections.abc import Sequence

#: Spreads what failed together, as a part of the wait; it only adds.
JITTER = 0.2


def next_attempt(steps: Sequence[int], tries: int, now: float, chance: float) -> float | None:
    """Return the moment of the next attempt; None when there is none left.

    Args:
        steps: the seconds to wait before each attempt; the first one is that before the first attempt.
        tries: how many were made.
        now: seconds since 1970.
        chance: from 0 to 1.
    """
    if tries >= len(steps):
        return None
    return now + steps[tries] * (1 + JITTER * chance)
