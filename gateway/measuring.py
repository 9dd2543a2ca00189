"""What nobody counts while it happens, for ``/metrics``: the event loop, the pools, readers of the log, the version."""

import asyncio
import platform
from collections.abc import Callable, Collection
from importlib.metadata import version

import asyncpg
import structlog
from prometheus_client import Gauge, Histogram

from gateway.lasting import keep_at
from gateway.store.pool import DatabaseUnavailable
from gateway.store.positions import readers

log = structlog.get_logger(__name__)

#: From one look at the event loop to the next, and from one at the readers of the log.
LOOP_SECONDS = 0.25
READERS_SECONDS = 15.0

BUILD = Gauge("postgate_build_info", "Always 1; the labels tell what runs.", ["version", "python"])
LOOP_DELAY = Histogram(
    "postgate_event_loop_delay_seconds",
    "How late the event loop is: everybody in this process waits so long.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0),
)
CONNECTIONS = Gauge(
    "postgate_database_connections",
    "Connections of the pools: used, idle, and the most there may be.",
    ["role", "state"],
)
LAG_ENTRIES = Gauge(
    "postgate_log_reader_lag_entries", "Log entries that a reader has not read yet, of all tenants.", ["reader"]
)
LAG_SECONDS = Gauge("postgate_log_reader_lag_seconds", "How old the oldest of them is.", ["reader"])

_pools: dict[str, set[asyncpg.Pool]] = {}


def watch_pool(role: str, pool: asyncpg.Pool) -> Callable[[], None]:
    """Count the connections of a pool; returns what ends that.

    Args:
        role: of the database; several pools may have it.
        pool: to be counted.
    """
    if role not in _pools:
        _pools[role] = set()
        _count(role, _pools[role])
    _pools[role].add(pool)
    return lambda: _pools[role].discard(pool)


def _count(role: str, pools: Collection[asyncpg.Pool]) -> None:
    def total(of: Callable[[asyncpg.Pool], int]) -> Callable[[], float]:
        return lambda: float(sum(map(of, pools)))

    CONNECTIONS.labels(role, "used").set_function(total(lambda one: one.get_size() - one.get_idle_size()))
    CONNECTIONS.labels(role, "idle").set_function(total(lambda one: one.get_idle_size()))
    CONNECTIONS.labels(role, "most").set_function(total(lambda one: one.get_max_size()))


class Measuring:
    """Looks now and then.

    Args:
        pool: of the role ``relay``.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look."""
        BUILD.labels(version("postgate"), platform.python_version()).set(1)
        self._tasks = [keep_at("loop delay", _measure_loop), keep_at("log readers", self._measure_readers)]

    async def stop(self) -> None:
        """Stop looking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _measure_readers(self) -> None:
        while True:
            try:
                for one in await readers(self._pool):
                    LAG_ENTRIES.labels(one.reader).set(one.entries)
                    LAG_SECONDS.labels(one.reader).set(one.seconds)
            except DatabaseUnavailable:
                log.warning("measuring.database_lost")
            await asyncio.sleep(READERS_SECONDS)


async def _measure_loop() -> None:
    time = asyncio.get_running_loop().time
    while True:
        due = time() + LOOP_SECONDS
        await asyncio.sleep(LOOP_SECONDS)
        LOOP_DELAY.observe(max(time() - due, 0.0))
