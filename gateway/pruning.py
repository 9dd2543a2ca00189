"""The worker that removes working rows nobody needs any more, in every process; any number of them may work at once."""

import asyncio

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.store.pool import DatabaseUnavailable
from gateway.store.pruning import prune

log = structlog.get_logger(__name__)

LOOK_SECONDS = 3600.0
#: Rows of one transaction: it lasts some milliseconds.
AT_ONCE = 500
#: Between two of them, so that everybody else's work goes on.
PAUSE_SECONDS = 0.1


class Pruner:
    """Looks once an hour, and goes on while there is more.

    Args:
        pool: of the role ``hook``.
        at_once: rows of one transaction.
    """

    def __init__(self, pool: asyncpg.Pool, at_once: int = AT_ONCE) -> None:
        self._pool = pool
        self._at_once = at_once
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("pruning", self._run)

    async def stop(self) -> None:
        """Stop; whoever looks next goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def prune(self) -> None:
        """Remove all that is to go.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        more, place = await prune(self._pool, self._at_once)
        while more:
            await asyncio.sleep(PAUSE_SECONDS)
            more, place = await prune(self._pool, self._at_once, place)

    async def _run(self) -> None:
        while True:
            try:
                await self.prune()
            except DatabaseUnavailable:
                log.warning("pruning.database_lost")
            await asyncio.sleep(LOOK_SECONDS)
