"""The worker that reads imported files: in batches, each one transaction, as long as it holds the lease.

A worker that dies loses its lease, and another reads on behind the last batch that was committed: rows are numbered,
and their number is kept in the transaction that takes them, so that none counts twice.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from itertools import islice
from typing import IO
from uuid import UUID

import asyncpg
import structlog

from gateway.customers.csv_files import Row, rows_of
from gateway.customers.import_rows import Outrun, Plan, prepared, stored
from gateway.customers.plans import FIELD, TARGETS
from gateway.lasting import keep_at
from gateway.model.ids import parse
from gateway.model.log import Entry
from gateway.store import audit, customers, customers_fields, log
from gateway.store import customer_imports as store
from gateway.store.customer_imports import Running
from gateway.store.customers_fields import Field
from gateway.store.log import Draft
from gateway.store.pool import DatabaseUnavailable, TenantTx, tenant_tx

logger = structlog.get_logger(__name__)

#: The tenant's log is locked while a batch is stored: others wait that long.
BATCH_ROWS = 64
#: Then it is the next tenant's turn, if another one has an import: what was read of this one is passed over later.
BATCHES_AT_ONCE = 40
LEASE_SECONDS = 60.0
LOOK_SECONDS = 5.0
FORGET_SECONDS = 3600.0
#: Workers that may die, or fail, over the same batch.
TRIES = 3
#: Files up to this size stay in memory while they are read.
IN_MEMORY = 1024 * 1024
FAILED = "this file could not be read to its end; the rows up to here were taken"


class Importer:
    """Looks for imports, and reads them one after the other.

    Args:
        finder: a pool of the role ``hook``: leases imports.
        pool: of the role ``app``.
        announce: told the new log entries after each commit.
        fresh_id: makes an id of now.
    """

    def __init__(
        self,
        finder: asyncpg.Pool,
        pool: asyncpg.Pool,
        announce: Callable[[Sequence[Entry]], None],
        fresh_id: Callable[[], UUID],
    ) -> None:
        self._finder = finder
        self._pool = pool
        self._announce = announce
        self._fresh_id = fresh_id
        self._wake = asyncio.Event()
        self._served: UUID | None = None
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("customer imports", self._run)

    async def stop(self) -> None:
        """Finish the batch at hand, and leave the rest to whoever looks next."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    def waits(self) -> None:
        """Tell that an import is to be read."""
        self._wake.set()

    async def _run(self) -> None:
        forget_at = 0.0
        while not self._stopping:
            self._wake.clear()
            try:
                found = await self.work()
                if asyncio.get_running_loop().time() >= forget_at:
                    await store.forget(self._finder)
                    forget_at = asyncio.get_running_loop().time() + FORGET_SECONDS
            except DatabaseUnavailable:
                logger.warning("imports.database_lost")
                found = False
            if not found and not self._stopping:
                await _event_or_time(self._wake, LOOK_SECONDS)

    async def work(self) -> bool:
        """Read on in one import, if there is one; False when there is none.

        Raises:
            DatabaseUnavailable: when the database can't be reached; the import is read on once its lease has ended.
        """
        worker = self._fresh_id()
        claimed = await store.claim(self._finder, worker, LEASE_SECONDS, self._served)
        if claimed is None:
            return False
        tenant_id, import_id = claimed
        self._served = tenant_id
        async with tenant_tx(self._pool, tenant_id) as tx:
            running = await store.leased(tx, import_id, worker)
            if running is not None and running.tries > TRIES:
                await store.end(tx, import_id, "failed", FAILED)
                running = None
        if running is not None:
            async with self._file(tenant_id, import_id) as file:
                await self._read(tenant_id, worker, running, file)
        return True

    async def _read(self, tenant_id: UUID, worker: UUID, running: Running, file: IO[bytes]) -> None:
        more = True
        with closing(rows_of(file, running.encoding, running.delimiter, len(running.columns))) as rows:
            await asyncio.to_thread(_pass_over, rows, running.rows_done)
            left = BATCHES_AT_ONCE
            while more and left and not self._stopping:
                batch = await asyncio.to_thread(_next, rows)
                more = await self._take(tenant_id, worker, running, batch)
                left -= 1
        if more:
            async with tenant_tx(self._pool, tenant_id) as tx:
                await store.release(tx, running.id, worker)

    async def _take(self, tenant_id: UUID, worker: UUID, running: Running, rows: Sequence[Row]) -> bool:
        """Take the next rows, or end when there are none; False when it is over."""
        while True:
            try:
                async with tenant_tx(self._pool, tenant_id) as tx:
                    if await store.leased(tx, running.id, worker) is None:
                        return False  # cancelled, or another's by now
                    if not rows:
                        await store.end(tx, running.id, "checked" if running.dry else "done")
                        return False
                    entries = await self._store(tx, running, rows)
            except (Outrun, asyncpg.DeadlockDetectedError):
                continue  # what others did in the same moment is there now
            if entries:
                self._announce(entries)
            return True

    async def _store(self, tx: TenantTx, running: Running, rows: Sequence[Row]) -> Sequence[Entry]:
        batch = await prepared(tx, await plan_of(tx, running), rows, self._fresh_id)
        await store.count(tx, running.id, batch.counts, batch.problems, LEASE_SECONDS)
        touched = [*batch.created, *batch.changed]
        if running.dry or not touched:
            return []
        await stored(tx, batch)
        await audit.note_imported(tx, running.id, self._fresh_id(), touched)
        await log.lock_head(tx)
        shown = await customers.shown(tx, touched)
        return await log.append_all(
            tx,
            [
                *[Draft("customer.created", None, shown[key], key) for key in batch.created],
                *[Draft("customer.updated", None, shown[key], self._fresh_id()) for key in batch.changed],
            ],
        )

    @asynccontextmanager
    async def _file(self, tenant_id: UUID, import_id: UUID) -> AsyncIterator[IO[bytes]]:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            async with tenant_tx(self._pool, tenant_id) as tx:
                async for piece in store.pieces(tx, import_id):
                    file.write(piece)
            yield file


async def plan_of(tx: TenantTx, running: Running) -> Plan:
    """Return how an import's rows are to be taken, with the fields and labels that there are now."""
    fields = await customers_fields.of_tenant(tx)
    return Plan(
        running.columns,
        [_still_there(target, fields) for target in running.plan["targets"]],
        running.plan["country"],
        sorted(await customers.hold_labels(tx, [parse("lbl", label) for label in running.plan["label_ids"]])),
        fields,
        {name.lower(): key for key, name in (await store.label_names(tx)).items()},
    )


def _still_there(target: str | None, fields: Mapping[str, Field]) -> str | None:
    """Return what a column holds; nothing that counts when its field was removed since."""
    gone = target is not None and target not in TARGETS and target.removeprefix(FIELD) not in fields
    return None if gone else target


def _pass_over(rows: Iterator[Row], count: int) -> None:
    for _ in islice(rows, count):
        pass


def _next(rows: Iterator[Row]) -> list[Row]:
    return list(islice(rows, BATCH_ROWS))


async def _event_or_time(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
