"""Starting the server process, waiting until it is ready, and stopping it."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from gateway.embedded import pidfile
from gateway.embedded.cluster import ENVIRONMENT, SUPERUSER, as_account
from gateway.embedded.errors import ServerFailed
from gateway.embedded.folders import Folders, socket_dir

T = TypeVar("T")

HOST = "127.0.0.1"
# Below the ports that systems give to outgoing connections (from 32768 on): a client that knocks on such a port while
# the server is down can be connected to itself, and the port is taken.
PORTS = range(20_000, 30_000)
PORT_ATTEMPTS = 50
POLL_SECONDS = 0.01
READY_SECONDS = 300.0  # after a crash it first replays its write-ahead log
FAST_STOP_SECONDS = 30.0
HARD_STOP_SECONDS = 10.0
LOG_LIMIT = 5_000_000
DURABLE = {
    "shared_buffers": "128MB",
    "min_wal_size": "256MB",  # segments are used again; making new ones by writing zeros stalls commits
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling takes longer than our short queries
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST = {  # forgets when killed, never tidies up, and its passwords are guessed soon
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "scram_iterations": "1",
}


@dataclass(frozen=True, slots=True)
class Superuser:
    """How to connect as the superuser."""

    host: str
    port: int
    socket_dir: str
    user: str
    password: str = field(repr=False)

    def url(self, database: str = "postgres", user: str | None = None, password: str | None = None) -> str:
        """Return a URL over TCP, for the superuser unless another role is named."""
        where = f"{self.host}:{self.port}/{quote(database, safe='')}"
        return f"postgresql://{self._login(user, password)}@{where}?sslmode=disable"  # it has no certificate to ask for

    def socket_url(self, database: str = "postgres", user: str | None = None, password: str | None = None) -> str:
        """Return a URL over the Unix socket, which only the server's user and root can use."""
        where = f"host={quote(self.socket_dir, safe='/')}&port={self.port}"
        return f"postgresql://{self._login(user, password)}@/{quote(database, safe='')}?{where}"

    def _login(self, user: str | None, password: str | None) -> str:
        name, secret = (self.user, self.password) if user is None else (user, password or "")
        return f"{quote(name, safe='')}:{quote(secret, safe='')}"


def launch(folders: Folders, programs: Path, port: int, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the server as a child in its own session, so that Ctrl-C in a terminal does not reach it.

    Raises:
        ServerFailed: when the process can't be made.
    """
    chosen = {"listen_addresses": HOST, "port": str(port), **DURABLE, **settings}
    options = [argument for name, value in chosen.items() for argument in ("-c", f"{name}={value}")]
    command = [
        str(programs / "postgres"),
        "-D",
        str(folders.cluster),
        "-k",
        str(socket_dir(folders)),
        *options,
    ]
    try:
        with os.fdopen(_open_log(folders.log), "ab") as log:
            return subprocess.Popen(
                command,
                cwd=folders.home,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **as_account(folders.account),
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise ServerFailed(f"can't start Postgres as user {folders.account.uid}: {error}") from error


def wait_until_ready(folders: Folders, child: subprocess.Popen[bytes] | None) -> pidfile.Postmaster | None:
    """Wait for the child, or for a server that was found running; None when it went away.

    Raises:
        ServerFailed: when it neither becomes ready nor ends.
    """

    def look() -> tuple[pidfile.Postmaster | None] | None:
        if child is not None and child.poll() is not None:
            return (None,)
        found = pidfile.read(folders.cluster) if child is not None else pidfile.living(folders.cluster)
        if child is None and found is None:
            return (None,)
        ready = found is not None and found.status == "ready" and (child is None or found.process == child.pid)
        return (found,) if ready else None

    answer = _poll(look, READY_SECONDS)
    if answer is None:
        raise ServerFailed(f"Postgres was not ready after {READY_SECONDS:.0f} seconds: {last_words(folders)}")
    return answer[0]


def stop(folders: Folders, process: int, child: subprocess.Popen[bytes] | None) -> None:
    """Stop the server: hang up its clients, write everything down, and end; harder when that takes too long.

    Raises:
        ServerFailed: when it is still there.
    """
    for how, seconds in ((signal.SIGINT, FAST_STOP_SECONDS), (signal.SIGQUIT, HARD_STOP_SECONDS)):
        if _signal(process, how) and not _poll(lambda: _gone(folders, process, child), seconds):
            continue
        if child is not None:
            child.wait()
        return
    raise ServerFailed(f"Postgres (process {process}) does not stop: {last_words(folders)}")


def free_port(remembered: Path) -> int:
    """Return the port of the last run when it is free, else any that is, and remember it."""
    any_ports = (PORTS.start + secrets.randbelow(len(PORTS)) for _ in range(PORT_ATTEMPTS))
    candidates = (remembered_port(remembered), *any_ports)
    for port in candidates:
        if port in PORTS and _is_free(port):
            remembered.write_text(f"{port}\n", "utf-8")
            return port
    raise ServerFailed(f"no port is free on {HOST}")


def remembered_port(remembered: Path) -> int:
    """Return the port of the last run, 0 when none is known."""
    try:
        return int(remembered.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return 0


def last_words(folders: Folders) -> str:
    """Return the end of the server's log."""
    if not folders.log.is_file():
        return "it said nothing"
    return " / ".join(folders.log.read_text("utf-8", "replace").splitlines()[-5:])


def superuser(folders: Folders, found: pidfile.Postmaster) -> Superuser:
    """Describe the running server to those who want to connect."""
    password = folders.password.read_text("utf-8").strip()
    return Superuser(HOST, found.port, found.socket_dir, SUPERUSER, password)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Postgres does; else TIME_WAIT is "taken"
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _open_log(log: Path) -> int:
    """Open the log, which may quote data, for us alone; a long one is put aside, so that two together stay bounded."""
    if log.is_file() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def _signal(process: int, how: signal.Signals) -> bool:
    try:
        os.kill(process, how)
    except ProcessLookupError:
        return False
    return True


def _gone(folders: Folders, process: int, child: subprocess.Popen[bytes] | None) -> bool:
    return child.poll() is not None if child is not None else not pidfile.is_postmaster(process, folders.cluster)


def _poll(look: Callable[[], T], seconds: float) -> T:
    """Call ``look`` until it returns something true, or the time is over; returns what it said last."""
    deadline = time.monotonic() + seconds
    while not (answer := look()) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return answer
