"""One process at a time for a data folder.

The lock ends with its process, however that ends. The server that a killed process leaves behind does not hold it.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from gateway.embedded.errors import AlreadyRunning, DataFolderUnusable


class DataDirLock:
    """The right to start and stop the server of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "postgate.lock"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: when another process has it; says which, and where it listens.
            DataFolderUnusable: when the file can't be written.
        """
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise DataFolderUnusable(f"can't write {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                raise self._already_running(_read(file)) from None
        self._file = file
        self.note(None)

    def note(self, address: str | None) -> None:
        """Write down who holds the lock and where it can be reached, for whoever comes second."""
        if self._file is None:
            raise RuntimeError("the lock is not held")
        self._file.seek(0)
        self._file.truncate()
        json.dump({"process": os.getpid(), "address": address}, self._file)
        self._file.flush()

    def release(self) -> None:
        """Give the lock back. Its file stays: removing it would let two processes lock two files."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _already_running(self, note: dict[str, object]) -> AlreadyRunning:
        process, address = note.get("process"), note.get("address")
        where = f" on {address}" if address else ""
        return AlreadyRunning(
            f"already running{where} (process {process or 'unknown'}) with the data folder {self._path.parent}",
            process if isinstance(process, int) else None,
            address if isinstance(address, str) else None,
        )


def _read(file: IO[str]) -> dict[str, object]:
    """Read the holder's note; it may be half written."""
    file.seek(0)
    try:
        note = json.load(file)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}
