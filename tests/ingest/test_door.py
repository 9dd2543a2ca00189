"""The door: a crowd waits for itself, what is beyond a share is refused, and all room comes back."""

import asyncio
from itertools import pairwise
from uuid import UUID

import pytest

from channels.registry import ADAPTERS
from gateway.ingest.crowds import CROWD
from gateway.ingest.door import A_FEW, Door, Room
from gateway.ingest.routes import _crowded
from gateway.problems import Overloaded, ShareUsed

NOISY, QUIET, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)


class Clock:
    """Time that a test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """A webhook at a door: it holds its room until it is told to go."""

    def __init__(self, door: Door, key: UUID, size: int = 1) -> None:
        self._room = door.room(key, size)
        self._go = asyncio.Event()
        self.inside = False
        self.task = asyncio.create_task(self._visit(self._room))

    async def _visit(self, room: Room) -> None:
        with room:
            await room.turn(1)
            self.inside = True
            await self._go.wait()

    @property
    def crowded(self) -> bool:
        return self._room.crowded

    def go(self) -> None:
        """Leave as soon as it was let in."""
        self._go.set()

    async def leave(self) -> None:
        self.go()
        await asyncio.wait([self.task])


def door(limit: int = 4000, most_bytes: int = 1000, chance: float = 0.0) -> tuple[Door, Clock]:
    clock = Clock()
    return Door(limit, clock, lambda: chance, most_bytes), clock


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def refused(at: Door, key: UUID, size: int = 1) -> Overloaded:
    with pytest.raises(Overloaded) as caught:
        at.room(key, size)
    return caught.value


async def test_one_of_many_waits_for_its_own_tenant_only() -> None:
    at, _ = door()
    noisy = [Visitor(at, NOISY) for _ in range(A_FEW + 3)]
    await turns()
    assert [one.inside for one in noisy] == [True] * A_FEW + [False] * 3
    quiet = Visitor(at, QUIET)
    await turns()
    assert quiet.inside
    assert not quiet.crowded
    for one in noisy[: A_FEW - 1]:
        await one.leave()
    await turns()
    assert not any(one.inside for one in noisy[A_FEW:]), "over two connections a group would wait for the other's lock"
    await noisy[A_FEW - 1].leave()
    await turns(20)
    assert all(one.inside and one.crowded for one in noisy[A_FEW:])
    for one in [*noisy[A_FEW:], quiet]:
        await one.leave()
    again = Visitor(at, NOISY)
    await turns()
    assert again.inside
    assert not again.crowded, "a crowd that has gone is none any more"
    await again.leave()


async def test_one_that_takes_long_keeps_the_others_waiting_for_a_moment_only() -> None:
    at, _ = door()
    first = [Visitor(at, NOISY) for _ in range(A_FEW)]
    more = [Visitor(at, NOISY) for _ in range(3)]
    await turns()
    for one in first[1:]:
        await one.leave()
    async with asyncio.timeout(20):
        for one in more:
            one.go()
            await one.task
    assert first[0].inside, "it asks its provider still"
    await first[0].leave()


async def test_a_crowd_comes_in_one_by_one_and_has_an_end() -> None:
    at, _ = door()
    first = [Visitor(at, NOISY) for _ in range(A_FEW)]
    crowd = [Visitor(at, NOISY) for _ in range(CROWD + 5)]
    await turns()
    for one in first:
        await one.leave()
    inside = []
    for _ in range(3):
        inside.append(sum(one.inside for one in crowd))
        await asyncio.sleep(0)
    assert inside == sorted(inside)
    assert max(after - before for before, after in pairwise(inside)) <= 1
    await turns(2 * CROWD)
    assert sum(one.inside for one in crowd) == CROWD
    for one in crowd:
        await one.leave()


async def test_who_hangs_up_while_it_waits_leaves_no_trace() -> None:
    at, _ = door(limit=8 * A_FEW)
    for _ in range(3):
        visitors = [Visitor(at, NOISY) for _ in range(2 * A_FEW)]
        await turns(3)
        for one in visitors[A_FEW + 1 :]:
            one.task.cancel()  # in the row
        for one in visitors[: A_FEW - 1]:
            await one.leave()
        visitors[A_FEW - 1].task.cancel()  # at work
        await turns(1)
        visitors[A_FEW].task.cancel()  # about to be called, or just called
        await asyncio.wait([one.task for one in visitors])
        await turns()
    share = [Visitor(at, NOISY) for _ in range(2 * A_FEW)]
    await turns()
    assert sum(one.inside for one in share) == A_FEW
    assert isinstance(refused(at, NOISY), ShareUsed)
    for one in share:
        await one.leave()


async def test_a_share_is_refused_to_its_tenant_and_the_whole_to_everybody() -> None:
    at, _ = door(limit=8)
    visitors = [Visitor(at, NOISY) for _ in range(2)]
    await turns()
    assert isinstance(refused(at, NOISY), ShareUsed)
    visitors += [Visitor(at, UUID(int=n)) for n in range(10, 16)]
    await turns()
    assert not isinstance(refused(at, QUIET), ShareUsed)
    await visitors[0].leave()
    visitors.append(Visitor(at, QUIET))
    await turns()
    assert visitors[-1].inside
    for one in visitors:
        await one.leave()


@pytest.mark.parametrize(("provider", "status"), [("whatsapp_cloud", 429), ("sendgrid", 503), ("ses", 503)])
def test_a_crowd_is_told_so_that_its_provider_comes_back(provider: str, status: int) -> None:
    answer = _crowded(ADAPTERS[provider], ShareUsed("too many wait", retry_after=7))
    assert (answer.status, answer.headers["Retry-After"]) == (status, "7")


async def test_bodies_count_before_they_are_read() -> None:
    at, _ = door(most_bytes=1000)
    with at.room(NOISY, 250):
        assert isinstance(refused(at, NOISY), ShareUsed)
        with at.room(QUIET, 250), at.room(THIRD, 250), at.room(UUID(int=4), 250):
            assert not isinstance(refused(at, UUID(int=5)), ShareUsed)
    with at.room(NOISY, 250) as room:
        await room.turn(2)  # it was not known before
        with at.room(NOISY, 248):
            assert isinstance(refused(at, NOISY), ShareUsed)
    with at.room(NOISY, 250):
        pass


async def test_who_is_refused_is_told_when_there_will_be_room() -> None:
    at, clock = door(limit=400, chance=0.5)
    for _ in range(20):
        await Visitor(at, QUIET).leave()
    visitors = [Visitor(at, NOISY) for _ in range(100)]
    await turns()
    clock.now += 1.0  # twenty a second have gone, and a hundred are ahead
    assert refused(at, NOISY).retry_after == 8  # 100 / 20 s, and half as much again by chance
    clock.now += 20.0  # nothing has gone in these
    assert refused(at, NOISY).retry_after == 30
    for one in visitors:
        one.task.cancel()
    await asyncio.wait([one.task for one in visitors])
