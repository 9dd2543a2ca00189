"""How often somebody may try to log in, counted by all processes together: in Redis, and here for when it is away."""

import hashlib

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.api.tries import Tries, too_many

log = structlog.get_logger(__name__)

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
AWAY: tuple[type[BaseException], ...] = (RedisError, OSError, TimeoutError)


class SharedTries:
    """Counts the tries at all processes.

    Args:
        redis: a client that gives up when Redis does not answer.
        name: of what is limited.
        allowed: tries per window.
        window: for how many seconds a try counts.
        own: counts those at this process; it decides alone while Redis is away.
    """

    def __init__(self, redis: Redis, name: str, allowed: int, window: float, own: Tries) -> None:
        self._redis = redis
        self._name = name
        self._allowed = allowed
        self._window = round(window * 1000)
        self._own = own
        self._take = redis.register_script(TAKE)

    async def take(self, key: str) -> None:
        """Count a try.

        Raises:
            TooManyRequests: when there were too many; says for how long.
        """
        await self._own.take(key)
        try:
            wait = await self._take(keys=[self._key(key)], args=[self._allowed, self._window])
        except AWAY as error:
            log.warning("tries.counted_here_only", error=type(error).__name__)
            return
        if wait > 0:
            raise too_many(wait / 1000)

    async def give_back(self, key: str) -> None:
        """Forget the last try: it succeeded."""
        await self._own.give_back(key)
        try:
            await self._redis.zpopmax(self._key(key))
        except AWAY as error:
            log.warning("tries.not_given_back", error=type(error).__name__)

    def _key(self, key: str) -> str:
        """Name the set of a key; addresses are not written down in clear."""
        return f"postgate:tries:{self._name}:{hashlib.sha256(key.encode()).hexdigest()}"
