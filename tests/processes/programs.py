"""Processes of a gateway, as an operator starts them."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

START_SECONDS = 90.0
STOP_SECONDS = 60.0


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class Program:
    """``postgate serve`` or ``postgate work``, running."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}"

    async def ready(self, workers: int = 0) -> dict[str, Any]:
        """Wait until it says that it is ready, with so many workers; returns what it says of its parts."""
        async with asyncio.timeout(START_SECONDS):
            while True:
                assert self._process.returncode is None, f"it ended with status {self._process.returncode}"
                found = await self._checks()
                if (
                    found is not None
                    and len((found.get("workers") or {}).get("detail", {}).get("ready", ())) >= workers
                ):
                    return found
                await asyncio.sleep(0.05)  # between two looks

    async def text(self, path: str) -> str:
        """Return what it answers."""
        async with aiohttp.ClientSession(self.url) as session, session.get(path) as answer:
            return await answer.text()

    @property
    def children(self) -> set[int]:
        """The process ids of its workers."""
        pid = self._process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait until it has ended; returns its status."""
        async with asyncio.timeout(STOP_SECONDS):
            return await self._process.wait()

    async def _checks(self) -> dict[str, Any] | None:
        try:
            async with aiohttp.ClientSession(self.url) as session, session.get("/readyz") as answer:
                told: dict[str, Any] = await answer.json()
                return told["checks"] if answer.status == 200 else None
        except aiohttp.ClientConnectionError:
            return None


class Programs:
    """Starts programs; all have the same settings."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **{f"POSTGATE_{name}": value for name, value in settings.items()}}
        self._started: list[asyncio.subprocess.Process] = []

    async def start(self, verb: str, *arguments: str, **more: str) -> Program:
        """Start one on a free port.

        Args:
            verb: ``serve`` or ``work``.
            arguments: of the command line.
            more: settings of this one alone.
        """
        port = free_port()
        command = [sys.executable, "-m", "gateway.cli.main", verb, "--port", str(port), *arguments]
        environment = {**self._environment, **{f"POSTGATE_{name}": value for name, value in more.items()}}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
        self._started.append(process)
        return Program(process, port)

    async def kill(self) -> None:
        """Leave none behind."""
        for process in self._started:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def programs(settings: Mapping[str, str]) -> AsyncIterator[Programs]:
    """Start programs; none is left behind."""
    made = Programs(settings)
    try:
        yield made
    finally:
        await made.kill()
