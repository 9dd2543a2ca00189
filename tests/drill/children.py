"""Which processes another one has started."""

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def children_of(parent: int) -> list[int]:
    """Return the processes that another one started, the oldest first."""
    return sorted(pid for pid, its_parent in _parents() if its_parent == parent)


def _parents() -> Iterator[tuple[int, int]]:
    """Return the processes of this machine, each with the one that started it (proc(5), ``stat``)."""
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text("utf-8", "replace")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            yield int(folder.name), int(stat.rpartition(")")[2].split()[1])
