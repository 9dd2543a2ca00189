"""Once a day: makes the partitions of a table, this month's and the next one's, and forgets what is past its use."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.store.pool import UNAVAILABLE

log = structlog.get_logger(__name__)

DAY_SECONDS = 24 * 3600.0
RETRY_SECONDS = 60.0


class Partitions:
    """Keeps a table's months ahead of time. A month that is missing costs nothing: there is a table for the rest.

    Args:
        pool: of the role ``hook``.
        clock: the time, in UTC.
        make: the statement that makes a month's partition, given a day of it.
        forget: a statement that is run as often.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], datetime], make: str, forget: str | None = None) -> None:
        self._pool = pool
        self._clock = clock
        self._make_one = make
        self._forget = forget
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make what is missing now, and again every day."""
        await self._make()
        self._task = keep_at("partitions", self._run)

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        wait = DAY_SECONDS
        while True:
            await asyncio.sleep(wait)
            try:
                await self._make()
                wait = DAY_SECONDS
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("partitions.later", error=type(error).__name__)
                wait = RETRY_SECONDS

    async def _make(self) -> None:
        today = self._clock().date()
        for month in (today, next_month(today)):
            await self._pool.execute(self._make_one, month)
        if self._forget is not None:
            await self._pool.execute(self._forget)


def next_month(day: date) -> date:
    """Return the first day of the month after ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
