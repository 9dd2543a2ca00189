"""A ZIP archive that is written as it is read: nothing of it is held but what was not handed on yet."""

import asyncio
import hashlib
import re
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

#: Read and written by whoever unpacks it, and nobody else.
MODE = 0o600 << 16
#: What stays of a name that somebody else gave a file: it is never more than a name, in any file system.
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 80
#: Names of devices in Windows, whatever follows their first dot.
DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the archive, as its list tells of it."""

    path: str
    sha256: str
    size: int


class Archive:
    """Makes one archive.

    Args:
        now: when its files were written.

    Attributes:
        entries: those that are in it by now.
    """

    def __init__(self, now: datetime) -> None:
        self.entries: list[Entry] = []
        self._now = now.timetuple()[:6]
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    async def add(self, path: str, pieces: AsyncIterator[bytes], *, packed: bool = True) -> AsyncIterator[bytes]:
        """Add a file, and yield what the archive grows by.

        Args:
            path: within the archive.
            pieces: the file's bytes; what they raise is passed on, and the archive is of no use then.
            packed: whether it is worth to compress it.

        Raises:
            ValueError: when the path would lead out of the folder that it is unpacked to.
        """
        if not PATH.fullmatch(path) or any(part.startswith(".") for part in path.split("/")):
            raise ValueError(f"no path within an archive: {path!r}")
        about = zipfile.ZipInfo(path, self._now)
        about.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        about.external_attr = MODE
        digest, size = hashlib.sha256(), 0
        with self._zip.open(about, "w", force_zip64=True) as entry:
            async for piece in pieces:
                digest.update(piece)
                size += len(piece)
                await asyncio.to_thread(entry.write, piece)
                if written := self._sink.take():
                    yield written
        self.entries.append(Entry(path, digest.hexdigest(), size))
        yield self._sink.take()

    def end(self) -> bytes:
        """Return the archive's end, its own list of what is in it."""
        self._zip.close()
        return self._sink.take()


class _Sink:
    """What a ZIP file is written to; it can't be gone back in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, piece: bytes) -> int:
        self._held += piece
        return len(piece)

    def flush(self) -> None:
        """Do nothing: what was written is there."""

    def close(self) -> None:
        """Do nothing: what is held can be taken yet."""

    def take(self) -> bytes:
        taken = bytes(self._held)
        self._held.clear()
        return taken


def plain_name(name: str | None, otherwise: str) -> str:
    """Return what of a file's name may stand in an archive."""
    kept = UNSAFE.sub("_", name or "").strip("._")
    if DEVICES.match(kept):
        kept = f"file_{kept}"
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > LONGEST_NAME:
        kept = f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}" if len(ending) < 10 else kept[:LONGEST_NAME]
    return kept or otherwise
