"""Files in a bucket that speaks S3.

The synchronous calls of the client run in threads: its own asynchronous ones can take the process down when it ends.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import SecretStr

from gateway.files.errors import ContentMissing, StorageUnavailable
from gateway.files.storage import PIECE_BYTES, require_key

if TYPE_CHECKING:
    from obstore.store import S3Config

#: Of one request, the body and all.
TIMEOUT = "60s"
CONNECT_TIMEOUT = "5s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where a bucket is, and who may use it.

    Attributes:
        name: of the bucket.
        prefix: in front of each key; may be empty.
        region: of the bucket.
        endpoint: the URL of a service that is not Amazon's.
        access_key_id: without one, what the machine has (its role, its environment) is used.
        secret_access_key: the secret to it.
    """

    name: str
    prefix: str = ""
    region: str | None = None
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None


class S3Storage:
    """A bucket; incoming bytes wait in a folder of this machine.

    Args:
        bucket: where and who.
        spool: the folder.
    """

    def __init__(self, bucket: Bucket, spool: Path) -> None:
        self._store = _store(bucket)
        self._spool = spool

    @property
    def spool(self) -> Path:
        """The folder in which incoming bytes wait."""
        return self._spool

    async def put(self, key: str, spooled: Path) -> None:
        """Send a file of the spool to the bucket, large ones in parts."""
        await asyncio.to_thread(self._put, require_key(key), spooled)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield some of the bytes under a key, each piece by a request of its own."""
        require_key(key)
        while start < end:
            piece = await asyncio.to_thread(self._range, key, start, min(end, start + 4 * PIECE_BYTES))
            if not piece:
                raise ContentMissing("the content is shorter than it was")
            start += len(piece)
            yield piece

    async def exists(self, key: str) -> bool:
        """Tell whether there are bytes under a key."""
        return await asyncio.to_thread(self._exists, require_key(key))

    async def delete(self, key: str) -> None:
        """Remove the bytes under a key, if there are any."""
        await asyncio.to_thread(self._delete, require_key(key))

    def _put(self, key: str, spooled: Path) -> None:
        try:
            obstore.put(self._store, key, spooled)
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def _range(self, key: str, start: int, end: int) -> bytes:
        try:
            return bytes(obstore.get_range(self._store, key, start=start, end=end))
        except FileNotFoundError:
            raise ContentMissing("there is nothing under this key") from None
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error

    def _exists(self, key: str) -> bool:
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error
        return True

    def _delete(self, key: str) -> None:
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _unavailable(error) from error


def _store(bucket: Bucket) -> S3Store:
    config: S3Config = {}
    if bucket.region:
        config["region"] = bucket.region
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint
    if bucket.access_key_id and bucket.secret_access_key:
        config["access_key_id"] = bucket.access_key_id
        config["secret_access_key"] = bucket.secret_access_key.get_secret_value()
    plain = (bucket.endpoint or "").startswith("http://")
    return S3Store(
        bucket.name,
        prefix=bucket.prefix or None,
        config=config,
        client_options={"timeout": TIMEOUT, "connect_timeout": CONNECT_TIMEOUT, "allow_http": plain},
        retry_config={"max_retries": 2},
    )


def _unavailable(error: Exception) -> StorageUnavailable:
    """Say only what kind of trouble it is: the client's words may hold addresses and keys."""
    return StorageUnavailable(f"the bucket of files can't be used ({type(error).__name__})")
