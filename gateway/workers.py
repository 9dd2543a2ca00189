"""The workers of ``postgate serve --workers N``, and who looks after them.

The supervisor opens one socket for each worker, all on the same port: the system shares connections out among them
evenly, which it does not where all accept from one socket. It keeps the sockets itself and hands them down. So what
waits to be accepted is not lost when a worker dies: another one accepts from its socket until a new worker does.
"""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import orjson
import structlog

from gateway.running import BACKLOG, Refused, listen, stop_signal
from gateway.settings import Settings

log = structlog.get_logger(__name__)

#: Before a worker that died is started again: at once, then later and later.
PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: A worker that lived as long had no trouble of its own with starting.
LIVED_SECONDS = 60.0
#: A socket's path has 107 bytes at most (unix(7)).
LONGEST_FOLDER = 90
READY, TAKE, LEAVE = "ready", "take", "leave"


class Process:
    """One run of a worker.

    Args:
        place: which of the sockets is its own.
        process: of the system.
        reader: says when it is ready.
        writer: tells it whose sockets to accept from, too; it stops when this is closed.
    """

    def __init__(
        self,
        place: int,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.place = place
        self.pid = process.pid
        self.ready = False
        self._process = process
        self._reader = reader
        self._writer = writer

    async def serves(self) -> bool:
        """Wait until it serves; False when it ended before."""
        self.ready = (await self._reader.readline()).decode().strip() == READY
        return self.ready

    async def ended(self) -> int:
        """Wait until it has ended; returns its status."""
        status = await self._process.wait()
        self.ready = False
        self._writer.close()
        return status

    def tell(self, word: str, place: int) -> None:
        """Tell it to accept from a socket, or no longer."""
        self._writer.write(f"{word} {place}\n".encode())

    def stop(self) -> None:
        """Ask it to stop gracefully; from now on it accepts nothing."""
        self.ready = False
        if self._process.returncode is None:
            self._process.terminate()


class Supervisor:
    """Starts workers, starts those anew that die, and replaces them one by one on SIGHUP.

    Args:
        settings: of the server.
        told: which of them the command line says; workers read the rest anew.
        amount: of workers.
    """

    def __init__(self, settings: Settings, told: Mapping[str, object], amount: int) -> None:
        self._settings = settings
        self._told = told
        self._places = range(amount)
        self._port = 0
        self._sockets: list[socket.socket] = []
        self._mail: socket.socket | None = None
        self._folder = Path()
        self._processes: dict[int, Process] = {}
        self._lent: dict[int, Process] = {}
        self._starts = [0] * amount
        self._serving = False
        self._stopping = False
        self._stopped = asyncio.Event()
        self._replace = asyncio.Event()
        self._failure: str | None = None

    async def run(self) -> None:
        """Supervise until SIGTERM or SIGINT.

        Raises:
            Refused: when a socket can't be opened, or a worker ends before any has served.
        """
        self._stopped = stop_signal()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._replace.set)
        with ExitStack() as stack:
            self._open(stack)
            keepers = [asyncio.create_task(self._keep(place), name=f"worker {place}") for place in self._places]
            replacer = asyncio.create_task(self._replace_all(), name="replacing workers")
            await self._stopped.wait()
            self._stopping = True
            replacer.cancel()
            log.info("workers.stopping")
            for process in self._processes.values():
                process.stop()
            self._close()  # whoever comes once the workers accept no more is refused, and does not wait in vain
            await asyncio.gather(replacer, *keepers, return_exceptions=True)
        if self._failure is not None:
            raise Refused(self._failure)

    def _open(self, stack: ExitStack) -> None:
        settings = self._settings
        # Somebody else who shared the port in this way would get a part of the connections: it has to be free.
        with listen(settings.host, settings.port) as alone:
            self._port = alone.getsockname()[1]
        for _ in self._places:
            listener = stack.enter_context(listen(settings.host, self._port, shared=True))
            listener.listen(BACKLOG)
            self._sockets.append(listener)
        if settings.smtp_port is not None:
            self._mail = stack.enter_context(listen(settings.smtp_host or settings.host, settings.smtp_port, "--smtp"))
            self._mail.listen(BACKLOG)
        try:
            folder = tempfile.TemporaryDirectory(prefix="postgate-")
        except OSError as error:
            raise Refused(f"workers need a temporary folder: {error.strerror}; TMPDIR names one") from error
        self._folder = Path(stack.enter_context(folder))
        if len(str(self._folder)) > LONGEST_FOLDER:
            raise Refused(f"the path {self._folder} is too long for sockets; TMPDIR names another place")

    def _close(self) -> None:
        for listener in (*self._sockets, self._mail):
            if listener is not None:
                listener.close()

    async def _keep(self, place: int) -> None:
        """Keep a worker running in a place."""
        failures = 0
        ended: Process | None = None
        while not self._stopping:
            try:
                process = await self._next(place, ended)
            except OSError as error:  # no memory, no process, no file left
                if not self._serving:
                    self._failure = f"a worker can't be started: {error.strerror}"
                    self._stopped.set()
                    return
                failures += 1
                pause = PAUSES[min(failures, len(PAUSES) - 1)]
                log.warning("workers.not_started", worker=place, error=error.strerror, again_in_seconds=pause)
                await self._pause(pause)
                continue
            began = asyncio.get_running_loop().time()
            while True:
                status = await process.ended()
                if (successor := self._processes[place]) is process:
                    break
                process = successor  # it was replaced: that one is kept now
                began = asyncio.get_running_loop().time()
            if self._stopping:
                return
            if not self._serving:
                self._failure = f"a worker ended with status {status} before any could serve; what it said is above"
                self._stopped.set()
                return
            self._share_out()
            ended = process
            lived = asyncio.get_running_loop().time() - began
            failures = 0 if lived > LIVED_SECONDS else failures + 1
            pause = PAUSES[min(failures, len(PAUSES) - 1)] if failures > 1 else 0.0
            log.error("workers.died", worker=place, pid=process.pid, status=status, again_in_seconds=pause)
            await self._pause(pause)

    async def _next(self, place: int, ended: Process | None) -> Process:
        """Start a process in a place, unless the one that ended there was replaced meanwhile; returns who is there."""
        if self._processes.get(place) is ended:
            process = await self._start(place)
            if self._processes.get(place) is not ended:
                process.stop()
                return self._processes[place]
            self._processes[place] = process
            if self._stopping:
                process.stop()
            if await process.serves():
                self._serving = True
                log.info("workers.serving", worker=place, pid=process.pid, port=self._port)
                self._share_out()
        return self._processes[place]

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return

    async def _replace_all(self) -> None:
        """Replace each worker by a new one, at each SIGHUP; a new one that can't start leaves the old ones alone."""
        while True:
            await self._replace.wait()
            self._replace.clear()
            log.info("workers.replacing")
            for place in self._places:
                old = self._processes.get(place)
                if old is None:  # it is about to start
                    continue
                try:
                    new = await self._start(place)
                except OSError as error:
                    log.warning("workers.not_replaced", worker=place, error=error.strerror)
                    break
                try:
                    serves = await new.serves()
                except asyncio.CancelledError:
                    new.stop()
                    raise
                if not serves:
                    log.error("workers.not_replaced", worker=place, status=await new.ended())
                    break
                if self._processes[place] is not old:  # it died meanwhile, and has a successor
                    new.stop()
                    continue
                self._processes[place] = new
                log.info("workers.replaced", worker=place, pid=new.pid)
                old.stop()
                self._share_out()
                await old.ended()

    async def _start(self, place: int) -> Process:
        """Start a process on the sockets; it reads the settings, and the program, anew.

        Raises:
            OSError: when the system has no room for one more.
        """
        ours, theirs = socket.socketpair()
        self._starts[place] += 1
        sockets = [listener.fileno() for listener in self._sockets]
        mail = None if self._mail is None else self._mail.fileno()
        orders = orjson.dumps(
            {
                "place": place,
                "run": self._starts[place],
                "sockets": sockets,
                "mail": mail,
                "control": theirs.fileno(),
                "folder": str(self._folder),
                "told": self._told,
            }
        )
        handed_down: Sequence[int] = (*sockets, theirs.fileno(), *(() if mail is None else (mail,)))
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "gateway.cli.worker", orders.decode(), pass_fds=handed_down, env=os.environ
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        reader, writer = await asyncio.open_connection(sock=ours)
        return Process(place, process, reader, writer)

    def _share_out(self) -> None:
        """Have the sockets of places without a worker that serves accepted from by others."""
        ready = [process for process in self._processes.values() if process.ready]
        for place in self._places:
            lent_to = self._lent.get(place)
            if place in self._processes and self._processes[place].ready:
                if lent_to is not None and lent_to.ready:
                    lent_to.tell(LEAVE, place)
                self._lent.pop(place, None)
            elif ready and (lent_to is None or not lent_to.ready):
                self._lent[place] = ready[place % len(ready)]
                self._lent[place].tell(TAKE, place)
