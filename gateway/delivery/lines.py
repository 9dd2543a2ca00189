"""Connections to receivers that are free, kept for a while: making one costs much more than a request."""

import asyncio
from collections import deque

from gateway.delivery.dialling import Clock, Line

#: Receivers give free connections up after some time, and most not before this.
KEEP_SECONDS = 15.0
MOST_KEPT = 512

Origin = tuple[str, str, int]


class Lines:
    """Hands out the one that was used last, so that those nobody needs grow old.

    Args:
        clock: tells the time, in seconds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free: dict[Origin, deque[tuple[Line, float]]] = {}
        self._count = 0
        self._sweeping: asyncio.TimerHandle | None = None

    def take(self, origin: Origin) -> Line | None:
        """Return a connection that can be used; None when there is none."""
        free = self._free.get(origin)
        oldest = self._clock() - KEEP_SECONDS
        while free:
            line, since = free.pop()
            self._count -= 1
            if since > oldest and line.ready():
                return line
            line.hang_up()
        self._free.pop(origin, None)
        return None

    def keep(self, origin: Origin, line: Line) -> None:
        """Keep a connection that is free now."""
        if self._count >= MOST_KEPT:
            line.hang_up()
            return
        self._free.setdefault(origin, deque()).append((line, self._clock()))
        self._count += 1
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(KEEP_SECONDS, self._sweep)

    def close(self) -> None:
        """Hang up on all of them."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        for free in self._free.values():
            for line, _ in free:
                line.hang_up()
        self._free.clear()
        self._count = 0

    def _sweep(self) -> None:
        """Hang up on those that nobody used for long."""
        oldest = self._clock() - KEEP_SECONDS
        for origin, free in list(self._free.items()):
            while free and free[0][1] <= oldest:
                free.popleft()[0].hang_up()
                self._count -= 1
            if not free:
                del self._free[origin]
        self._sweeping = None
        if self._free:
            self._sweeping = asyncio.get_running_loop().call_later(KEEP_SECONDS, self._sweep)
