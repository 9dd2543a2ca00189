"""The embedded Postgres as its users see it: start, connect, stop."""

import asyncio
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from gateway.embedded import cluster, pidfile, server
from gateway.embedded.binaries import programs
from gateway.embedded.errors import DataFolderUnusable, EmbeddedPostgresError, ServerFailed
from gateway.embedded.folders import CLUSTERS, Folders, discard_socket_dir, existing, make_data_dir, settle
from gateway.embedded.lock import DataDirLock
from gateway.embedded.server import Superuser

log = structlog.get_logger(__name__)

#: After kill -9 of the server its children need a moment to notice; meanwhile their shared memory is still in use.
PASSING = ("pre-existing shared memory block", "could not create any TCP/IP sockets")
ATTEMPTS = 20
AGAIN_SECONDS = 0.25
WATCH_SECONDS = 1.0


def running(data_dir: Path) -> Superuser | None:
    """Tell how to connect to the server that runs on a data folder; None when there is none. Nothing is changed.

    Raises:
        DataFolderUnusable: when this user may not look.
    """
    folders = existing(data_dir)
    found = pidfile.living(folders.cluster) if folders is not None else None
    try:
        return None if folders is None or found is None else server.superuser(folders, found)
    except OSError as error:
        raise DataFolderUnusable(f"can't use the data folder {data_dir}: {error.strerror}") from error


class EmbeddedPostgres:
    """One Postgres server on one data folder.

    A server that an earlier process left running (it was killed) is taken over.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        fast: bool = False,
        settings: Mapping[str, str] | None = None,
        clusters: Path = CLUSTERS,
    ) -> None:
        """Describe the server; nothing happens yet.

        Args:
            data_dir: where everything is kept; made when missing.
            fast: give up what was committed last when killed, and vacuum nothing, for tests.
            settings: Postgres settings that overrule ours.
            clusters: where root's cluster goes when the data folder is closed to the server's user.
        """
        self.data_dir = data_dir
        self._fast = fast
        self._settings = {**(server.FAST if fast else {}), **(settings or {})}
        self._clusters = clusters
        self._busy = threading.Lock()
        self._lock: DataDirLock | None = None
        self._folders: Folders | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._process: int | None = None

    async def start(self) -> Superuser:
        """Start the server, or take over one that runs; the first time this makes the cluster.

        Raises:
            EmbeddedPostgresError: one of its kinds, with a sentence that says what to do.
        """
        return await asyncio.to_thread(self.start_blocking)

    async def keep_running(self) -> None:
        """Start the server again whenever it dies (out of memory, kill -9), until cancelled.

        It gets its port again: that is where everybody looks for it. What fails is tried again, for ever.
        """
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await asyncio.to_thread(self._revive)
            except (EmbeddedPostgresError, OSError) as error:
                log.warning("postgres.not_revived", error=str(error))

    async def stop(self) -> None:
        """Stop the server and let go of the folder; does nothing when it is not running."""
        await asyncio.to_thread(self.stop_blocking)

    def start_blocking(self) -> Superuser:
        """Do what ``start`` does, for callers without an event loop."""
        with self._busy:
            data_dir = make_data_dir(self.data_dir)
            lock = DataDirLock(data_dir)
            lock.take()
            try:
                self._folders = settle(data_dir, self._clusters)
                found = self._take_over(self._folders) or self._start_new(self._folders)
            except BaseException:
                lock.release()
                raise
            self._lock, self._process = lock, found.process
            return server.superuser(self._folders, found)

    def stop_blocking(self) -> None:
        """Do what ``stop`` does, for callers without an event loop."""
        with self._busy:
            if self._lock is None or self._folders is None or self._process is None:
                return
            server.stop(self._folders, self._process, self._child)
            discard_socket_dir(self._folders)
            self._lock.release()
            self._lock = self._child = self._process = None

    def remove_blocking(self) -> None:
        """Stop the server and delete the data folder and what belongs to it, wherever it lies."""
        self.stop_blocking()
        if self._folders is not None:
            shutil.rmtree(self._folders.home)
        shutil.rmtree(self.data_dir, ignore_errors=not self.data_dir.exists())

    def announce(self, address: str) -> None:
        """Tell whoever tries to start a second one on this folder where the first can be reached."""
        if self._lock is not None:
            self._lock.note(address)

    def _revive(self) -> None:
        with self._busy:
            if self._lock is None or self._folders is None or pidfile.living(self._folders.cluster):
                return
            log.warning("postgres.died")
            if self._child is not None:
                self._child.wait()  # until then its lock files name a process that is still there
            self._process = self._start_new(self._folders, server.remembered_port(self._folders.port)).process

    def _take_over(self, folders: Folders) -> pidfile.Postmaster | None:
        """Return the server that runs on the folder already, if any, once it is ready."""
        if pidfile.living(folders.cluster) is None:
            return None
        return server.wait_until_ready(folders, None)

    def _start_new(self, folders: Folders, port: int | None = None) -> pidfile.Postmaster:
        found = programs(folders)
        cluster.ensure(folders, found, durable=not self._fast)
        pidfile.forget_stale(folders.cluster)
        for _ in range(ATTEMPTS):
            chosen = server.free_port(folders.port) if port is None else port
            self._child = server.launch(folders, found, chosen, self._settings)
            ready = server.wait_until_ready(folders, self._child)
            if ready is not None:
                return ready
            words = server.last_words(folders)
            if not any(passing in words for passing in PASSING):
                break
            time.sleep(AGAIN_SECONDS)
        raise ServerFailed(f"Postgres ended while starting: {words}")
