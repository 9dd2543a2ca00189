"""How often somebody may try to log in, counted by all processes together: in Redis, and here for when it is away."""

import asyncio
import hashlib

import structlog

from gateway.api.tries import Tries, too_many
from gateway.redis_servers import AWAY, Servers

log = structlog.get_logger(__name__)

#: Somebody waits meanwhile. After one answer that did not come in time nobody waits again until Redis is back.
WAIT_SECONDS = 0.25
#: The tries of a key are a sorted set: when, in milliseconds of Redis' own clock. One script does it all at once.
TAKE = """
local now = redis.call('TIME')
local millis = now[1] * 1000 + math.floor(now[2] / 1000)
local window = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', millis - window)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then
    return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] + window - millis
end
redis.call('ZADD', KEYS[1], millis, now[1] .. '.' .. now[2] .. '.' .. redis.call('ZCARD', KEYS[1]))
redis.call('PEXPIRE', KEYS[1], window)
return 0
"""


class SharedTries:
    """Counts the tries at all processes.

    Args:
        servers: the Redis that they share.
        name: of what is limited.
        allowed: tries per window.
        window: for how many seconds a try counts.
        own: counts those at this process; it decides alone while Redis is away.
    """

    def __init__(self, servers: Servers, name: str, allowed: int, window: float, own: Tries) -> None:
        self._servers = servers
        self._name = name
        self._allowed = allowed
        self._window = round(window * 1000)
        self._own = own

    async def take(self, key: str) -> None:
        """Count a try.

        Raises:
            TooManyRequests: when there were too many; says for how long.
        """
        await self._own.take(key)
        if not self._servers.up:
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                wait = await self._take(self._key(key))
        except AWAY as error:
            self._servers.doubt()
            log.warning("tries.counted_here_only", error=type(error).__name__)
            return
        if wait > 0:
            raise too_many(wait / 1000)

    async def give_back(self, key: str) -> None:
        """Forget the last try: it succeeded."""
        await self._own.give_back(key)
        if not self._servers.up:
            return
        name = self._key(key)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._servers.of(name).zpopmax(name)
        except AWAY as error:
            self._servers.doubt()
            log.warning("tries.not_given_back", error=type(error).__name__)

    async def _take(self, key: str) -> int:
        script = self._servers.of(key).register_script(TAKE)
        wait: int = await script(keys=[key], args=[self._allowed, self._window])
        return wait

    def _key(self, key: str) -> str:
        """Name the set of a key; addresses are not written down in clear."""
        return f"postgate:tries:{self._name}:{hashlib.sha256(key.encode()).hexdigest()}"
