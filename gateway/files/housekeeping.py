"""Removing what nobody needs: files without a message, and what a killed process left in the spool."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import structlog

from gateway.files import metrics
from gateway.files.errors import StorageUnavailable
from gateway.files.spool import PREFIX
from gateway.files.storage import Storage
from gateway.lasting import keep_at
from gateway.store import files
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, tenant_tx

log = structlog.get_logger(__name__)

LOOK_SECONDS = 600.0
AT_ONCE = 100
#: No upload takes as long; what is older was left behind.
LEFT_SECONDS = 24 * 3600.0
LATER: tuple[type[BaseException], ...] = (*UNAVAILABLE, DatabaseUnavailable, StorageUnavailable)


class Housekeeping:
    """Looks every ten minutes.

    Args:
        hook_pool: of the role ``hook``: finds what is to go, of all tenants.
        app_pool: of the role ``app``: removes it.
        storage: where the bytes are.
        clock: seconds since 1970, as files are dated.
    """

    def __init__(
        self,
        hook_pool: asyncpg.Pool,
        app_pool: asyncpg.Pool,
        storage: Storage,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hook_pool = hook_pool
        self._app_pool = app_pool
        self._storage = storage
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("files housekeeping", self._run)

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def tidy(self) -> int:
        """Remove what is to go now; returns how many files were.

        Raises:
            StorageUnavailable: when bytes can't be removed; their file stays until they can.
            DatabaseUnavailable: when it can't be told what is to go.
        """
        await asyncio.to_thread(_sweep, self._storage.spool, self._clock() - LEFT_SECONDS)
        removed = 0
        while found := await files.stale(self._hook_pool, AT_ONCE):
            for tenant_id, file_id in found:
                await self._remove(tenant_id, file_id)
            removed += len(found)
        metrics.REMOVED.inc(removed)
        return removed

    async def _remove(self, tenant_id: UUID, file_id: UUID) -> None:
        # The bytes go inside the transaction, while it keeps others from storing the same: it is one short call.
        async with tenant_tx(self._app_pool, tenant_id) as tx:
            key = await files.remove(tx, file_id)
            if key is not None:
                await self._storage.delete(key)

    async def _run(self) -> None:
        while True:
            try:
                await self.tidy()
            except LATER as error:
                log.warning("files.tidy_later", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)


def _sweep(spool: Path, before: float) -> None:
    """Remove incoming files that were last written before a time."""
    for path in spool.glob(PREFIX + "*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
