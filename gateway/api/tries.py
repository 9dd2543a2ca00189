"""How often somebody may try to log in: a sliding window per key."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Protocol

from gateway.problems import TooManyRequests

MOST_KEYS = 10_000


class Tries(Protocol):
    """Counts tries within the last minutes."""

    async def take(self, key: str) -> None:
        """Count a try.

        Raises:
            TooManyRequests: when there were too many; says for how long.
        """

    async def give_back(self, key: str) -> None:
        """Forget the last try: it succeeded."""


class OwnTries:
    """Counts the tries at this process.

    In memory: good enough to make guessing hopeless, and nothing to keep clean. The number of keys
    is bounded; the one that was quiet longest goes first.

    Args:
        allowed: tries per window.
        now: a clock in seconds that only goes forward.
        window: for how many seconds a try counts.
    """

    def __init__(self, allowed: int, now: Callable[[], float], window: float) -> None:
        self._allowed = allowed
        self._window = window
        self._now = now
        self._made: OrderedDict[str, deque[float]] = OrderedDict()

    async def take(self, key: str) -> None:
        """Count a try.

        Raises:
            TooManyRequests: when there were too many; says for how long.
        """
        now = self._now()
        made = self._made.setdefault(key, deque())
        self._made.move_to_end(key)
        while made and made[0] <= now - self._window:
            made.popleft()
        if len(made) >= self._allowed:
            raise too_many(made[0] + self._window - now)
        made.append(now)
        if len(self._made) > MOST_KEYS:
            self._made.popitem(last=False)

    async def give_back(self, key: str) -> None:
        """Forget the last try: it succeeded."""
        made = self._made.get(key)
        if made:
            made.pop()


def too_many(wait: float) -> TooManyRequests:
    """Return the refusal of a try that may be made again after some seconds."""
    return TooManyRequests("too many tries; wait before the next", retry_after=max(1, math.ceil(wait)))
