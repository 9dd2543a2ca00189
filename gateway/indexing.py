"""The worker that brings the words of search up to date with the tenants' logs, in every process; one at a time works.

Until it has read an entry, searches look into the log itself: nothing waits for it.
"""

import asyncio

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.store.pool import DatabaseUnavailable
from gateway.store.search import catch_up

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
#: Entries of one transaction: short enough that nobody else's wait for the log is noticed.
ENTRIES = 500


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
                more = await catch_up(self._pool, ENTRIES) >= ENTRIES
            except DatabaseUnavailable:
                log.warning("search.database_lost")
                more = False
            if not more:
                await asyncio.sleep(LOOK_SECONDS)
