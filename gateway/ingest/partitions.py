"""Once a day: makes the raw ledger's partitions, this month's and the next one's, and forgets old nonces."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta

import asyncpg
import structlog

from gateway.ingest.nonces import FORGET
from gateway.lasting import keep_at
from gateway.store.pool import UNAVAILABLE

log = structlog.get_logger(__name__)

DAY_SECONDS = 24 * 3600.0
RETRY_SECONDS = 60.0
MAKE = "CALL make_ledger_partition($1)"


class Partitions:
    """Keeps the ledger's months ahead of time. A month that is missing costs nothing: there is a table for the rest."""

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make what is missing now, and again every day."""
        await self._make()
        self._task = keep_at("ledger partitions", self._run)

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
                log.warning("ledger.partition_later", error=type(error).__name__)
                wait = RETRY_SECONDS

    async def _make(self) -> None:
        today = self._clock().date()
        for month in (today, next_month(today)):
            await self._pool.execute(MAKE, month)
        await self._pool.execute(FORGET)


def next_month(day: date) -> date:
    """Return the first day of the month after ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
