"""Two ways to post: as fast as answers come (closed loop), or at a given rate (open loop)."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.client.connections import Connection, connect
from benchmarks.client.posts import Post
from benchmarks.errors import NotMeasured
from benchmarks.percentiles import percentile

OK = 200
PATIENCE_SECONDS = 60.0
TICK_SECONDS = 0.001  # what the event loop's clock can tell apart
#: Told of each request that was answered 200: its post, when it was due, and when it was answered.
Noted = Callable[[Post, float, float], None]


class _Drive:
    """What all have in common: they count answers, and are over once all are in."""

    #: The statuses that may be answered.
    expected = frozenset({OK})

    def __init__(self, noted: Noted) -> None:
        self._noted = noted
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []
        self.under_way = 0
        self.last = 0.0

    def take_answer(self, connection: Connection, status: int) -> None:
        """Count the answer to what a connection sent."""
        now = time.perf_counter()
        self.last = now
        self.under_way -= 1
        self.statuses[status] += 1
        self.latencies.append(now - connection.started)
        if status == OK and connection.post is not None:
            self._noted(connection.post, connection.started, now)

    def lost(self, _connection: Connection) -> None:
        """Give up: a request may be unanswered for ever."""
        if not self._over.done():
            self._over.set_exception(NotMeasured("the server hung up under load"))

    def finish(self) -> None:
        """Tell that no more requests follow and none is under way."""
        if not self._over.done():
            self._over.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait until it is over.

        Raises:
            NotMeasured: when answers are missing, or others than expected came.
        """
        try:
            async with asyncio.timeout(seconds + PATIENCE_SECONDS):
                await self._over
        except TimeoutError:
            raise NotMeasured(f"{self.under_way} requests were never answered") from None
        if set(self.statuses) - self.expected:
            raise NotMeasured(f"the server answered {dict(self.statuses)}")

    def report(self, started: float) -> dict[str, Any]:
        """Return what was seen: answers, seconds, and latencies in milliseconds."""
        return {
            "answered": self.statuses[OK],
            "seconds": self.last - started,
            "p50_ms": percentile(self.latencies, 0.5) * 1000,
            "p99_ms": percentile(self.latencies, 0.99) * 1000,
        }


class Closed(_Drive):
    """Each connection sends its next request as soon as it has its answer."""

    def __init__(self, posts: Iterator[Post], noted: Noted) -> None:
        super().__init__(noted)
        self._posts = posts
        self._deadline = 0.0

    async def run(self, url: str, connections: int, seconds: float) -> dict[str, Any]:
        """Post for some seconds, or until the posts are used up; then wait for the last answers.

        Raises:
            NotMeasured: when the server fails.
        """
        opened = await connect(url, connections, lambda: Connection(self))
        started = time.perf_counter()
        self._deadline = started + seconds
        for connection in opened:
            self._next(connection)
        try:
            await self.wait(seconds)
        finally:
            for connection in opened:
                connection.close()
        return self.report(started)

    def answered(self, connection: Connection, status: int) -> None:
        """Count, and go on."""
        self.take_answer(connection, status)
        self._next(connection)

    def _next(self, connection: Connection) -> None:
        now = time.perf_counter()
        post = next(self._posts, None) if now < self._deadline else None
        if post is not None:
            self.under_way += 1
            connection.send(post, now)
        elif not self.under_way:
            self.finish()


class Paced(_Drive):
    """Requests are due at a rate, whether or not earlier ones are answered; their time counts from then."""

    def __init__(self, posts: Iterator[Post], noted: Noted) -> None:
        super().__init__(noted)
        self._posts = posts
        self._free: list[Connection] = []
        self._due: deque[tuple[Post, float]] = deque()
        self._all_due = False

    async def run(self, url: str, connections: int, seconds: float, rate: float) -> dict[str, Any]:
        """Post ``rate`` requests a second for some seconds; then wait for the last answers.

        Raises:
            NotMeasured: when the server fails.
        """
        opened = await connect(url, connections, lambda: Connection(self))
        self._free = list(opened)
        started = time.perf_counter()
        try:
            await self._release(started, seconds, rate)
            self._all_due = True
            if self.under_way or self._due:
                await self.wait(seconds)
        finally:
            for connection in opened:
                connection.close()
        return self.report(started)

    async def _release(self, started: float, seconds: float, rate: float) -> None:
        released = 0
        while (now := time.perf_counter()) < started + seconds:
            while released <= (now - started) * rate:
                self._due.append((next(self._posts), now))
                released += 1
            self._send()
            await asyncio.sleep(max(TICK_SECONDS, started + released / rate - now))

    def answered(self, connection: Connection, status: int) -> None:
        """Count, and use the connection again."""
        self.take_answer(connection, status)
        self._free.append(connection)
        self._send()
        if self._all_due and not self.under_way:
            self.finish()

    def _send(self) -> None:
        while self._due and self._free:
            post, due = self._due.popleft()
            self.under_way += 1
            self._free.pop().send(post, due)
