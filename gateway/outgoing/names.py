"""What names mean, asked in threads: a name server that hangs takes nobody else's, and nobody waits for it for long."""

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

#: After so many seconds a lookup is late: it gives its place up to others, and an older answer has to do.
LATE_SECONDS = 2.0
#: A good answer is used for so long without asking again; whoever calls an address has it checked at every use.
KEEP_SECONDS = 30.0
#: It is used for so long when there is no newer one to be had.
STALE_SECONDS = 600.0
#: After a late lookup the name is left alone, each time twice as long.
PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 300.0
#: Names that were late have places of their own: so many for one of the others'.
LATE_PLACES = 3
MOST_NAMES = 10_000

#: What ``getaddrinfo`` returns.
Found = Sequence[Any]


class NotLookedUp(TimeoutError):
    """A name that nobody looked up in time: what it means isn't known."""

    def __init__(self) -> None:
        super().__init__(errno.ETIMEDOUT, "the name was not looked up in time")

    def __str__(self) -> str:
        return str(self.strerror)


@dataclass(slots=True)
class _Name:
    """What is known of a name: its last good answer, the lookup under way, and how often in a row it was late."""

    found: Found | None = None
    found_at: float = 0.0
    lookup: "asyncio.Task[Found] | None" = None
    is_late: bool = False
    times_late: int = 0
    paused_until: float = 0.0


class Names:
    """Looks names up, each only once at a time however many ask.

    Args:
        threads: how many names may be asked for at a time, besides those that are late.
        clock: tells the time, in seconds that only grow.
    """

    def __init__(self, threads: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._threads = ThreadPoolExecutor(threads * (1 + LATE_PLACES), thread_name_prefix="resolver")
        self._places = asyncio.Semaphore(threads)
        self._late_places = asyncio.Semaphore(threads * LATE_PLACES)
        self._names: dict[tuple[str, int], _Name] = {}

    async def find(self, host: str, family: int) -> Found:
        """Return what a name means, as ``getaddrinfo`` does. With no older answer this may take as long as it likes.

        Raises:
            NotLookedUp: when the name's last lookup was late, and has not ended or ended lately.
            OSError: when the name has no address, or nobody answers.
            UnicodeError: when it can't be a name.
        """
        name = self._names.pop((host, family), None) or _Name()
        self._names[host, family] = name  # behind those that nobody asked for since
        if len(self._names) > MOST_NAMES:
            del self._names[next(iter(self._names))]
        age = self._clock() - name.found_at
        if name.found is not None and age < KEEP_SECONDS:
            return name.found
        older = name.found if age < STALE_SECONDS else None
        places = self._late_places if name.times_late else self._places
        crowded = places.locked()
        if name.lookup is None and self._clock() >= name.paused_until and not (name.times_late and crowded):
            name.lookup = asyncio.create_task(self._look_up(name, places, host, family))
            name.lookup.add_done_callback(lambda lookup: lookup.cancelled() or lookup.exception())  # if nobody waits
        if name.lookup is None or name.is_late or (crowded and older is not None):
            if older is None:
                raise NotLookedUp
            return older
        lookup = name.lookup
        done, _ = await asyncio.wait({lookup}, timeout=None if older is None else LATE_SECONDS)
        return lookup.result() if done or older is None else older

    async def _look_up(self, name: _Name, places: asyncio.Semaphore, host: str, family: int) -> Found:
        await places.acquire()
        answer = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, 0, family, socket.SOCK_STREAM)
        )
        try:
            await asyncio.wait({answer}, timeout=LATE_SECONDS)
            name.is_late = not answer.done()
            if name.is_late and places is self._places and not self._late_places.locked():
                await self._late_places.acquire()
                self._places.release()
                places = self._late_places
            name.times_late = name.times_late + 1 if name.is_late else 0
            found = await answer
            name.found, name.found_at = found, self._clock()
            return found
        finally:
            answer.cancel()
            places.release()
            if name.is_late:
                pause = PAUSE_SECONDS * 2 ** min(name.times_late - 1, 8)
                name.paused_until = self._clock() + min(pause, LONGEST_PAUSE_SECONDS)
            name.lookup, name.is_late = None, False

    async def close(self) -> None:
        """Let the threads go; those that still wait for an answer end with it."""
        lookups = [name.lookup for name in self._names.values() if name.lookup is not None]
        for lookup in lookups:
            lookup.cancel()
        await asyncio.gather(*lookups, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
