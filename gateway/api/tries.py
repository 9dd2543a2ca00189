"""How often somebody may try to log in: a sliding window per key, in memory."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable

from gateway.problems import TooManyRequests

WINDOW_SECONDS = 300.0
MOST_KEYS = 10_000


class Tries:
    """Counts tries within the last minutes.

    In memory and per process: good enough to make guessing hopeless, and nothing to keep clean. The number of keys
    is bounded; the one that was quiet longest goes first.

    Args:
        allowed: tries per window.
        now: a clock in seconds that only goes forward.
        window: for how many seconds a try counts.
    """

    def __init__(self, allowed: int, now: Callable[[], float], window: float = WINDOW_SECONDS) -> None:
        self._allowed = allowed
        self._window = window
        self._now = now
        self._made: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> None:
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
            wait = math.ceil(made[0] + self._window - now)
            raise TooManyRequests("too many tries; wait before the next", retry_after=max(1, wait))
        made.append(now)
        if len(self._made) > MOST_KEYS:
            self._made.popitem(last=False)

    def give_back(self, key: str) -> None:
        """Forget the last try: it succeeded."""
        made = self._made.get(key)
        if made:
            made.pop()
