"""Sharded pub/sub of Redis: a process hears the channels that it asked for, and no others.

What is said while nobody listens is lost, and so is whatever is under way when a connection breaks: what is told here
is either looked for elsewhere now and then, or said again. Any trouble ends all connections and begins anew, with a
new look at which servers there are: slots move between the servers of a cluster, and a server takes over from another.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack
from typing import Any, Protocol, Self

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from gateway.live import metrics
from gateway.live.wire import set_within
from gateway.redis_servers import AWAY, Servers, cancelled

log = structlog.get_logger(__name__)

#: From one question whether the servers are there to the next.
BEAT_SECONDS = 3.0
#: A connection that was silent for so long is dead: at each question it has an answer to bring.
SILENT_SECONDS = 10.0
RETRY_SECONDS = 1.0


class Hearer(Protocol):
    """Who wants to hear a channel."""

    def begins(self, channel: str) -> None:
        """Note that all that is said from now on will be heard; before, something may have been missed."""

    def hears(self, channel: str, data: bytes) -> None:
        """Take what was said."""


class ChannelMoved(RedisError):
    """A channel that has another server now."""


class SendingFailed(RedisError):
    """Something could not be said."""


class Radio:
    """Says and hears, as long as Redis is there.

    Args:
        servers: see there; this looks after them.
        beat_seconds: see ``BEAT_SECONDS``.
        silent_seconds: see ``SILENT_SECONDS``.
        retry_seconds: before connecting again.

    Attributes:
        connected: set while all that was asked for at first is heard, and can be said.
    """

    def __init__(
        self,
        servers: Servers,
        beat_seconds: float = BEAT_SECONDS,
        silent_seconds: float = SILENT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._servers = servers
        self._beat_seconds = beat_seconds
        self._silent_seconds = silent_seconds
        self._retry_seconds = retry_seconds
        self._hearers: dict[str, Hearer] = {}
        self._changed: set[str] = set()
        self._grown = asyncio.Event()
        self._lines: dict[Redis, PubSub] = {}
        self._subscribed: set[str] = set()
        #: Subscribed, and not confirmed yet.
        self._awaited: set[str] = set()
        #: Unsubscribed, and not confirmed yet; how often.
        self._leaving: Counter[str] = Counter()
        self._failed = False
        self.connected = asyncio.Event()

    def join(self, channel: str, hearer: Hearer) -> None:
        """Begin to hear a channel; it has one hearer."""
        self._hearers[channel] = hearer
        self._change(channel)

    def part(self, channel: str) -> None:
        """Hear it no more."""
        self._hearers.pop(channel, None)
        self._change(channel)

    async def send(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Say something on some channels.

        Raises:
            RedisError: or any other of ``AWAY``, when some of it may not have been said.
        """
        by_server: dict[Redis, list[tuple[str, bytes]]] = defaultdict(list)
        for channel, data in messages:
            by_server[self._servers.of(channel)].append((channel, data))
        try:
            for server, said in by_server.items():
                async with server.pipeline(transaction=False) as pipe:
                    for channel, data in said:
                        pipe.spublish(channel, data)
                    await pipe.execute()
        except AWAY:
            self._failed = True
            self.connected.clear()
            self._servers.doubt()
            raise

    async def run(self) -> None:
        """Hear, for ever."""
        while not cancelled():
            try:
                await self._talk()
            except AWAY as error:
                log.warning("live.redis_lost", error=type(error).__name__, why=str(error)[:200])
            await asyncio.sleep(self._retry_seconds)

    def _change(self, channel: str) -> None:
        self._changed.add(channel)
        self._grown.set()

    async def _talk(self) -> None:
        """Hear until there is trouble."""
        await self._servers.learn()
        self._failed = False
        self._changed = set(self._hearers)
        self._grown.set()
        metrics.REDIS_CONNECTS.inc()
        try:
            async with AsyncExitStack() as lines, _Together() as works:
                works.begin(self._tune(lines, works))
                works.begin(self._beat())
                await works.first_end()
        finally:
            self.connected.clear()
            self._servers.up = False
            metrics.NEIGHBOURS.set(0)
            self._lines.clear()
            self._subscribed.clear()
            self._awaited.clear()
            self._leaving.clear()

    async def _tune(self, lines: AsyncExitStack, works: "_Together") -> None:
        """Subscribe to what somebody wants to hear, and unsubscribe from what nobody wants to hear any more."""
        while not cancelled():
            await self._grown.wait()
            self._grown.clear()
            changed, self._changed = self._changed, set()
            for channel in changed:
                if channel in self._hearers and channel not in self._subscribed:
                    await self._subscribe(channel, lines, works)
                elif channel in self._subscribed and channel not in self._hearers:
                    self._subscribed.discard(channel)
                    self._awaited.discard(channel)
                    self._leaving[channel] += 1
                    await self._lines[self._servers.of(channel)].sunsubscribe(channel)
            self._connected_when_all_is_heard()

    async def _subscribe(self, channel: str, lines: AsyncExitStack, works: "_Together") -> None:
        self._subscribed.add(channel)
        self._awaited.add(channel)
        server = self._servers.of(channel)
        if server in self._lines:
            await self._lines[server].ssubscribe(channel)
            return
        line: PubSub = await lines.enter_async_context(server.pubsub())
        await line.ssubscribe(channel)
        self._lines[server] = line
        works.begin(self._listen(line))

    async def _beat(self) -> None:
        """Ask all servers now and then, and when somebody got no answer, whether they are there."""
        while not cancelled():
            for server in self._servers.all:
                await server.ping()
            for line in list(self._lines.values()):
                await line.ping()
            self._servers.up = True
            await set_within(self._servers.doubted, self._beat_seconds)
            self._servers.doubted.clear()
            if self._failed:
                raise SendingFailed("something could not be said")

    async def _listen(self, line: PubSub) -> None:
        while not cancelled():
            async with asyncio.timeout(self._silent_seconds):
                message = await line.get_message(timeout=None)
            if message is not None and message["channel"] is not None:
                self._take(message["type"], message["channel"].decode(), message)

    def _take(self, kind: str, channel: str, message: dict[str, Any]) -> None:
        hearer = self._hearers.get(channel)
        if kind == "sunsubscribe":
            if not self._leaving[channel]:
                raise ChannelMoved(channel)
            self._leaving[channel] -= 1
        elif hearer is None:
            return
        elif kind == "ssubscribe":
            if channel in self._awaited:
                self._awaited.discard(channel)
                hearer.begins(channel)
            self._connected_when_all_is_heard()
        elif kind == "smessage":
            hearer.hears(channel, message["data"])

    def _connected_when_all_is_heard(self) -> None:
        if not self._awaited and not self._failed:
            self.connected.set()
            metrics.NEIGHBOURS.set(1)


class _Together:
    """Works that end together: with the first of them.

    A ``TaskGroup`` would do, but before Python 3.13 one that ends by itself leaves its own task marked as cancelled
    (https://github.com/python/cpython/issues/116720).
    """

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin one more."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        task.add_done_callback(lambda _task: self._ended.set())

    async def first_end(self) -> None:
        """Wait until one ends; raises what that one raised."""
        await self._ended.wait()
        for task in self._tasks:
            if task.done():
                task.result()

    async def __aenter__(self) -> Self:
        """Begin with none."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """End them all."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
