"""The worker that looks for errands and does them, in every process."""

import asyncio

import asyncpg
import structlog

from gateway.conversations.doing import Doer
from gateway.lasting import keep_at
from gateway.store.errands import Errand, due
from gateway.store.pool import DatabaseUnavailable

log = structlog.get_logger(__name__)

#: Between two looks; a conversation that wakes before the next one is waited for.
LOOK_SECONDS = 1.0


class Errands:
    """Looks once a second, and does what is due.

    Args:
        pool: of the role ``hook``: finds errands.
        doer: does them.
    """

    def __init__(self, pool: asyncpg.Pool, doer: Doer) -> None:
        self._pool = pool
        self._doer = doer
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("conversations", self._run)

    async def stop(self) -> None:
        """Stop; what is not committed will be done by whoever looks next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(await self.look())

    async def look(self) -> float:
        """Do what is due; returns the seconds until the next look."""
        wait = LOOK_SECONDS
        try:
            for errand in await due(self._pool):
                if errand.wait <= 0:
                    await self._do(errand)
                else:
                    wait = min(wait, errand.wait)
        except DatabaseUnavailable:
            log.warning("conversations.database_lost")
        return wait

    async def _do(self, errand: Errand) -> None:
        try:
            await self._doer.do(errand)
        except DatabaseUnavailable:
            raise
        except Exception:  # of one tenant's errand: the others' are done all the same
            log.exception("conversations.errand_failed", kind=errand.kind, tenant=str(errand.tenant_id))
