"""Chores: what one process of all does now and then. Each process knows them all, and does what is due.

Who does one is settled in the database (``claim_chore``), which also remembers when it was done: it is due as often
with one process as with twenty, and a process that is killed in the middle is followed by another when its lease ends.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import uuid4

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from gateway.files.errors import StorageUnavailable
from gateway.lasting import keep_at
from gateway.store.chores import ahead, claim, keep, note
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

log = structlog.get_logger(__name__)

#: A process that has just started looks after its customers first.
FIRST_SECONDS = 5.0
#: Between two looks.
LEAST_SECONDS, MOST_SECONDS = 1.0, 60.0
#: How long a chore is kept from others when its process dies; one that lives says so three times as often.
LEASE_SECONDS = 60.0
#: After a chore that failed.
AGAIN_SECONDS = 60.0
LATER: tuple[type[BaseException], ...] = (*UNAVAILABLE, DatabaseUnavailable, StorageUnavailable)

SUCCEEDED = Gauge(
    "postgate_chore_last_success_timestamp_seconds",
    "When a chore was last done, by whichever process; 0: never.",
    ["chore"],
)
RUNS = Counter(
    "postgate_chore_runs_total", "Chores that this process did, by outcome: done or failed.", ["chore", "outcome"]
)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done every so often. It endures being done twice at once, and being stopped anywhere.

    Attributes:
        name: a lower-case word, known to the database and in ``/metrics``.
        seconds: from its end to when it is due again.
        work: does it; what it raises is logged, and it is done again soon.
    """

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]


class Chores:
    """Looks what is due, at least once a minute, and does it; one that takes long keeps no other from being done.

    Args:
        pool: of the role ``hook``.
        chores: all that there are.
    """

    def __init__(self, pool: asyncpg.Pool, chores: Sequence[Chore]) -> None:
        self._pool = pool
        self._chores = {chore.name: chore for chore in chores}
        self._worker = uuid4()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("chores", self._run)

    async def stop(self) -> None:
        """Stop; what is under way is left to another process."""
        tasks = [*self._under_way.values(), *([] if self._task is None else [self._task])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self) -> float:
        """Begin what is due and nobody does here; returns the seconds until more may be.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        wait = MOST_SECONDS
        for found in await ahead(self._pool, list(self._chores)):
            SUCCEEDED.labels(found.name).set(found.succeeded_at.timestamp() if found.succeeded_at else 0)
            if found.name in self._under_way:
                continue
            wait = min(wait, found.wait)
            if found.wait <= 0:
                task = asyncio.create_task(self._do(self._chores[found.name]), name=f"chore {found.name}")
                self._under_way[found.name] = task
                task.add_done_callback(partial(self._ended, found.name))
        return max(wait, LEAST_SECONDS)

    async def idle(self) -> None:
        """Wait until nothing is under way here."""
        while self._under_way:
            await asyncio.wait(self._under_way.values())

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                wait = await self.look()
            except DatabaseUnavailable:
                log.warning("chores.database_lost")
                wait = LEAST_SECONDS
            await asyncio.sleep(wait)

    async def _do(self, chore: Chore) -> None:
        name, lease = chore.name, timedelta(seconds=LEASE_SECONDS)
        try:
            if not await claim(self._pool, name, self._worker, lease):
                return
            keeping = keep_at(f"lease of {name}", partial(self._keep, name, lease))
            try:
                went_well = await _went_well(chore)
            except asyncio.CancelledError:
                await note(self._pool, name, self._worker, timedelta(), went_well=False)  # whoever looks next goes on
                raise
            finally:
                keeping.cancel()
            again = chore.seconds if went_well else min(chore.seconds, AGAIN_SECONDS)
            await note(self._pool, name, self._worker, timedelta(seconds=again), went_well=went_well)
        except DatabaseUnavailable:
            log.warning("chores.not_noted", chore=name)
        except Exception:
            log.exception("chores.not_noted", chore=name)

    async def _keep(self, name: str, lease: timedelta) -> None:
        """Keep a chore from others while it is done."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                if not await keep(self._pool, name, self._worker, lease):
                    log.warning("chores.overtaken", chore=name)
                    return
            except DatabaseUnavailable:
                log.warning("chores.not_kept", chore=name)

    def _ended(self, name: str, _task: asyncio.Task[None]) -> None:
        del self._under_way[name]


async def _went_well(chore: Chore) -> bool:
    began = time.perf_counter()
    try:
        await chore.work()
    except LATER as error:
        log.warning("chores.later", chore=chore.name, error=type(error).__name__)
    except Exception:
        log.exception("chores.failed", chore=chore.name)
    else:
        RUNS.labels(chore.name, "done").inc()
        log.info("chore", chore=chore.name, ms=round((time.perf_counter() - began) * 1000, 1))
        return True
    RUNS.labels(chore.name, "failed").inc()
    return False
