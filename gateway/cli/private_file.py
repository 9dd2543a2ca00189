"""Files that only their owner may read: keys, passwords, the ready file."""

import os
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def read_private(path: Path, make: Callable[[], str]) -> str:
    """Return a file's text; write what ``make`` returns when there is none yet."""
    if not path.exists():
        write_private(path, make())
    return path.read_text("utf-8")
