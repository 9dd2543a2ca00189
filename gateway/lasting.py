"""Work that lasts as long as the process: a fault in it is told and costs a pause, never the work itself."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 1.0


def keep_at(name: str, work: Callable[[], Awaitable[None]], pause_seconds: float = PAUSE_SECONDS) -> asyncio.Task[None]:
    """Run work in a task of its own until it returns, or the task is cancelled.

    What the work can foresee it handles itself. This is for the rest: it is logged with its trace, and after a pause
    the work begins anew.

    Args:
        name: of the task, for the log.
        work: called without arguments, possibly many times.
        pause_seconds: between a fault and the next call.
    """

    async def run() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("task.failed", task=name)
                await asyncio.sleep(pause_seconds)
            else:
                return

    return asyncio.create_task(run(), name=name)
