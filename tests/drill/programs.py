"""Processes of the gateway that are killed, stopped, paused, and started again as an operator's supervisor would."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from tests.drill.children import children_of

#: Until a process that was started can do its work; on a loaded machine, with Postgres away for a part of it.
READY_SECONDS = 180.0
#: Until a process that was told to stop has ended: calls to providers get 25 seconds.
STOP_SECONDS = 60.0
LOOK_SECONDS = 0.1
#: Between an end while starting, because something it needs is away, and the next start.
AGAIN_SECONDS = 0.5
PROBE_TIMEOUT = aiohttp.ClientTimeout(total=5)
STOPPED_IN_ORDER = (0,)


class Program:
    """One ``postgate serve`` or ``postgate work``, whether it runs or not.

    Args:
        name: of the process, and of its log.
        arguments: of ``postgate``.
        environment: its settings.
        url: where it tells how it is.
        logs: the folder of logs.

    Attributes:
        troubles: what it did that it should not have, in words.
        starts: how often it was started.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str], url: str, logs: Path
    ) -> None:
        self.name = name
        self.url = url
        self.troubles: list[str] = []
        self.starts = 0
        self._arguments = arguments
        self._environment = environment
        self._log = logs / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()

    async def start(self) -> None:
        """Start it, and start it again whenever it ends by itself; returns at once."""
        self._ready.clear()
        self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.name}")

    async def ready(self) -> None:
        """Wait until it can do its work.

        Raises:
            TimeoutError: when that takes too long.
        """
        async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession(timeout=PROBE_TIMEOUT) as probe:
            while not await self._is_ready(probe):
                await asyncio.sleep(LOOK_SECONDS)

    async def kill(self) -> None:
        """Kill it with all its children, as a machine that fails would."""
        await self._leave_alone()
        self._signal(signal.SIGKILL)
        await self._ended()

    async def stop(self) -> None:
        """Ask it to stop, as whoever rolls out another version does."""
        was_ready = self._ready.is_set()
        await self._leave_alone()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                status = await process.wait()
        except TimeoutError:
            self.troubles.append(f"{self.name} did not stop within {STOP_SECONDS:.0f} seconds of SIGTERM")
            self._signal(signal.SIGKILL)
            await process.wait()
            return
        if was_ready and status not in STOPPED_IN_ORDER:
            self.troubles.append(f"{self.name} ended with status {status} after SIGTERM")

    async def pause(self) -> None:
        """Let it and its children sleep in the middle of whatever they do."""
        self._signal(signal.SIGSTOP)

    async def resume(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    async def crash(self) -> None:
        """Kill one of its workers."""
        if self._process is not None and (workers := children_of(self._process.pid)):
            os.kill(workers[0], signal.SIGKILL)

    async def roll(self) -> None:
        """Have all of its workers replaced, one after the other."""
        if self._ready.is_set() and self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    async def _keep(self) -> None:
        """Start the process, and another one when it ends before anybody told it to."""
        while True:
            with self._log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "gateway.cli.main", *self._arguments,
                    env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip
            self.starts += 1
            watching = asyncio.create_task(self._watch())
            try:
                status = await self._process.wait()
            finally:
                watching.cancel()
            if self._ready.is_set():
                self.troubles.append(f"{self.name} ended by itself with status {status}")
            self._ready.clear()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _watch(self) -> None:
        """Note when the process can do its work."""
        async with aiohttp.ClientSession(timeout=PROBE_TIMEOUT) as probe:
            while not await self._is_ready(probe):
                await asyncio.sleep(LOOK_SECONDS)
        self._ready.set()

    async def _is_ready(self, probe: aiohttp.ClientSession) -> bool:
        try:
            async with probe.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _leave_alone(self) -> None:
        """Let the process end without another one being started."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    async def _ended(self) -> None:
        if self._process is not None:
            await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        """Tell the process and its children, who are in its group, something; if there is one."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, number)
