"""Files on a local disk, or on whatever is mounted there."""

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO

from gateway.files.errors import ContentMissing, StorageUnavailable
from gateway.files.storage import PIECE_BYTES, require_key

FOLDER_MODE = 0o700


class DiskStorage:
    """A folder with one below it for each tenant.

    Content comes into its place by a rename, so that whatever is there is whole.

    Args:
        root: the folder; it is made when it is not there.

    Raises:
        StorageUnavailable: when it can't be made.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._spool = root / "incoming"
        try:
            self._spool.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"the folder of files can't be used: {error.strerror}") from error

    @property
    def spool(self) -> Path:
        """The folder in which incoming bytes wait; on the same disk, so that they can be renamed into place."""
        return self._spool

    async def put(self, key: str, spooled: Path) -> None:
        """Move a file of the spool to its place."""
        await asyncio.to_thread(self._put, require_key(key), spooled)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield some of the bytes under a key."""
        opened = await asyncio.to_thread(self._open, require_key(key), start)
        try:
            left = end - start
            while left > 0:
                piece = await asyncio.to_thread(_read, opened, min(left, PIECE_BYTES))
                if not piece:
                    raise ContentMissing("the content is shorter than it was")
                left -= len(piece)
                yield piece
        finally:
            opened.close()

    async def exists(self, key: str) -> bool:
        """Tell whether there are bytes under a key."""
        return await asyncio.to_thread((self._root / require_key(key)).is_file)

    async def delete(self, key: str) -> None:
        """Remove the bytes under a key, if there are any."""
        await asyncio.to_thread(self._delete, require_key(key))

    def _put(self, key: str, spooled: Path) -> None:
        place = self._root / key
        try:
            place.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with spooled.open("rb") as written:
                os.fsync(written.fileno())
            spooled.replace(place)
            for folder in (place.parent, place.parent.parent, self._root):  # each may have been made just now
                _sync(folder)
        except OSError as error:
            raise StorageUnavailable(f"a file can't be stored: {error.strerror}") from error

    def _open(self, key: str, start: int) -> BinaryIO:
        try:
            opened = (self._root / key).open("rb")
            opened.seek(start)
        except FileNotFoundError:
            raise ContentMissing("there is nothing under this key") from None
        except OSError as error:
            raise StorageUnavailable(f"a file can't be read: {error.strerror}") from error
        return opened

    def _delete(self, key: str) -> None:
        try:
            (self._root / key).unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(f"a file can't be removed: {error.strerror}") from error


def _read(opened: BinaryIO, size: int) -> bytes:
    try:
        return opened.read(size)
    except OSError as error:
        raise StorageUnavailable(f"a file can't be read: {error.strerror}") from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
