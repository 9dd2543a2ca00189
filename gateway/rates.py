"""How many requests callers may make: a sliding minute per login or API key, and per tenant.

Nobody waits for Redis here. Each process counts by itself and decides by what it knows; twice a second it adds what it
counted to what all have counted, and learns the sum (``share``). So with several processes a limit may be overrun by
what comes in half a second, and without Redis each process has a limit of its own.

What an answer says of it follows draft-ietf-httpapi-ratelimit-headers-11.
"""

import asyncio
import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from prometheus_client import Counter

from gateway.problems import TooManyRequests

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.redis_servers import Servers

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60
SHARE_SECONDS = 0.5
#: Of one limit; the key that was quiet longest is forgotten first.
MOST_KEYS = 50_000

LIMITED = Counter("postgate_rate_limited_total", "Requests refused since there were too many, by limit.", ["limit"])


@dataclass(slots=True)
class Count:
    """What one caller has done: ``own`` is what only this process knows of as yet."""

    window: int
    before: int = 0
    shared: int = 0
    own: int = 0

    def roll(self, window: int) -> None:
        """Go on to a window, if it has begun."""
        if window != self.window:
            self.before = self.shared + self.own if window == self.window + 1 else 0
            self.window, self.shared, self.own = window, 0, 0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with one limit.

    Attributes:
        limit: its name.
        quota: requests in a minute.
        left: of them.
        seconds: until this minute of the clock ends.
    """

    limit: str
    quota: int
    left: int
    seconds: int


class Rate:
    """One limit.

    Args:
        limit: its name.
        quota: requests in a minute.
        clock: seconds since 1970, the same for all processes.
    """

    def __init__(self, limit: str, quota: int, clock: Callable[[], float]) -> None:
        self.limit = limit
        self.quota = quota
        self._clock = clock
        self._counts: OrderedDict[str, Count] = OrderedDict()

    def look(self, key: str) -> tuple[Standing, int]:
        """Return how a caller stands, before it is counted, and the seconds to wait if nothing is left, else 0."""
        now = self._clock()
        elapsed = now % WINDOW_SECONDS
        count = self._count(key, int(now // WINDOW_SECONDS))
        made = count.shared + count.own
        used = made + count.before * (1 - elapsed / WINDOW_SECONDS)
        left = max(0, math.ceil(self.quota - used))
        wait = 0 if left else _wait(self.quota, made, count.before, elapsed)
        return Standing(self.limit, self.quota, left, math.ceil(WINDOW_SECONDS - elapsed)), wait

    def require(self, key: str) -> None:
        """Require that there is something left.

        Raises:
            TooManyRequests: when there is not; says for how long.
        """
        _, wait = self.look(key)
        if wait:
            LIMITED.labels(self.limit).inc()
            raise TooManyRequests(f"this {self.limit} may make {self.quota} requests in a minute", retry_after=wait)

    def take(self, key: str) -> Standing:
        """Count a request; returns how its caller stands afterwards."""
        self._count(key, int(self._clock() // WINDOW_SECONDS)).own += 1
        return self.look(key)[0]

    def _count(self, key: str, window: int) -> Count:
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = Count(window)
            if len(self._counts) > MOST_KEYS:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(key)
        count.roll(window)
        return count

    def unshared(self) -> list[tuple[str, int, int]]:
        """Return what only this process knows of: keys, windows and counts."""
        return [(key, count.window, count.own) for key, count in self._counts.items() if count.own]

    def learn(self, key: str, window: int, own: int, total: int) -> None:
        """Note that others know of ``own`` requests now, and how many there were in all."""
        count = self._counts.get(key)
        if count is not None and count.window == window:
            count.own -= own
            count.shared = total


class Rates:
    """All limits.

    Args:
        callers: requests of a login or an API key in a minute; 0 for any number.
        tenants: of a tenant.
        sockets: websockets that a login opens in a minute.
        clock: seconds since 1970, the same for all processes.
    """

    def __init__(self, callers: int, tenants: int, sockets: int, clock: Callable[[], float]) -> None:
        self._caller = Rate("caller", callers, clock)
        self._tenant = Rate("tenant", tenants, clock)
        self._socket = Rate("socket", sockets, clock)

    def take(self, caller: str, tenant: str) -> Sequence[Standing]:
        """Count a request, by both limits or by none.

        Raises:
            TooManyRequests: when the caller, or the tenant, makes too many.
        """
        asked = self._asked(caller, tenant)
        for rate, key in asked:
            rate.require(key)
        return [rate.take(key) for rate, key in asked]

    def standings(self, caller: str, tenant: str) -> Sequence[Standing]:
        """Return how a caller stands, and count nothing."""
        return [rate.look(key)[0] for rate, key in self._asked(caller, tenant)]

    def take_socket(self, caller: str) -> None:
        """Count a websocket.

        Raises:
            TooManyRequests: when the login opens too many.
        """
        if self._socket.quota:
            self._socket.require(caller)
            self._socket.take(caller)

    def _asked(self, caller: str, tenant: str) -> Sequence[tuple[Rate, str]]:
        return [(rate, key) for rate, key in ((self._caller, caller), (self._tenant, tenant)) if rate.quota]

    async def share(self, servers: "Servers") -> None:
        """Count together with other processes while Redis is there, for ever."""
        from gateway.redis_servers import AWAY, cancelled  # noqa: PLC0415 - see parts.servers_of

        while not cancelled():
            await asyncio.sleep(SHARE_SECONDS)
            if not servers.up:
                continue
            try:
                await self._share(servers)
            except AWAY as error:
                servers.doubt()
                log.warning("rates.counted_here_only", error=type(error).__name__)

    async def _share(self, servers: "Servers") -> None:
        by_server: dict[Redis, list[tuple[Rate, str, int, int]]] = defaultdict(list)
        for rate in (self._caller, self._tenant, self._socket):
            for key, window, own in rate.unshared():
                by_server[servers.of(_name(rate, key, window))].append((rate, key, window, own))
        for server, counted in by_server.items():
            async with server.pipeline(transaction=False) as pipe:
                for rate, key, window, own in counted:
                    pipe.incrby(_name(rate, key, window), own)
                    pipe.expire(_name(rate, key, window), 2 * WINDOW_SECONDS)
                totals = (await pipe.execute())[::2]
            for (rate, key, window, own), total in zip(counted, totals, strict=True):
                rate.learn(key, window, own, total)


RATES = web.AppKey("rates", Rates)
#: How whoever made a request stands with each limit.
STANDINGS = web.RequestKey("standings", tuple)


def charge(request: web.Request, caller: bytes, tenant: str) -> None:
    """Count a request of a known caller, told by the hash of its token; without limits anybody may go on.

    Raises:
        TooManyRequests: when there were too many.
    """
    rates = request.config_dict.get(RATES)
    if rates is None:
        return
    try:
        request[STANDINGS] = tuple(rates.take(caller.hex(), tenant))
    except TooManyRequests:
        request[STANDINGS] = tuple(rates.standings(caller.hex(), tenant))
        raise


def charge_socket(request: web.Request, caller: bytes) -> None:
    """Count a websocket of a login.

    Raises:
        TooManyRequests: when there were too many.
    """
    rates = request.config_dict.get(RATES)
    if rates is not None:
        rates.take_socket(caller.hex())


def headers(standings: Sequence[Standing]) -> dict[str, str]:
    """Return what an answer tells of the limits that its request was counted by."""
    return {
        "RateLimit-Policy": ", ".join(f'"{one.limit}";q={one.quota};w={WINDOW_SECONDS}' for one in standings),
        "RateLimit": ", ".join(f'"{one.limit}";r={one.left};t={one.seconds}' for one in standings),
    }


def _wait(quota: int, made: int, before: int, elapsed: float) -> int:
    """Return after how many seconds there is room for one more request, if there are none meanwhile."""
    if made >= quota:  # the next window has begun, and this one counts for less than the quota
        wait = WINDOW_SECONDS - elapsed + WINDOW_SECONDS * (1 - quota / made)
    else:
        wait = WINDOW_SECONDS * (1 - (quota - made) / before) - elapsed
    return max(1, math.ceil(wait + 0.001))


def _name(rate: Rate, key: str, window: int) -> str:
    return f"postgate:rate:{rate.limit}:{key}:{window}"
