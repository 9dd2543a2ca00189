"""Removing working rows that nobody needs any more, a batch at a time; a chore (``gateway/chores.py``)."""

import asyncio

import asyncpg

from gateway.store.pruning import prune

#: Rows of one transaction: it lasts some milliseconds.
AT_ONCE = 500
#: Between two of them, so that everybody else's work goes on.
PAUSE_SECONDS = 0.1


class Pruner:
    """Removes in batches until there is no more.

    Args:
        pool: of the role ``hook``.
        at_once: rows of one transaction.
    """

    def __init__(self, pool: asyncpg.Pool, at_once: int = AT_ONCE) -> None:
        self._pool = pool
        self._at_once = at_once

    async def prune(self) -> None:
        """Remove all that is to go.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        while await prune(self._pool, self._at_once):
            await asyncio.sleep(PAUSE_SECONDS)
