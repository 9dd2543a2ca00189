"""How crowds are let in: at full speed while they are alone, or few for a moment; else in small steps, with rests.

Whoever shares two processors with somebody that posts all the gateway takes waits for it several times at each
webhook, however short each step is. So a crowd that isn't worked off quickly may not fill the machine while others
are there: it rests several times as long as its steps take, and what it posts waits, or is refused, meanwhile.
"""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable
from uuid import UUID

#: In work at the same time of a crowd that is let in at full speed: as many as fill two groups of the writer.
CROWD = 128
#: How long one in work may keep others from coming in: it may wait for a provider's answer.
DRAIN_SECONDS = 0.1
#: A crowd is let in at full speed for the first while, and once in a longer while again: one that offers less than the
#: gateway takes, and was held up, is none any more after that.
WORK_OFF_SECONDS = 0.5
WORK_OFF_EVERY_SECONDS = 15.0
#: In work at the same time of a crowd that goes in small steps, and how many times as long as they took it rests. With
#: several crowds the rests get shorter: they share them.
STEP = 2
RESTS = 8.0
MOST_REST_SECONDS = 0.05
#: So long after its last webhook somebody else counts as there.
BESIDE_SECONDS = 0.5


class Row:
    """One tenant's webhooks: how many are here, their bytes, how many are in work, and who waits for that.

    ``crowded`` changes while none is in work, so that all that are in work are stored over the same connection: over
    two, one group would wait for the other's lock on the tenant's log. Those that take long are not waited for.
    """

    __slots__ = ("bytes", "count", "crowded", "full_from", "inside", "key", "waiting")

    def __init__(self, key: UUID | None) -> None:
        self.key = key
        self.bytes = 0
        self.count = 0
        self.crowded = False
        self.full_from = -math.inf
        self.inside = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class Crowds:
    """Lets the webhooks of crowds in, in turns.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._rows: OrderedDict[Row, None] = OrderedDict()
        self._inside = 0
        self._stepping, self._step, self._step_began = False, 0, -math.inf
        self._calling = False
        self._called: deque[asyncio.Future[None]] = deque()
        self._other: UUID | None = None
        self._other_at = self._one_more_at = -math.inf

    def beside(self, key: UUID | None) -> None:
        """Note that a tenant that is no crowd has a webhook here."""
        if key != self._other:
            self._other, self._one_more_at = key, self._other_at
        self._other_at = self._clock()

    def wait(self, row: Row) -> None:
        """Let those in who wait in a row, as soon as they may be."""
        if not row.crowded:
            row.crowded, row.full_from = True, self._clock()
        if self._goes_in_steps(row):
            self._rows[row] = None
            self._begin_step()
        else:
            self._let_in(row, CROWD)

    def left(self) -> None:
        """Count one of a crowd out again."""
        self._inside -= 1
        if not self._inside:
            self._end_step(self._step)

    def _begin_step(self) -> None:
        """Let the first of the crowds that take turns in, if none of them is at work."""
        while self._rows and not self._stepping:
            row, _ = self._rows.popitem(last=False)
            if not self._goes_in_steps(row):
                self._let_in(row, CROWD)
            elif self._let_in(row, STEP):
                self._stepping, self._step_began = True, self._clock()
                self._step += 1
                asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._end_step, self._step)

    def _end_step(self, step: int) -> None:
        """Rest after a step, which has ended when all have left, or have had their time."""
        if self._stepping and step == self._step:
            self._step += 1
            rest = (self._clock() - self._step_began) * RESTS / max(1, len(self._rows))
            asyncio.get_running_loop().call_later(min(rest, MOST_REST_SECONDS), self._rested)

    def _rested(self) -> None:
        self._stepping = False
        self._begin_step()

    def _let_in(self, row: Row, most: int) -> int:
        """Let so many of a row in at most, and no more than may be in work; returns how many these were."""
        count = max(0, min(most, CROWD - row.inside, len(row.waiting)))
        for _ in range(count):
            self._called.append(row.waiting.popleft())
        row.inside += count
        self._inside += count
        if self._called and not self._calling:
            self._calling = True
            asyncio.get_running_loop().call_soon(self._call_next)
        return count

    def _goes_in_steps(self, row: Row) -> bool:
        now = self._clock()
        if now - row.full_from >= WORK_OFF_EVERY_SECONDS:
            row.full_from = now
        other_at = self._one_more_at if row.key == self._other else self._other_at
        return now - other_at < BESIDE_SECONDS and now - row.full_from >= WORK_OFF_SECONDS

    def _call_next(self) -> None:
        """Call one in; the next one after the event loop has looked at all connections."""
        called = self._called.popleft()
        if not called.done():
            called.set_result(None)
        self._calling = bool(self._called)
        if self._calling:
            asyncio.get_running_loop().call_soon(self._call_next)
