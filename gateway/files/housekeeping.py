"""Removing files that no message has; a chore (``gateway/chores.py``)."""

from uuid import UUID

import asyncpg

from gateway.files import metrics
from gateway.files.storage import Storage
from gateway.store import files
from gateway.store.pool import tenant_tx

AT_ONCE = 100


class Housekeeping:
    """Removes files whose time is over.

    Args:
        hook_pool: of the role ``hook``: finds what is to go, of all tenants.
        app_pool: of the role ``app``: removes it.
        storage: where the bytes are.
    """

    def __init__(self, hook_pool: asyncpg.Pool, app_pool: asyncpg.Pool, storage: Storage) -> None:
        self._hook_pool = hook_pool
        self._app_pool = app_pool
        self._storage = storage

    async def tidy(self) -> int:
        """Remove what is to go now; returns how many files were.

        Raises:
            StorageUnavailable: when bytes can't be removed; their file stays until they can.
            DatabaseUnavailable: when it can't be told what is to go.
        """
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
