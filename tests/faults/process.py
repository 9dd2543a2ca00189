"""A gateway as its own process, as `postgate up` runs it; to be killed."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Gateway:
    """One `postgate up` on a data folder; it can be killed and started again."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self._port = port
        self._ready_file = data_dir.parent / "ready.json"
        self._process: asyncio.subprocess.Process | None = None
        self.ready: dict[str, Any] = {}

    async def start(self) -> None:
        """Start it; returns once it serves."""
        command = [sys.executable, "-m", "gateway.cli.main", "up", "--data-dir", str(self.data_dir)]
        command += ["--port", str(self._port), "--ready-file", str(self._ready_file)]
        self._ready_file.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(START_SECONDS):
            while not self._ready_file.exists():
                if self._process.returncode is not None:
                    raise AssertionError(f"it ended with status {self._process.returncode} before it was ready")
                await asyncio.sleep(0.02)  # between two looks for the file that says it is ready
        self.ready = json.loads(self._ready_file.read_text())
        self._port = int(self.ready["base_url"].rpartition(":")[2])  # the next start takes the same

    async def kill(self) -> None:
        """Kill it as a crash would; its Postgres is left running."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> int:
        """Ask it to stop; returns its exit status."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_SECONDS):
            return await self._process.wait()

    @property
    def postmaster(self) -> int:
        """The process id of its Postgres."""
        [found] = [*self.data_dir.rglob("postmaster.pid"), *_moved(self.data_dir)][:1]
        return int(found.read_text().splitlines()[0])


def _moved(data_dir: Path) -> list[Path]:
    """Return the pid file of a cluster that could not lie in the data folder itself."""
    pointer = data_dir / "cluster.path"
    return list(Path(pointer.read_text().strip()).rglob("postmaster.pid")) if pointer.exists() else []


def alive(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@asynccontextmanager
async def gateway_process(folder: Path) -> AsyncIterator[Gateway]:
    """Run a gateway; whatever the test does to it, nothing is left behind."""
    gateway = Gateway(folder / "data", 0)
    await gateway.start()
    try:
        yield gateway
    finally:
        if gateway._process is not None and gateway._process.returncode is not None:
            await gateway.start()  # to take over and stop the Postgres that a killed one left
        await gateway.stop()
