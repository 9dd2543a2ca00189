"""Writing the audit down: what was read, some rows at a time; what must not be lost, before anything goes on.

Rows wait here for half a second at most, and are then written by one statement for all tenants. While the database
lags they pile up to a bound; beyond it whoever reads waits, and is refused when that takes too long: nothing is shown
that nobody can write down. A process that is killed loses what it has shown in the last half a second, and no more.

Which records an answer shows is looked for in the bytes of some answers at once: between two requests the processor
has forgotten the way, and would take several times as long for each alone.

A row that the database refuses as it is loses what its request brought; one that it refuses even so is put aside
(``aside.py``), and the others go on.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from gateway.audit import aside
from gateway.audit.aside import Aside
from gateway.lasting import keep_at
from gateway.store.audit import Row, RowRefused, add_all
from gateway.store.pool import DatabaseBusy, DatabaseUnavailable

log = structlog.get_logger(__name__)

FLUSH_SECONDS = 0.5
#: So many rows are written without waiting for others, and at most so many by one statement.
AT_ONCE = 500
#: So many answers, or so many bytes of them, are looked through as soon as they are there.
ANSWERS_AT_ONCE = 64
ANSWER_BYTES = 512 * 1024
#: Rows that may wait, and bytes of the ids in them.
MOST_ROWS = 10_000
MOST_BYTES = 32 * 1024 * 1024
#: How long a request waits for room, and after how long a write that failed is tried again.
PATIENCE_SECONDS = 10.0
AGAIN_SECONDS = 0.5
#: How long a process that stops tries to write down what it has shown.
LAST_SECONDS = 10.0

WRITTEN = Counter("postgate_audit_rows_total", "Rows of the audit that were written after what they tell of.")
WAITING = Gauge("postgate_audit_waiting_rows", "Rows of the audit that wait to be written.")


class Teller(Protocol):
    """What knows a request whose answer was shown."""

    def rows(self, at: datetime, shown: bytes) -> Sequence[Row]:
        """Return what is told of an answer."""


class Recorder:
    """Takes rows from all requests of a process.

    Args:
        pool: of the role ``hook``.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._shown: deque[tuple[Teller, datetime, bytes]] = deque()
        self._shown_bytes = 0
        self._rows: list[Row] = []
        self._bytes = 0
        self._aside = Aside(self._write_one)
        self._some = asyncio.Event()
        self._now = asyncio.Event()
        self._written = asyncio.Condition()
        self._taken = self._done = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write."""
        self._task = keep_at("audit", self._run)

    async def stop(self) -> None:
        """Write what waits, and stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(LAST_SECONDS):
                while self._rows or self._shown:
                    await self._flush()
                await self._aside.write_all()
        except TimeoutError:
            log.exception("audit.lost", rows=len(self._rows))
        if self._aside:
            log.error("audit.aside_lost", rows=len(self._aside))

    @property
    def full(self) -> bool:
        """Whether there is no room for anything more now."""
        return len(self._rows) >= MOST_ROWS or self._bytes >= MOST_BYTES

    async def room(self) -> None:
        """Wait until there is room.

        Raises:
            DatabaseBusy: when there is none for too long.
        """
        await self._wait(lambda: not self.full)

    def show(self, who: Teller, at: datetime, shown: bytes) -> None:
        """Take an answer that is about to be shown; rows are made of it before the next ones are written."""
        self._shown.append((who, at, shown))
        self._shown_bytes += len(shown)
        if len(self._shown) >= ANSWERS_AT_ONCE or self._shown_bytes >= ANSWER_BYTES:
            self._look()
        else:
            self._some.set()

    async def note(self, rows: Sequence[Row]) -> None:
        """Take rows; returns at once while there is room for them.

        Raises:
            DatabaseBusy: when there is none for too long; the rows are not taken.
        """
        if self.full:
            await self.room()
        self._take(rows)

    async def keep(self, rows: Sequence[Row]) -> None:
        """Take rows, and return once they are committed.

        Raises:
            DatabaseBusy: when that takes too long, or can't be done; they may be written all the same.
        """
        await self.note(rows)
        place = self._taken
        self._now.set()
        await self._wait(lambda: self._done >= place)
        if self._aside.holds_any(rows):
            raise DatabaseBusy("the audit can't be written")

    def _look(self) -> None:
        """Make rows of the answers."""
        self._shown_bytes = 0
        while self._shown:
            who, at, answer = self._shown.popleft()
            self._take(who.rows(at, answer))

    def _take(self, rows: Sequence[Row]) -> None:
        self._rows += rows
        self._taken += len(rows)
        self._bytes += sum(len(row.records) for row in rows)
        self._some.set()
        if len(self._rows) >= AT_ONCE:
            self._now.set()

    async def _wait(self, true: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._written:
                await self._written.wait_for(true)
        except TimeoutError:
            raise DatabaseBusy("the audit can't be written fast enough") from None

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(aside.AGAIN_SECONDS if self._aside else None):
                    await self._some.wait()
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._now.wait()
            except TimeoutError:
                pass  # it is time anyway
            await self._flush()
            await self._aside.try_again()

    async def _flush(self) -> None:
        """Write the oldest rows; they are let go of once they are committed."""
        self._now.clear()
        self._look()
        rows = self._rows[:AT_ONCE]
        try:
            if rows:
                await self._write(rows)
        except DatabaseUnavailable:
            log.warning("audit.waits", rows=len(self._rows))
            WAITING.set(len(self._rows))
            await asyncio.sleep(AGAIN_SECONDS)
            return
        del self._rows[: len(rows)]
        self._bytes -= sum(len(row.records) for row in rows)
        self._done += len(rows)
        WRITTEN.inc(len(rows))
        WAITING.set(len(self._rows))
        if not self._rows and not self._shown:
            self._some.clear()
        elif len(self._rows) >= AT_ONCE:
            self._now.set()
        async with self._written:
            self._written.notify_all()

    async def _write(self, rows: Sequence[Row]) -> None:
        """Write rows; one that can't be stored as it is is looked for by halves, and loses what its request brought."""
        try:
            await add_all(self._pool, rows)
        except RowRefused:
            if len(rows) > 1:
                half = len(rows) // 2
                await self._write(rows[:half])
                await self._write(rows[half:])
                return
            one = rows[0]
            log.exception("audit.row_refused", tenant=str(one.tenant_id), action=one.action, request=one.request_id)
            told = one._replace(first_seq=None, last_seq=None, ip=None, user_agent=None, request_id=None)
            try:
                await self._write_one(told)
            except RowRefused:
                self._aside.put(told)

    async def _write_one(self, row: Row) -> None:
        await add_all(self._pool, [row])
