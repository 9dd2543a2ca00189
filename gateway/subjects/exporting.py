"""Putting all that is known of a customer into one archive: JSON files, the files of their messages, and a list."""

import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from gateway.files.errors import ContentMissing
from gateway.files.keeping import Files
from gateway.keys import Keyring, KeyShredded
from gateway.model.ids import public
from gateway.model.log import iso
from gateway.store import data_requests, erasing, ledger
from gateway.store import subject_export as store
from gateway.store.data_requests import Running
from gateway.store.pool import TenantTx, tenant_tx
from gateway.store.subject_export import PARTS, Attached, Part, Subject
from gateway.subjects.archive import Archive, plain_name

#: How long an archive can be downloaded.
KEPT = timedelta(days=7)
#: The most bytes of one.
LARGEST = 20 * 1024**3
#: Messages that are looked through at once.
AT_ONCE = 500
#: How names end that say nothing of what is in the file, by its type. Others stay without an ending.
ENDINGS: Mapping[str, str] = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
    "audio/aac": ".aac", "audio/amr": ".amr", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/ogg": ".ogg",
    "audio/wav": ".wav", "video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov", "video/3gpp": ".3gp",
    "application/pdf": ".pdf", "application/zip": ".zip", "text/plain": ".txt", "text/html": ".html",
    "text/calendar": ".ics", "text/csv": ".csv", "text/vcard": ".vcf", "message/rfc822": ".eml",
}  # fmt: skip
#: Rows that are written at once.
ROWS_AT_ONCE = 100
README = """This archive holds what is known of one customer.

data/*.json          Rows, as arrays of JSON objects in UTF-8. Times are ISO 8601 in UTC.
data/webhooks.json   What providers sent, as it came. What held several items at once is named without its
                     content.
files/               What came or went with messages: the message's id, then the place in it and the name.
manifest.json        All files above with their sizes and SHA-256 digests, and how many rows are in each.

To check it:  sha256sum FILE, and compare with manifest.json.
"""


class Overtaken(Exception):
    """Somebody else is at it by now, or the customer was erased meanwhile."""


