"""How far behind delivering is, of all processes together: for ``/readyz`` and ``/metrics``."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import asyncpg
import structlog

from gateway.delivery import metrics
from gateway.lasting import keep_at
from gateway.store import deliveries
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

MEASURE_SECONDS = 15.0


class Position:
    """Looks now and then, and when it is asked.

    Args:
        pool: of the role ``hook``.
        clock: the time, in UTC.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("delivery metrics", self._measure_often)

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> dict[str, float]:
        """Tell how many endpoints are owed something now, and how late the oldest delivery is, in seconds.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        try:
            found = await deliveries.waiting(self._pool, self._clock())
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the database can't be reached") from error
        overdue = round(max(found.overdue, 0.0), 1)
        metrics.WAITING.set(found.endpoints)
        metrics.OVERDUE.set(overdue)
        return {"endpoints": found.endpoints, "served": found.served, "overdue_seconds": overdue}

    async def _measure_often(self) -> None:
        while True:
            try:
                await self.look()
            except (DatabaseUnavailable, asyncpg.PostgresError):
                log.warning("delivery.not_measured")
            await asyncio.sleep(MEASURE_SECONDS)
