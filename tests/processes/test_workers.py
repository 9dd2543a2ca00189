"""Who is kept in which place while workers die and are replaced; the workers are stand-ins, the drill has real ones."""

import asyncio
import errno
import os
import signal
from collections.abc import Awaitable, Callable, Iterator

import pytest

from gateway.running import Refused
from gateway.settings import Settings
from gateway.workers import Process, Supervisor

SETTINGS = {
    "database_url": "postgresql://app@db/postgate",
    "hook_database_url": "postgresql://hook@db/postgate",
    "relay_database_url": "postgresql://relay@db/postgate",
    "master_key": "bm90IGEga2V5LCBidXQgMzIgYnl0ZXMgbG9uZyEhISE=",
    "port": 0,
}


class StandIn(Process):
    """A worker that serves when it is told to, and dies or stops at once."""

    def __init__(self, place: int, pid: int, *, starts: bool) -> None:
        self.place = place
        self.pid = pid
        self.ready = False
        self.told: list[tuple[str, int]] = []
        self.stopped = False
        self._starts = starts
        self._ended = asyncio.Event()
        if not starts:
            self._ended.set()

    @property
    def has_ended(self) -> bool:
        """Whether it died or was stopped."""
        return self._ended.is_set()

    async def serves(self) -> bool:
        """It does, unless it can't start."""
        self.ready = self._starts
        return self._starts

    async def ended(self) -> int:
        """Wait for ``die`` or ``stop``."""
        await self._ended.wait()
        self.ready = False
        return 0 if self.stopped else -9

    def tell(self, word: str, place: int) -> None:
        """Remember it."""
        self.told.append((word, place))

    def stop(self) -> None:
        """End in order."""
        self.stopped, self.ready = True, False
        self._ended.set()

    def die(self) -> None:
        """End without a word."""
        self._ended.set()


class Watched(Supervisor):
    """Starts stand-ins, those of the place ``failing`` in vain, and pauses until ``go_on`` is set."""

    def __init__(self, amount: int) -> None:
        super().__init__(Settings.model_validate(SETTINGS), {}, amount)
        self.started: list[StandIn] = []
        self.failing: int | None = None
        self.room = True
        self.pausing = 0
        self.go_on = asyncio.Event()

    async def _start(self, place: int) -> Process:
        await asyncio.sleep(0)
        if not self.room:
            raise BlockingIOError(errno.EAGAIN, "no room for one more process")
        process = StandIn(place, len(self.started), starts=place != self.failing)
        self.started.append(process)
        return process

    async def _pause(self, seconds: float) -> None:
        self.pausing += 1
        woken = [asyncio.create_task(event.wait()) for event in (self.go_on, self._stopped)]
        await asyncio.wait(woken, return_when=asyncio.FIRST_COMPLETED)
        for task in woken:
            task.cancel()
        self.pausing -= 1

    def kept(self, place: int) -> StandIn:
        """Return who is in a place."""
        process = self._processes[place]
        assert isinstance(process, StandIn)
        return process


@pytest.fixture
def hang_up() -> Iterator[Callable[[], None]]:
    """Return what sends SIGHUP to this process, which it survives."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield lambda: os.kill(os.getpid(), signal.SIGHUP)
    signal.signal(signal.SIGHUP, before)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.005)


async def supervised(amount: int, act: Callable[[Watched], Awaitable[None]]) -> Watched:
    """Do something while a supervisor runs, stop it, and return it."""
    supervisor = Watched(amount)
    running = asyncio.create_task(supervisor.run())
    await until(lambda: len(supervisor.started) == amount and all(one.ready for one in supervisor.started))
    await act(supervisor)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(30):
        await running
    return supervisor


async def test_a_worker_that_came_by_sighup_while_its_place_paused_is_kept(hang_up: Callable[[], None]) -> None:
    async def act(supervisor: Watched) -> None:
        supervisor.kept(0).die()
        await until(lambda: supervisor.pausing == 1)
        hang_up()
        await until(lambda: supervisor.kept(0).ready and supervisor.kept(1).pid > 1)
        came, amount = supervisor.kept(0), len(supervisor.started)
        supervisor.go_on.set()
        await until(lambda: supervisor.pausing == 0)
        for _ in range(10):  # enough for another one to be started
            await asyncio.sleep(0)
        assert supervisor.kept(0) is came
        assert len(supervisor.started) == amount
        came.die()  # whoever keeps the place looks after this one now
        await until(lambda: supervisor.kept(0) is not came and supervisor.kept(0).ready)

    supervisor = await supervised(2, act)
    assert all(one.has_ended for one in supervisor.started)


async def test_the_socket_of_a_dead_place_is_not_left_with_a_worker_that_leaves(hang_up: Callable[[], None]) -> None:
    async def act(supervisor: Watched) -> None:
        first = supervisor.kept(0)
        supervisor.kept(1).die()
        await until(lambda: ("take", 1) in first.told)
        await until(lambda: supervisor.pausing == 1)
        supervisor.failing = 1
        hang_up()
        await until(lambda: supervisor.kept(0) is not first)
        await until(lambda: ("take", 1) in supervisor.kept(0).told)
        assert not supervisor.kept(1).ready

    await supervised(2, act)


async def test_a_worker_that_the_system_has_no_room_for_is_started_once_there_is(hang_up: Callable[[], None]) -> None:
    async def act(supervisor: Watched) -> None:
        supervisor.room = False
        hang_up()
        supervisor.kept(0).die()
        await until(lambda: supervisor.pausing == 1)
        assert supervisor.kept(1).ready, "the other one serves on"
        supervisor.room = True
        supervisor.go_on.set()
        await until(lambda: supervisor.kept(0).ready)

    await supervised(2, act)


async def test_a_supervisor_without_room_for_any_worker_says_so() -> None:
    supervisor = Watched(1)
    supervisor.room = False
    with pytest.raises(Refused, match="no room for one more process"):
        await supervisor.run()
