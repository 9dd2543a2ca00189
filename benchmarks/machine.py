"""What the system knows of processes: processor time and memory, read from ``/proc``."""

import os
import resource
from pathlib import Path

from benchmarks.errors import NotMeasured

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
DESCRIPTORS = 65_536


def cpu_seconds(process: int) -> float:
    """Return the processor time that all threads of a process have used, in user and kernel mode.

    Raises:
        NotMeasured: when the process is gone, or the system has no ``/proc``.
    """
    fields = _stat(process)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def family_cpu_seconds(process: int) -> float:
    """Return the processor time of a process, of its children, and of children that have ended.

    Raises:
        NotMeasured: when the process is gone, or the system has no ``/proc``.
    """
    fields = _stat(process)
    ended = (int(fields[13]) + int(fields[14])) / TICKS_PER_SECOND
    return cpu_seconds(process) + ended + sum(map(_cpu_seconds_if_there, children(process)))


def children(process: int) -> list[int]:
    """Return the children of a process that are there now."""
    return [
        int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit() and parent_of(int(entry.name)) == process
    ]


def parent_of(process: int) -> int | None:
    """Return a process' parent; None when it is gone."""
    try:
        return int(_stat(process)[1])
    except NotMeasured:
        return None


def private_bytes(process: int) -> int:
    """Return the memory of a process that is backed by no file.

    Raises:
        NotMeasured: when the process is gone, or the system does not tell.
    """
    try:
        status = (PROC / str(process) / "status").read_text("ascii", "replace")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:")) * 1024
    except (OSError, StopIteration):
        raise NotMeasured(f"the memory of process {process} can't be read") from None


def allow_many_sockets() -> int:
    """Raise the number of open files as far as the system lets us, for this process and its children; returns it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed


def _cpu_seconds_if_there(process: int) -> float:
    try:
        return cpu_seconds(process)
    except NotMeasured:
        return 0.0  # it has ended since; its parent has its time now


def _stat(process: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` that follow the name, which may hold anything."""
    try:
        return (PROC / str(process) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        raise NotMeasured(f"the processor time of process {process} can't be read") from None
