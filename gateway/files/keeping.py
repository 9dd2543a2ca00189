"""Taking files in, and giving their bytes out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg

from channels.mail.names import safe_name
from gateway.files.errors import ContentMissing, LinkInvalid, StorageUnavailable
from gateway.files.links import Named, link_to, read_token
from gateway.files.looks import Looks, look_at
from gateway.files.spool import Spooled, spooled
from gateway.files.storage import Storage, key_of
from gateway.keys import Keyring
from gateway.store import files
from gateway.store.files import NewFile, StoredFile
from gateway.store.pool import TenantTx, tenant_tx

#: How long a file waits for a message that has it.
UNUSED = timedelta(hours=24)


class Files:
    """The files of all tenants.

    Args:
        storage: where the bytes are.
        pool: of the role ``app``.
        keyring: signs links.
        clock: the time, in UTC.
        new_id: makes an id of a moment given in milliseconds.
        limit: the most bytes of a file.
    """

    def __init__(
        self,
        storage: Storage,
        pool: asyncpg.Pool,
        keyring: Keyring,
        clock: Callable[[], datetime],
        new_id: Callable[[int], UUID],
        limit: int,
    ) -> None:
        self.limit = limit
        self._storage = storage
        self._pool = pool
        self._keyring = keyring
        self._clock = clock
        self._new_id = new_id

    async def take(
        self,
        tenant_id: UUID,
        chunks: AsyncIterator[bytes],
        *,
        filename: str | None = None,
        declared: str | None = None,
        uploaded_by: UUID | None = None,
        limit: int | None = None,
        lasting: timedelta = UNUSED,
    ) -> StoredFile:
        """Store a file; returns once it is durable. Unless a message has it by then, it is removed a day later.

        Args:
            tenant_id: whose it is.
            chunks: its bytes; what they raise is passed on.
            filename: as its sender calls it.
            declared: the type that its sender names.
            uploaded_by: the member who uploads it.
            limit: the most bytes, where they are others than of all files.
            lasting: how long it stays without a message that has it.

        Raises:
            FileTooLarge: beyond the limit.
            FileEmpty: when there are no bytes.
            StorageUnavailable: when the bytes can't be stored now.
            DatabaseUnavailable: when the file can't be noted now.
        """
        async with spooled(self._storage.spool, chunks, limit or self.limit) as whole:
            looks = await asyncio.to_thread(_looks, whole.path, whole.size, declared)
            return await self._keep(tenant_id, whole, looks, filename, uploaded_by, lasting)

    def read(
        self, file: StoredFile, tenant_id: UUID, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Yield a file's bytes from ``start`` up to, but without, ``end``.

        Raises:
            ContentMissing: when they are gone.
            StorageUnavailable: when they can't be read now.
        """
        if not file.storage_key.startswith(f"{tenant_id.hex}/"):
            raise ContentMissing("these bytes are another tenant's")
        return self._storage.read(file.storage_key, start, file.size if end is None else end)

    async def remove(self, tx: TenantTx, file_id: UUID) -> bool:
        """Remove a file whose time is over, with its bytes; False when a message has it, or another file has the bytes.

        Raises:
            StorageUnavailable: when the bytes can't be removed now; the transaction is to be given up.
        """
        key = await files.remove(tx, file_id)
        if key is not None:
            await self._storage.delete(key)
        return key is not None

    def link(self, tenant_id: UUID, file_id: UUID, lasting: timedelta) -> tuple[str, datetime]:
        """Return the path of a signed link to a file, and when it ends.

        Args:
            tenant_id: whose file.
            file_id: which.
            lasting: how long the link shall last.
        """
        until = self._clock() + lasting
        return link_to(self._keyring, tenant_id, file_id, until), until

    async def linked(self, token: str) -> tuple[Named, StoredFile]:
        """Return the file that a link's token names.

        Raises:
            LinkInvalid: when the token is not to be followed, or the file is no longer handed out.
            DatabaseUnavailable: when it can't be looked up.
        """
        named = read_token(self._keyring, token, self._clock())
        async with tenant_tx(self._pool, named.tenant_id) as tx:
            file = await files.get(tx, named.file_id)
        if file is None:
            raise LinkInvalid
        return named, file

    async def _keep(
        self,
        tenant_id: UUID,
        whole: Spooled,
        looks: Looks,
        filename: str | None,
        uploaded_by: UUID | None,
        lasting: timedelta,
    ) -> StoredFile:
        """Note the file first: from then on nobody removes what lies under its key."""
        now = self._clock()
        new = NewFile(
            id=self._new_id(int(now.timestamp() * 1000)),
            sha256=whole.sha256,
            size=whole.size,
            mime_type=looks.mime_type,
            filename=safe_name(filename or ""),
            storage_key=key_of(tenant_id, whole.sha256),
            width=looks.width,
            height=looks.height,
            duration_ms=looks.duration_ms,
            uploaded_by=uploaded_by,
            expires_at=now + lasting,
        )
        async with tenant_tx(self._pool, tenant_id) as tx:
            known = await files.add(tx, new)
        if not (known and await self._storage.exists(new.storage_key)):
            await self._storage.put(new.storage_key, whole.path)
            async with tenant_tx(self._pool, tenant_id) as tx:
                await files.settle(tx, new.id)
        return StoredFile(
            new.id, new.sha256, new.size, new.mime_type, new.filename, new.storage_key, new.width, new.height,
            new.duration_ms,
        )  # fmt: skip


def _looks(path: Path, size: int, declared: str | None) -> Looks:
    try:
        return look_at(path, size, declared)
    except OSError as error:
        raise StorageUnavailable(f"a file can't be looked at: {error.strerror}") from error