class Exporter:
    """Makes archives.

    Args:
        pool: of the role ``app``.
        files: where the archives go, and the files of messages are.
        keyring: opens raw webhooks.
        clock: the time, in UTC.
    """

    def __init__(self, pool: asyncpg.Pool, files: Files, keyring: Keyring, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._files = files
        self._keyring = keyring
        self._clock = clock

    async def export(self, tenant_id: UUID, worker: UUID, running: Running, lease_seconds: float) -> None:
        """Make the archive that a request asks for, from its beginning; it is there when this returns.

        Raises:
            FileTooLarge: when it would be larger than an archive may be.
            StorageUnavailable: when it can't be stored, or a file not be read, now.
            KeyUnusable: when raw webhooks can't be read with the keys that are here.
            KeysUnavailable: when the service that has the keys does not answer.
        """
        lease = _Lease(self._pool, tenant_id, worker, running.id, lease_seconds)
        making = _Making(lease, running, self._files, self._keyring, self._clock())
        name = f"customer-{public('cus', running.customer_id)}.zip"
        try:
            kept = await self._files.take(tenant_id, making.pieces(), filename=name, limit=LARGEST, lasting=KEPT)
        except Overtaken:
            return
        async with tenant_tx(self._pool, tenant_id) as tx:
            if await data_requests.leased(tx, running.id, worker) is None:
                if await erasing.file_is_due(tx, kept.id):
                    await self._files.remove(tx, kept.id)
                return
            until = self._clock() + KEPT
            await data_requests.keep_archive(tx, running.id, kept.id, kept.size, until, making.counts)
            await data_requests.end(tx, running.id, "done")


@dataclass(frozen=True, slots=True)
class _Lease:
    """Whose archive is made, and by whom."""

    pool: asyncpg.Pool
    tenant_id: UUID
    worker: UUID
    request_id: UUID
    seconds: float

    def tx(self) -> AbstractAsyncContextManager[TenantTx]:
        """Open a transaction of the tenant."""
        return tenant_tx(self.pool, self.tenant_id)

    async def step(self, name: str) -> None:
        """Tell how far it is, and keep the lease.

        Raises:
            Overtaken: when it is somebody else's by now.
        """
        async with self.tx() as tx:
            if await data_requests.leased(tx, self.request_id, self.worker) is None:
                raise Overtaken
            await data_requests.advance(
                tx, self.request_id, self.worker, name, places={}, counts={}, lease_seconds=self.seconds
            )


class _Making:
    """One archive on its way."""

    def __init__(self, lease: _Lease, running: Running, files: Files, keyring: Keyring, now: datetime) -> None:
        self.counts: Counter[str] = Counter()
        self._lease = lease
        self._running = running
        self._files = files
        self._keyring = keyring
        self._now = now
        self._archive = Archive(now)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the archive."""
        async with self._lease.tx() as tx:
            who = await store.subject(tx, self._running.customer_id)
        add = self._archive.add
        async for piece in add("README.txt", _of(README.encode())):
            yield piece
        for part in PARTS:
            async for piece in self._data(part.name, self._rows(part, who)):
                yield piece
        async for piece in self._data("messages_elsewhere", self._strays(who)):
            yield piece
        async for piece in self._data("webhooks", self._raw(who)):
            yield piece
        async with self._lease.tx() as tx:
            attached = await store.files(tx, who)
        for one in attached:
            await self._lease.step("files")
            async for piece in add(path_of(one), self._file(one), packed=False):
                yield piece
            self.counts["files"] += 1
        async for piece in add("manifest.json", _of(self._manifest())):
            yield piece
        yield self._archive.end()

    async def _data(self, name: str, rows: AsyncIterator[str]) -> AsyncIterator[bytes]:
        """Yield a file of rows, and count them."""
        await self._lease.step(name)
        async for piece in self._archive.add(f"data/{name}.json", self._array(name, rows)):
            yield piece

    async def _array(self, name: str, rows: AsyncIterator[str]) -> AsyncIterator[bytes]:
        held: list[str] = []
        mark = "[\n"
        self.counts[name] = 0
        async for row in rows:
            self.counts[name] += 1
            held.append(row)
            if len(held) == ROWS_AT_ONCE:
                yield (mark + ",\n".join(held)).encode()
                held.clear()
                mark = ",\n"
        yield ((mark if held else "[" if mark == "[\n" else "") + ",\n".join(held) + "\n]\n").encode()

    async def _rows(self, part: Part, who: Subject) -> AsyncIterator[str]:
        async with self._lease.tx() as tx:
            async for row in store.rows(tx, part, who):
                yield row

    async def _strays(self, who: Subject) -> AsyncIterator[str]:
        after: UUID | None = erasing.FIRST if any("@" in one for one in who.addresses) else None
        while after is not None:
            async with self._lease.tx() as tx:
                after, found = await store.strays(tx, who, after, AT_ONCE)
            for row in found:
                yield row

    async def _raw(self, who: Subject) -> AsyncIterator[str]:
        async with self._lease.tx() as tx:
            moments = await store.raw(tx, who)
        for moment, integration_id in moments:
            async with self._lease.tx() as tx:
                shown = [await self._webhook(tx, one) for one in await ledger.received_at(tx, integration_id, moment)]
            for row in shown:
                yield row

    async def _webhook(self, tx: TenantTx, one: ledger.StoredWebhook) -> str:
        """Show a raw webhook; with its content where it speaks of this customer alone."""
        content: dict[str, str | None] = {"url": None, "body": None, "body_base64": None}
        if await store.items_of(tx, one.received_at, one.id) <= 1:
            try:
                url, body = await one.raw.opened(self._keyring)
            except KeyShredded:  # what it said is gone for good
                url, body = one.raw.url, b""
            url = url.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            try:
                content |= {"url": url, "body": body.decode()}
            except UnicodeDecodeError:
                content |= {"url": url, "body_base64": base64.b64encode(body).decode()}
        about = {"id": public("whk", one.id), "received_at": iso(one.received_at), "provider": one.provider}
        return orjson.dumps({**about, "headers": dict(one.headers), **content}).decode()

    async def _file(self, one: Attached) -> AsyncIterator[bytes]:
        """Yield a file's bytes; nothing of one that was lost, which its digest in the list shows."""
        try:
            async for piece in self._files.read(one.file, self._lease.tenant_id):
                yield piece
        except ContentMissing:
            self.counts["files_missing"] += 1

    def _manifest(self) -> bytes:
        about = {
            "request_id": public("dsr", self._running.id),
            "customer_id": public("cus", self._running.customer_id),
            "made_at": iso(self._now),
            "rows": dict(self.counts),
            "files": [
                {"path": entry.path, "size": entry.size, "sha256": entry.sha256} for entry in self._archive.entries
            ],
        }
        return orjson.dumps(about, option=orjson.OPT_INDENT_2) + b"\n"


async def _of(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


def path_of(one: Attached) -> str:
    """Return where a file of a message is in an archive."""
    name = plain_name(one.file.filename, "file")
    if "." not in name:
        name += ENDINGS.get(one.file.mime_type.partition(";")[0], "")
    return f"files/{public('msg', one.message_id)}/{one.position + 1}-{name}"
