"""The worker that looks for personal data in what the tenants' logs tell; of any number, one reads a log at a time.

Nobody waits for it: it begins when whoever sent a message was answered, and rests twelve times as long as it worked, so
that those who ingest and ask have the processors first. What it has not read yet is masked for endpoints all the same
(``gateway/pii/events.py``).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import orjson
import structlog

from gateway.detection.fields import PATTERNS, SUBJECT, Texts, texts_of
from gateway.detection.previews import hide
from gateway.lasting import keep_at
from gateway.model.log import Entry
from gateway.pii.detecting import Detectors
from gateway.pii.finding import Finding
from gateway.pii.masking import sample
from gateway.store import log as entries_of
from gateway.store import pii_results, pii_rules
from gateway.store.pii_results import Found, Record
from gateway.store.pool import DatabaseUnavailable, tenant_tx

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
#: Tenants of one look, and entries of each.
TENANTS = 50
ENTRIES = 100
#: How long it rests after each tenant, as a multiple of how long it worked: waiting for the database is work, too.
REST = 12
#: Others may go on after so many seconds of computing.
BREATH_SECONDS = 0.002
#: Longer texts are looked through in a thread.
LONG = 4_000


@dataclass(slots=True)
class _Work:
    """What was looked through, and what was found."""

    read: dict[tuple[UUID, str], Record] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)


class Detection:
    """Looks twice a second, and goes on while there is more.

    Args:
        pool: of the role ``hook``.
        app_pool: of the role ``app``.
        announce: told new log entries after their commit.
        new_id: makes an id of this moment.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        app_pool: asyncpg.Pool,
        announce: Callable[[Sequence[Entry]], None],
        new_id: Callable[[], UUID],
    ) -> None:
        self._pool = pool
        self._app_pool = app_pool
        self._announce = announce
        self._new_id = new_id
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = keep_at("detection", self._run)

    async def stop(self) -> None:
        """Stop; what is not committed is read anew by whoever looks next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                more = await self.look()
            except DatabaseUnavailable:
                log.warning("detection.database_lost")
                more = False
            if not more:
                await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """Read on in the logs that have grown; tells whether there may be more.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        tenants = await pii_results.behind(self._pool, TENANTS)
        read = 0
        for tenant_id in tenants:
            began = time.perf_counter()
            try:
                read += await self._read(tenant_id)
            except DatabaseUnavailable:
                raise
            except Exception:  # one tenant's log must not keep the others' from being read
                log.exception("detection.failed", tenant=str(tenant_id))
            await asyncio.sleep((time.perf_counter() - began) * REST)
        return read >= ENTRIES or (len(tenants) == TENANTS and read > 0)

    async def _read(self, tenant_id: UUID) -> int:
        """Read on in a tenant's log; returns how many entries were looked at."""
        work = _Work()
        async with tenant_tx(self._app_pool, tenant_id) as tx:
            after = await pii_results.take(tx)
            if after is None:
                return 0
            head = await entries_of.head(tx)
            detectors = await pii_rules.detectors(tx)
            entries = await entries_of.read(tx, after, head.last_seq, ENTRIES, PATTERNS) if detectors else []
            await self._find(detectors, entries, work)
            threads = {one.record.conversation_id for one in work.found if one.field == SUBJECT}
            if threads:
                await pii_results.hold_threads(tx, sorted(filter(None, threads)))
            read = [(record, name) for (_, name), record in work.read.items()]
            await pii_results.replace(tx, read, work.found)
            await pii_results.move(tx, entries[-1].seq if len(entries) == ENTRIES else head.last_seq)
            messages = {one.record.id for one in work.found if one.record.conversation_id is not None}
            told = await hide(tx, detectors, sorted(messages), self._new_id) if messages else []
        if told:
            self._announce(told)
        return len(entries)

    async def _find(self, detectors: Detectors, entries: Sequence[Entry], work: _Work) -> None:
        """Look through entries; of several on one text the last word counts."""
        last: dict[tuple[UUID, str], str] = {}
        began = time.perf_counter()
        for entry in entries:
            texts = _texts(entry)
            if texts is not None:
                for name, text in texts.fields.items():
                    work.read[texts.record.id, name] = texts.record
                    last[texts.record.id, name] = text
        for (key, name), text in last.items():
            found = await asyncio.to_thread(detectors.find, text) if len(text) > LONG else detectors.find(text)
            work.found += [self._noted(work.read[key, name], name, text, one) for one in found]
            if time.perf_counter() - began > BREATH_SECONDS:
                await asyncio.sleep(0)
                began = time.perf_counter()

    def _noted(self, record: Record, name: str, text: str, one: Finding) -> Found:
        value = sample(one.kind, text[one.start : one.end])
        return Found(self._new_id(), record, name, one.kind, one.detector, one.start, one.end, one.confidence, value)


def _texts(entry: Entry) -> Texts | None:
    """Return what is to be looked through; an entry that is not as it should be is passed over."""
    try:
        return texts_of(entry.type, orjson.loads(entry.data))
    except (KeyError, TypeError, ValueError):
        log.exception("detection.entry_unreadable", tenant=str(entry.tenant_id), seq=entry.seq)
        return None
