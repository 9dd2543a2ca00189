"""Removing from the spool what a killed process left there; the spool is this machine's."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from gateway.files.spool import PREFIX
from gateway.lasting import keep_at

LOOK_SECONDS = 3600.0
#: No upload takes as long; what is older was left behind.
LEFT_SECONDS = 24 * 3600.0


class Sweeper:
    """Looks once an hour, in every process.

    Args:
        spool: the folder of what is coming in.
        clock: seconds since 1970, as files are dated.
    """

    def __init__(self, spool: Path, clock: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("spool", self._run)

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep(self) -> None:
        """Remove incoming files that were last written long ago."""
        await asyncio.to_thread(_sweep, self._spool, self._clock() - LEFT_SECONDS)

    async def _run(self) -> None:
        while True:
            await self.sweep()
            await asyncio.sleep(LOOK_SECONDS)


def _sweep(spool: Path, before: float) -> None:
    for path in spool.glob(PREFIX + "*"):
        try:
            left = path.stat().st_mtime < before
        except FileNotFoundError:  # it has come in meanwhile
            continue
        if left:
            path.unlink(missing_ok=True)
