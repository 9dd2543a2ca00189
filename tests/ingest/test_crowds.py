"""Crowds beside others: at full speed for a while, then in steps, in turns, and never not at all."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from gateway.ingest import crowds
from gateway.ingest.crowds import CROWD, STEP, WORK_OFF_EVERY_SECONDS, WORK_OFF_SECONDS, Crowds, Row

NOISY, OTHER, QUIET = UUID(int=1), UUID(int=2), UUID(int=3)


class Crowd:
    """A tenant's waiting webhooks, as the door has them; ``count`` of them to begin with."""

    def __init__(self, at: Crowds, key: UUID, count: int) -> None:
        self.at, self.row = at, Row(key)
        self.row.waiting.extend(asyncio.get_running_loop().create_future() for _ in range(count))
        at.wait(self.row)

    def leave(self, count: int) -> None:
        """Have some of those leave that are at work."""
        for _ in range(count):
            self.row.inside -= 1
            if self.row.waiting:
                self.at.wait(self.row)
            self.at.left()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)  # between two looks


async def test_alone_it_is_let_in_at_full_speed() -> None:
    now = 0.0
    at = Crowds(lambda: now)
    at.beside(NOISY)  # itself, when it was none yet
    crowd = Crowd(at, NOISY, 3 * CROWD)
    now = WORK_OFF_SECONDS
    crowd.leave(10)
    assert crowd.row.inside == CROWD


async def test_beside_others_it_goes_in_steps_once_it_was_not_worked_off() -> None:
    now = 100.0
    at = Crowds(lambda: now)
    at.beside(QUIET)
    at.beside(NOISY)
    crowd = Crowd(at, NOISY, 5 * CROWD)
    crowd.leave(CROWD)
    assert crowd.row.inside == CROWD, "the first while is at full speed"
    now += WORK_OFF_SECONDS
    at.beside(QUIET)
    crowd.leave(CROWD)
    assert 1 <= crowd.row.inside <= STEP
    now += 0.001
    crowd.leave(crowd.row.inside)
    assert crowd.row.inside == 0, "it rests"
    await until(lambda: crowd.row.inside == STEP)
    now += WORK_OFF_EVERY_SECONDS
    at.beside(QUIET)
    crowd.leave(STEP)
    assert crowd.row.inside == CROWD, "and once in a while it is let in at full speed again"


async def test_crowds_take_turns_and_none_waits_for_one_that_hangs() -> None:
    now = 100.0
    at = Crowds(lambda: now)
    both = [Crowd(at, NOISY, 4 * CROWD), Crowd(at, OTHER, 4 * CROWD)]
    now += WORK_OFF_SECONDS
    at.beside(QUIET)
    for crowd in both:
        crowd.leave(CROWD)
    assert 1 <= both[0].row.inside <= STEP
    assert both[1].row.inside == 0
    await until(lambda: both[1].row.inside == STEP)  # though the first step never leaves
    assert both[0].row.inside <= 2 * STEP


async def test_what_waits_when_the_others_have_gone_is_let_in_at_once() -> None:
    now = 100.0
    at = Crowds(lambda: now)
    crowd = Crowd(at, NOISY, 3 * CROWD)
    now += WORK_OFF_SECONDS
    at.beside(QUIET)
    crowd.leave(CROWD)
    assert 1 <= crowd.row.inside <= STEP
    now += crowds.BESIDE_SECONDS
    crowd.leave(crowd.row.inside)
    assert crowd.row.inside == CROWD
