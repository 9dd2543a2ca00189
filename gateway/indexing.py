"""The worker that brings the words of search up to date with the tenants' logs, in every process; one at a time works.

Until it has read an entry, searches look into the log itself: nothing waits for it.
"""

import asyncio
from datetime import timedelta

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.store.pool import DatabaseUnavailable
from gateway.store.search import catch_up

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
#: Entries of one transaction, and the rest after it: those who ingest and ask have the processors first.
ENTRIES = 100
REST_SECONDS = 0.01
#: Many entries of a tenant cost half of what they cost one by one. What waits is read by each search, so it is few.
ENOUGH = 100
PATIENCE = timedelta(seconds=20)


class Indexer:
    """Looks twice a second, and at once again while there is more.

    Args:
        pool: of the role ``hook``.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("search", self._run)

    async def stop(self) -> None:
        """Stop; what is not committed is read anew by whoever looks next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                more = await catch_up(self._pool, ENTRIES, ENOUGH, PATIENCE) >= ENTRIES
            except DatabaseUnavailable:
                log.warning("search.database_lost")
                more = False
            await asyncio.sleep(REST_SECONDS if more else LOOK_SECONDS)
