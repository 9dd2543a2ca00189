"""Dropping the months of the audit that are old enough; a chore (``gateway/chores.py``)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import asyncpg
import structlog

from gateway.store.audit import drop_month

log = structlog.get_logger(__name__)


class AuditKeeper:
    """Drops what was kept for long enough; the database refuses to drop what is younger than 90 days.

    Args:
        pool: of the role ``hook``.
        days: how long it is kept.
        clock: the time, in UTC.
    """

    def __init__(self, pool: asyncpg.Pool, days: int, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._days = days
        self._clock = clock

    async def tidy(self) -> list[str]:
        """Drop the months that ended before that; returns their names."""
        before, dropped, name = self._clock() - timedelta(days=self._days), [], ""
        while month := await drop_month(self._pool, before, name):
            name, state = month
            if state == "dropped":
                dropped.append(name)
        if dropped:
            log.info("audit.tidied", months=dropped)
        return dropped
