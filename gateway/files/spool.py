"""Bytes on their way in: written to a file beside the storage, counted and hashed as they come."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from gateway.files.errors import FileEmpty, FileTooLarge, StorageUnavailable

#: Of the names of incoming files.
PREFIX = "incoming-"
#: Bytes that are held in memory before they are written.
PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Spooled:
    """Bytes that came in whole."""

    path: Path
    sha256: str
    size: int


@asynccontextmanager
async def spooled(folder: Path, chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[Spooled]:
    """Write what comes to a file; it is gone when the ``async with`` is left, unless it was moved.

    Args:
        folder: where to.
        chunks: the bytes; what they raise is passed on.
        limit: the most bytes that are taken.

    Raises:
        FileTooLarge: when more comes.
        FileEmpty: when nothing comes.
        StorageUnavailable: when it can't be written.
    """
    path = await asyncio.to_thread(_new_file, folder)
    try:
        yield await _written(path, chunks, limit)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _written(path: Path, chunks: AsyncIterator[bytes], limit: int) -> Spooled:
    digest = hashlib.sha256()
    size = 0
    held = bytearray()
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(f"a file has at most {limit} bytes")
        digest.update(chunk)
        held += chunk
        if len(held) >= PIECE_BYTES:
            await asyncio.to_thread(_append, path, bytes(held))
            held.clear()
    if not size:
        raise FileEmpty("the file is empty")
    await asyncio.to_thread(_append, path, bytes(held))
    return Spooled(path, digest.hexdigest(), size)


def _new_file(folder: Path) -> Path:
    try:
        descriptor, name = mkstemp(prefix=PREFIX, dir=folder)
    except OSError as error:
        raise StorageUnavailable(f"a file can't be taken in: {error.strerror}") from error
    os.close(descriptor)
    return Path(name)


def _append(path: Path, piece: bytes) -> None:
    try:
        with path.open("ab") as file:
            file.write(piece)
    except OSError as error:
        raise StorageUnavailable(f"a file can't be taken in: {error.strerror}") from error
