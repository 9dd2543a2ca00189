"""The other processes of this gateway, by way of Redis' pub/sub: a channel for each tenant that is served here.

Nothing is kept in Redis. Each process says who is connected to it when that changes, when somebody new asks, and every
few seconds; one that was not heard of for a while has died, and its people are gone. So whatever is lost, be it Redis
itself, heals with the next time that everybody says who is there.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from gateway.live import gossip, metrics
from gateway.live.gossip import Here, Saying, SayingMalformed, Who
from gateway.live.presence import Presence

log = structlog.get_logger(__name__)

#: From one time that a process says who is there to the next.
SAY_SECONDS = 10.0
#: A process that was silent for so long has died; also how long the connection itself may be silent.
SILENT_SECONDS = 30.0
RETRY_SECONDS = 1.0
#: Sayings that wait for Redis; when there are more, the oldest are lost.
MOST_WAITING = 10_000
GOODBYE_SECONDS = 1.0
#: Where a process hears itself, so that it knows that it would hear others.
SELF = "postgate:process:"


class Neighbours:
    """Tells other processes, and listens to them.

    Args:
        redis: a client that gives up when Redis does not answer.
        process: a name that no other process has.
        say_seconds: see ``SAY_SECONDS``.
        silent_seconds: see ``SILENT_SECONDS``.
    """

    def __init__(
        self, redis: Redis, process: str, say_seconds: float = SAY_SECONDS, silent_seconds: float = SILENT_SECONDS
    ) -> None:
        self._redis = redis
        self._process = process
        self._say_seconds = say_seconds
        self._silent_seconds = silent_seconds
        self._joined: set[UUID] = set()
        self._subscribed: set[UUID] = set()
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=MOST_WAITING)
        self._grown = asyncio.Event()
        self._heard_at: dict[tuple[UUID, str], float] = {}
        #: Set while this process hears others.
        self.connected = asyncio.Event()

    def join(self, tenant_id: UUID) -> None:
        """Begin to listen to the processes that serve a tenant."""
        self._joined.add(tenant_id)
        self._grown.set()

    def part(self, tenant_id: UUID) -> None:
        """Listen to them no more."""
        self._joined.discard(tenant_id)
        for key in [key for key in self._heard_at if key[0] == tenant_id]:
            del self._heard_at[key]
        self._grown.set()

    def say(self, tenant_id: UUID, saying: Saying) -> None:
        """Tell the others something; without Redis it is lost."""
        if self.connected.is_set():
            self._waiting.append((gossip.channel_of(tenant_id), gossip.write(self._process, saying)))
            self._grown.set()

    async def run(self, presence: Presence) -> None:
        """Talk to the others, for ever."""
        while not _cancelled():
            try:
                await self._talk(presence)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("live.neighbours_lost", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def look_after(self, presence: Presence) -> None:
        """Say who is here and forget those who are silent, for ever; also without Redis."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._say_seconds)
            for (tenant_id, process), heard_at in list(self._heard_at.items()):
                if heard_at <= loop.time() - self._silent_seconds:
                    del self._heard_at[tenant_id, process]
                    presence.lost(tenant_id, process)
            for tenant_id in presence.tenants:
                self.say(tenant_id, presence.state(tenant_id))
            if self.connected.is_set():
                self._waiting.append((SELF + self._process, b""))
                self._grown.set()

    async def goodbye(self) -> None:
        """Tell the others that nobody is here any more, if that is quick; before ``run`` is stopped."""
        for tenant_id in self._joined:
            self.say(tenant_id, Here(sessions=()))
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._publish()
        except (RedisError, OSError, TimeoutError) as error:
            log.info("live.no_goodbye", error=type(error).__name__)

    async def _talk(self, presence: Presence) -> None:
        """Talk until the connection is lost."""
        async with self._redis.pubsub() as pubsub:
            try:
                await pubsub.subscribe(SELF + self._process)
                self._subscribed.clear()
                self._grown.set()
                if not _cancelled():
                    await _first_of(self._listen(pubsub, presence), self._tell(pubsub))
            finally:
                self.connected.clear()
                self._waiting.clear()
                metrics.NEIGHBOURS.set(0)

    async def _tell(self, pubsub: PubSub) -> None:
        while not _cancelled():
            await self._grown.wait()
            self._grown.clear()
            new, old = self._joined - self._subscribed, self._subscribed - self._joined
            self._subscribed = set(self._joined)
            if new:
                await pubsub.subscribe(*map(gossip.channel_of, new))
            if old:
                await pubsub.unsubscribe(*map(gossip.channel_of, old))
            await self._publish()

    async def _publish(self) -> None:
        if not self._waiting:
            return
        async with self._redis.pipeline(transaction=False) as pipe:
            while self._waiting:
                pipe.publish(*self._waiting.popleft())
            await pipe.execute()

    async def _listen(self, pubsub: PubSub, presence: Presence) -> None:
        loop = asyncio.get_running_loop()
        while not _cancelled():
            async with asyncio.timeout(self._silent_seconds):
                message = await pubsub.get_message(timeout=None)
            if message is None:
                continue
            channel = message["channel"].decode()
            if message["type"] == "subscribe":
                self._begins(channel, presence)
            elif message["type"] == "message" and not channel.startswith(SELF):
                self._hear(channel, message["data"], presence, loop.time())

    def _begins(self, channel: str, presence: Presence) -> None:
        """Say who is here, and ask who is there, now that the answers will be heard."""
        if channel.startswith(SELF):
            self.connected.set()
            metrics.NEIGHBOURS.set(1)
            return
        tenant_id = gossip.tenant_of(channel)
        self.say(tenant_id, presence.state(tenant_id))
        self.say(tenant_id, Who())

    def _hear(self, channel: str, text: bytes, presence: Presence, now: float) -> None:
        try:
            tenant_id, saying = gossip.tenant_of(channel), gossip.read(text)
        except SayingMalformed:
            log.warning("live.saying_malformed", channel=channel[:100])
            return
        if saying.process == self._process or tenant_id not in self._joined:
            return
        self._heard_at[tenant_id, saying.process] = now
        presence.heard(tenant_id, saying)


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Do several things until one of them ends; raises what it raises."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


def _cancelled() -> bool:
    """Tell whether this task is to end.

    The client waits by ``asyncio.wait_for``, which before Python 3.12 keeps a cancellation to itself when what it waits
    for is done in the same moment (https://github.com/python/cpython/issues/86296).
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
