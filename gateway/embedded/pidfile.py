"""What ``postmaster.pid`` tells about a running server.

https://www.postgresql.org/docs/current/storage-file-layout.html; the lines are named in Postgres'
``src/include/utils/pidfile.h``: pid, data directory, start time, port, socket directory, listen address, shared
memory, status.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server as its pid file describes it; ``status`` is starting, stopping, ready or standby."""

    process: int
    port: int
    socket_dir: str
    status: str


def read(cluster: Path) -> Postmaster | None:
    """Read the pid file; None when there is none, or it is not yet complete."""
    try:
        lines = (cluster / "postmaster.pid").read_text("utf-8", "surrogateescape").splitlines()
        return Postmaster(int(lines[0]), int(lines[3]), lines[4], lines[7].strip())
    except (FileNotFoundError, IndexError, ValueError):
        return None


def living(cluster: Path) -> Postmaster | None:
    """Return the server of this cluster when it runs; the process id alone may be another's by now."""
    found = read(cluster)
    return found if found and is_postmaster(found.process, cluster) else None


def is_postmaster(process: int, cluster: Path) -> bool:
    """Tell whether the process was started as the server of this cluster (its children change their titles)."""
    return str(cluster) in command_line(process)


def forget_stale(cluster: Path) -> None:
    """Remove a pid file whose process is not a server of ours.

    Postgres does so itself, but not when the number was given to another process of the same user, as is common in
    containers after a restart.
    """
    found = read(cluster)
    if found and not is_postmaster(found.process, cluster):
        (cluster / "postmaster.pid").unlink(missing_ok=True)


def command_line(process: int) -> str:
    """Return how a process was started, empty when it is gone."""
    if not (PROC / "self").exists():
        return _asked_of_ps(process)
    try:
        return (PROC / str(process) / "cmdline").read_text("utf-8", "surrogateescape")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _asked_of_ps(process: int) -> str:
    """Ask ps, on systems without /proc (macOS)."""
    answer = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return answer.stdout
