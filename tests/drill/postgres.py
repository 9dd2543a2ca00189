"""A Postgres of the drill's own, as durable as in production, that is killed, stopped and paused."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from gateway.embedded import EmbeddedPostgres, Superuser, pidfile
from gateway.embedded.folders import settle
from tests.drill.children import children_of

#: For some processes with their pools.
SETTINGS = {"max_connections": "300"}
#: How the processes of those that are connected call themselves.
BACKEND = "postgres: postgate_"


class Postgres:
    """The server, whether it runs or not.

    Args:
        folder: for its data; has to be open to its user.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = EmbeddedPostgres(folder, settings=SETTINGS)
        self._asleep: list[int] = []
        self.superuser: Superuser | None = None
        self.troubles: list[str] = []

    async def start(self) -> None:
        """Start it; it has the port that it had before.

        Raises:
            RuntimeError: when it has another one.
        """
        before, self.superuser = self.superuser, await self._server.start()
        if before is not None and before.port != self.superuser.port:
            raise RuntimeError(f"Postgres was on port {before.port} and is on {self.superuser.port} now")

    async def kill(self) -> None:
        """Kill all of its processes, as a machine that fails would.

        Were it the first one alone, another might wait for ever for one that noticed and ended, and keep the shared
        memory from a new server.
        """
        postmaster = self._postmaster()
        for pid in (postmaster, *children_of(postmaster)):
            _tell(pid, signal.SIGKILL)
        await self._server.stop()

    async def stop(self) -> None:
        """Stop it in order: everybody is hung up."""
        await self._server.stop()

    async def crash(self) -> None:
        """Kill the process of one who is connected: the server ends all others, and recovers by itself."""
        found = [pid for pid in children_of(self._postmaster()) if BACKEND in pidfile.command_line(pid)]
        if found:
            os.kill(found[0], signal.SIGKILL)

    async def pause(self) -> None:
        """Let all of its processes sleep; new ones can't come, since the first one sleeps first."""
        postmaster = self._postmaster()
        os.kill(postmaster, signal.SIGSTOP)
        self._asleep = [postmaster, *children_of(postmaster)]
        for pid in self._asleep[1:]:
            _tell(pid, signal.SIGSTOP)

    async def resume(self) -> None:
        """Let them go on."""
        for pid in reversed(self._asleep):
            _tell(pid, signal.SIGCONT)
        self._asleep = []

    async def remove(self) -> None:
        """Stop it, and delete what it stored."""
        await self.resume()
        await asyncio.to_thread(self._server.remove_blocking)

    @property
    def log(self) -> Path:
        """What it printed."""
        return settle(self._folder).log

    def _postmaster(self) -> int:
        found = pidfile.read(settle(self._folder).cluster)
        if found is None:
            raise RuntimeError("Postgres does not run")
        return found.process


def _tell(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it may have ended meanwhile
        os.kill(pid, number)
