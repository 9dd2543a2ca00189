"""Which storage the settings choose."""

import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

from gateway.files.disk import DiskStorage
from gateway.files.errors import StorageUnavailable
from gateway.files.storage import Storage
from gateway.settings import Settings

NOWHERE = "no storage of files is set up: POSTGATE_FILES_DIR or POSTGATE_FILES_BUCKET says where"


def storage_of(settings: Settings) -> Storage:
    """Return the storage: a bucket, else a folder, else one that tells that there is none.

    Raises:
        StorageUnavailable: when the folder can't be used.
    """
    if settings.files_bucket is not None:
        # Imported only here: it comes with the extra "s3", and no installation without a bucket needs it.
        from gateway.files.s3 import Bucket, S3Storage  # noqa: PLC0415

        name, _, prefix = settings.files_bucket.partition("/")
        return S3Storage(
            Bucket(
                name=name,
                prefix=prefix,
                region=settings.files_region,
                endpoint=settings.files_endpoint,
                access_key_id=settings.files_access_key_id,
                secret_access_key=settings.files_secret_access_key,
            ),
            Path(tempfile.gettempdir()),
        )
    return NoStorage() if settings.files_dir is None else DiskStorage(settings.files_dir)


class NoStorage:
    """Stores nothing, and says what to set up."""

    @property
    def spool(self) -> Path:
        """Refuse."""
        raise StorageUnavailable(NOWHERE)

    async def put(self, key: str, spooled: Path) -> None:
        """Refuse."""
        raise StorageUnavailable(NOWHERE)

    async def read(self, key: str, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Refuse."""
        raise StorageUnavailable(NOWHERE)
        yield b""  # it is a generator, as the others are

    async def exists(self, key: str) -> bool:
        """Refuse."""
        raise StorageUnavailable(NOWHERE)

    async def delete(self, key: str) -> None:
        """Refuse."""
        raise StorageUnavailable(NOWHERE)
