"""The worker that does what customers may ask for: one request after the other, under a lease.

It may be killed anywhere: an erasure goes on behind the last part that was committed, an export begins anew.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from gateway.files.errors import FileTooLarge, StorageUnavailable
from gateway.keys import KeysUnavailable, KeyUnusable
from gateway.lasting import keep_at
from gateway.model.data_request import DataRequestErrorCode
from gateway.store import data_requests as store
from gateway.store import erasing
from gateway.store.data_requests import Running
from gateway.store.pool import DatabaseUnavailable, TenantTx, tenant_tx
from gateway.subjects.erasing import Eraser
from gateway.subjects.exporting import Exporter

log = structlog.get_logger(__name__)

LEASE_SECONDS = 120.0
LOOK_SECONDS = 5.0
#: Between two parts of an erasure, so that everybody else's work goes on.
PAUSE_SECONDS = 0.01
#: Until an erasure looks again whether what it waits for is done.
WAIT_SECONDS = 1.0
#: Until what could not be done now is tried again.
AGAIN_SECONDS = 30.0
#: Workers that may die, or fail, over the same export.
TRIES = 3


class Subjects:
    """Looks for requests, and does them.

    Args:
        finder: a pool of the role ``hook``: leases requests.
        pool: of the role ``app``.
        eraser: knows the steps of an erasure.
        exporter: makes archives.
        fresh_id: makes an id of now.
    """

    def __init__(
        self,
        finder: asyncpg.Pool,
        pool: asyncpg.Pool,
        eraser: Eraser,
        exporter: Exporter,
        fresh_id: Callable[[], UUID],
    ) -> None:
        self._finder = finder
        self._pool = pool
        self._eraser = eraser
        self._exporter = exporter
        self._fresh_id = fresh_id
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("data requests", self._run)

    async def stop(self) -> None:
        """Finish the part at hand, and leave the rest to whoever looks next."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def waits(self) -> None:
        """Tell that there is a request."""
        self._wake.set()

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                found = await self.work()
            except DatabaseUnavailable:
                log.warning("data_requests.database_lost")
                found = False
            if not found and not self._stopping:
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    pass

    async def work(self) -> bool:
        """Do a request, if there is one; False when there is none.

        Raises:
            DatabaseUnavailable: when the database can't be reached; somebody goes on once the lease has ended.
        """
        worker = self._fresh_id()
        claimed = await store.claim(self._finder, worker, LEASE_SECONDS)
        if claimed is None:
            return False
        tenant_id, request_id = claimed
        try:
            async with tenant_tx(self._pool, tenant_id) as tx:
                running = await store.leased(tx, request_id, worker)
                if running is not None and running.kind == "export" and running.tries > TRIES:
                    await store.end(tx, request_id, "failed", "archive_failed")
                    return True
            if running is not None and running.kind == "export":
                await self._export(tenant_id, worker, running)
            elif running is not None:
                while await self._erase(tenant_id, request_id, worker) and not self._stopping:
                    await asyncio.sleep(PAUSE_SECONDS)
                if self._stopping:
                    await self._release(tenant_id, request_id, worker, 0.0)
        except StorageUnavailable as error:
            log.warning("data_requests.storage_unavailable", request=str(request_id), error=str(error))
            await self._release(tenant_id, request_id, worker, AGAIN_SECONDS, "storage_unavailable")
        except (KeyUnusable, KeysUnavailable) as error:
            log.warning("data_requests.no_key", request=str(request_id), error=type(error).__name__)
            await self._release(tenant_id, request_id, worker, AGAIN_SECONDS, "key_unavailable")
        except asyncpg.PostgresError:
            log.exception("data_requests.failed", request=str(request_id))
            await self._release(tenant_id, request_id, worker, AGAIN_SECONDS, "trouble")
        return True

    async def _release(
        self, tenant_id: UUID, request_id: UUID, worker: UUID, wait: float, error: DataRequestErrorCode | None = None
    ) -> None:
        async with tenant_tx(self._pool, tenant_id) as tx:
            await store.release(tx, request_id, worker, wait, error)

    async def _erase(self, tenant_id: UUID, request_id: UUID, worker: UUID) -> bool:
        """Do the next part of an erasure; False when it is done, or somebody else's."""
        try:
            async with tenant_tx(self._pool, tenant_id) as tx:
                running = await store.leased(tx, request_id, worker)
                return running is not None and await self._part(tx, running, worker)
        except asyncpg.DeadlockDetectedError:
            return True  # what others did in the same moment is done now

    async def _part(self, tx: TenantTx, running: Running, worker: UUID) -> bool:
        step = running.step or self._eraser.first
        part = await self._eraser.do(tx, replace(running, step=step), step)
        following = step if part.place is not None else self._eraser.after(step)
        places: Mapping[str, Any] = {**part.noted, step: part.place}  # Any: JSON
        await store.advance(
            tx, running.id, worker, following or step, places=places, counts=part.counts, lease_seconds=LEASE_SECONDS
        )
        if part.waits:
            await store.release(tx, running.id, worker, WAIT_SECONDS, None)
            return False
        if following is None:
            await erasing.forget_marks(tx, running.id)
            await store.end(tx, running.id, "done")
            log.info("data_requests.erased", request=str(running.id), tenant=str(tx.tenant_id))
        return following is not None

    async def _export(self, tenant_id: UUID, worker: UUID, running: Running) -> None:
        try:
            await self._exporter.export(tenant_id, worker, running, LEASE_SECONDS)
        except FileTooLarge:
            async with tenant_tx(self._pool, tenant_id) as tx:
                if await store.leased(tx, running.id, worker) is not None:
                    await store.end(tx, running.id, "failed", "archive_too_large")
