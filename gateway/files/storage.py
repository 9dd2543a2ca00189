"""Where the bytes of files lie: one interface, and the keys that are used with it."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol
from uuid import UUID

#: Bytes that are read from a storage at a time.
PIECE_BYTES = 256 * 1024
KEY = re.compile(r"[0-9a-f]{32}/[0-9a-f]{2}/[0-9a-f]{64}")


class Storage(Protocol):
    """Bytes by key. Content is immutable: a key is made of its digest, so that storing it again changes nothing."""

    @property
    def spool(self) -> Path:
        """The folder in which incoming bytes wait until they are whole."""

    async def put(self, key: str, spooled: Path) -> None:
        """Store a file of the spool; afterwards it is durable, and may be gone from the spool.

        Raises:
            StorageUnavailable: when it is not known to be stored.
        """

    def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from ``start`` up to, but without, ``end``.

        Raises:
            ContentMissing: when there are none under this key.
            StorageUnavailable: when they can't be read now.
        """

    async def exists(self, key: str) -> bool:
        """Tell whether there are bytes under a key.

        Raises:
            StorageUnavailable: when that can't be told now.
        """

    async def delete(self, key: str) -> None:
        """Remove the bytes under a key, if there are any.

        Raises:
            StorageUnavailable: when they can't be removed now.
        """


def key_of(tenant_id: UUID, sha256: str) -> str:
    """Return the key of content: tenants never share one."""
    return f"{tenant_id.hex}/{sha256[:2]}/{sha256}"


def require_key(key: str) -> str:
    """Return a key that ``key_of`` made.

    Raises:
        ValueError: when it is anything else. Keys never come from outside; this is the last look.
    """
    if KEY.fullmatch(key) is None:
        raise ValueError(f"{key!r} is no key of the storage")
    return key
