"""The Redis that all processes share: one server, or the primaries of a cluster. A server says itself which it is.

In a cluster every channel and every key has a slot, and each primary has some slots. There is a plain client for each
primary: the library's own client of clusters asks its servers for messages in turn, so that what one has to say waits
for the silence of the others (https://redis.readthedocs.io/en/stable/clustering.html#known-pubsub-limitations).
"""

import asyncio
from collections.abc import Collection, Sequence

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import RedisError

#: What a Redis that can't be used raises.
AWAY: tuple[type[BaseException], ...] = (RedisError, OSError, TimeoutError)
#: What is asked is answered by then, or not at all.
ANSWER_SECONDS = 1.0


class Servers:
    """Clients that connect when they are used; what fails is not tried again.

    Args:
        url: of one server, or of any member of a cluster.
        answer_seconds: see ``ANSWER_SECONDS``.

    Attributes:
        up: whether all of them answered lately. Whoever can do without asks this first, so as never to wait in vain.
        doubted: set when somebody got no answer; whoever looks after the servers clears it.
    """

    def __init__(self, url: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._named: Redis = Redis.from_url(
            url, socket_timeout=answer_seconds, socket_connect_timeout=answer_seconds, retry=Retry(NoBackoff(), 0)
        )
        self._members: dict[tuple[str, int], Redis] = {}
        self._by_slot: list[Redis] | None = None
        self.up = False
        self.doubted = asyncio.Event()

    @property
    def all(self) -> Collection[Redis]:
        """The servers that have something."""
        return {self._named} if self._by_slot is None else set(self._by_slot)

    def of(self, name: str) -> Redis:
        """Return the server of a channel or a key."""
        return self._named if self._by_slot is None else self._by_slot[key_slot(name.encode())]

    def doubt(self) -> None:
        """Note that a server did not do what it was asked for; until it was looked at, nobody need try."""
        self.up = False
        self.doubted.set()

    async def learn(self) -> None:
        """Find out which servers there are, from any that answers; a member that was named may be gone by now.

        Raises:
            RedisError: or any other of ``AWAY``, when none of them answers.
        """
        known = [self._named, *self._members.values()]
        for place, server in enumerate(known):
            try:
                slots = await _slots(server)
            except AWAY:
                if place == len(known) - 1:
                    raise
            else:
                await self._take(server, slots)
                return

    async def aclose(self) -> None:
        """Close all connections."""
        for client in (self._named, *self._members.values()):
            await client.aclose()

    async def _take(self, server: Redis, slots: Sequence[tuple[int, int, str, int]] | None) -> None:
        if slots is None:
            self._by_slot = None
            return
        here = server.connection_pool.connection_kwargs.get("host", "")
        by_slot = [self._named] * REDIS_CLUSTER_HASH_SLOTS
        members: dict[tuple[str, int], Redis] = {}
        for first, last, host, port in slots:
            address = host or here, port
            members[address] = members.get(address) or self._members.get(address) or self._like(*address)
            by_slot[first : last + 1] = [members[address]] * (last + 1 - first)
        gone = [client for address, client in self._members.items() if address not in members]
        self._by_slot, self._members = by_slot, members
        for client in gone:
            await client.aclose()

    def _like(self, host: str, port: int) -> Redis:
        """Make a client of another member, with the login and the encryption of the one that was named."""
        pool = self._named.connection_pool
        options = {**pool.connection_kwargs, "host": host, "port": port}
        return Redis.from_pool(type(pool)(connection_class=pool.connection_class, **options))


def cancelled() -> bool:
    """Tell whether this task is to end; whoever asks Redis in a loop looks at this each time.

    The client waits by ``asyncio.wait_for``, which before Python 3.12 keeps a cancellation to itself when what it waits
    for is done in the same moment (https://github.com/python/cpython/issues/86296), and may tell of one as of a fault.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _slots(server: Redis) -> list[tuple[int, int, str, int]] | None:
    """Return the slots of a cluster, each range with the host and the port of its primary; None when it is no cluster.

    A host that is empty or unknown is the one that was asked (https://valkey.io/commands/cluster-slots/).
    """
    if not (await server.info("cluster")).get("cluster_enabled"):
        return None
    found = await server.cluster("SLOTS")
    return [(first, last, _host(primary[0]), primary[1]) for first, last, primary, *_replicas in found]


def _host(told: bytes | str | None) -> str:
    name = told.decode() if isinstance(told, bytes) else told or ""
    return "" if name == "?" else name
