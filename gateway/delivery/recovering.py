"""The worker that goes on with the jobs that send again, in every process; a job is one process's at a time.

What a job has queued and how far it is are committed together: whoever goes on with it after a crash repeats nothing.
A step that fails costs its job a minute, and the others nothing.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog

from gateway.lasting import keep_at
from gateway.store.pool import DatabaseUnavailable
from gateway.store.recoveries import step

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
#: While a job waits for its endpoint.
PAUSE_SECONDS = 0.1


class Recoverer:
    """Looks twice a second; more often while a job runs, and at once again while it can go on.

    Args:
        pool: of the role ``hook``.
        clock: the time, in UTC.
        woken: told an endpoint that is owed more.
    """

    def __init__(self, pool: asyncpg.Pool, clock: Callable[[], datetime], woken: Callable[[UUID], None]) -> None:
        self._pool = pool
        self._clock = clock
        self._woken = woken
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("recoveries", self._run)

    async def stop(self) -> None:
        """Stop; a step that is not committed is done anew by whoever looks next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        pause = LOOK_SECONDS
        while True:
            try:
                done = await step(self._pool, self._clock())
            except DatabaseUnavailable:
                log.warning("recoveries.database_lost")
                done = None
            if done is None:
                await asyncio.sleep(pause)
                pause = LOOK_SECONDS
                continue
            pause = PAUSE_SECONDS
            if done.fault is not None:
                log.error("recoveries.step_failed", endpoint=str(done.endpoint_id), fault=done.fault)
            if done.queued:
                self._woken(done.endpoint_id)
            if done.status != "running":
                log.info("recoveries.ended", endpoint=str(done.endpoint_id), status=done.status)
