"""The worker that fetches what messages only point at, so that no message waits for its files.

A file is leased while it is fetched: if this process dies, another takes it up when the lease ends. Each connection may
have a few at a time, and each tenant, and tenants take turns: a provider that hangs holds up nobody else.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson
import structlog

from channels.events import Media
from channels.outbound import Refused
from gateway import tracing
from gateway.files import metrics
from gateway.files.errors import StorageUnavailable
from gateway.files.fetching import Missing, Route, RouteOf, fetch
from gateway.files.keeping import Files
from gateway.files.looks import kind_of
from gateway.keys import KeysUnavailable
from gateway.lasting import keep_at
from gateway.model.ids import public
from gateway.model.log import Entry
from gateway.outgoing.http import Calls
from gateway.store import attachments, erasing, log
from gateway.store.attachments import DueFile
from gateway.store.files import StoredFile
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, TenantTx, tenant_tx

logger = structlog.get_logger(__name__)

AT_ONCE = 16
AT_ONCE_PER_CONNECTION = 4
AT_ONCE_PER_TENANT = 8
LOOK_SECONDS = 1.0
#: After trouble with the database.
TROUBLE_SECONDS = 5.0
#: After trouble with the storage.
STORAGE_WAIT = timedelta(seconds=30)
#: While a connection is disabled, or of a provider that this version does not know.
GONE_WAIT = timedelta(hours=1)
#: Longer than the files of one message take; what has not ended by then is broken off.
LEASE = timedelta(minutes=15)
MARGIN = timedelta(minutes=1)
#: Between the tries; then as the last one, until the provider no longer keeps the file.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 4 * 3600))
LATER: tuple[type[BaseException], ...] = (*UNAVAILABLE, DatabaseUnavailable, KeysUnavailable)

#: Reads the files of a stored mail anew, given tenant, connection, when it came in and its external id. None: its
#: original is no longer there.
Reread = Callable[[UUID, UUID, datetime, str], Awaitable[Sequence[Media] | Refused | None]]
NO_ORIGINAL = Missing("The original of this mail is no longer kept.", "expired")
NOT_IN_IT = Missing("The original of this mail does not hold the file.", "failed")


class Fetcher:
    """Fetches the files of all tenants.

    Args:
        hook_pool: of the role ``hook``: leases.
        app_pool: of the role ``app``: records.
        files: takes the bytes in.
        calls: makes the requests.
        route_of: finds a connection.
        reread: reads the files of a stored mail anew.
        announce: told new log entries after their commit.
        clock: the time, in UTC.
        new_id: makes an id of a moment given in milliseconds.
    """

    def __init__(
        self,
        hook_pool: asyncpg.Pool,
        app_pool: asyncpg.Pool,
        files: Files,
        calls: Calls,
        route_of: RouteOf,
        reread: Reread,
        announce: Callable[[Sequence[Entry]], None],
        clock: Callable[[], datetime],
        new_id: Callable[[int], UUID],
    ) -> None:
        self._hook_pool = hook_pool
        self._app_pool = app_pool
        self._files = files
        self._calls = calls
        self._route_of = route_of
        self._reread = reread
        self._announce = announce
        self._clock = clock
        self._new_id = new_id
        self._at: Counter[UUID] = Counter()
        self._of: Counter[UUID] = Counter()
        self._served: UUID | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for files."""
        self._task = keep_at("file fetcher", self._run)

    async def stop(self) -> None:
        """Stop. What is being fetched is left to whoever takes it up when its lease ends."""
        running = [task for task in (self._task, *self._tasks) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            wait = LOOK_SECONDS
            due: Sequence[DueFile] = ()
            if len(self._tasks) < AT_ONCE:
                busy = [
                    *(connection for connection, count in self._at.items() if count >= AT_ONCE_PER_CONNECTION),
                    *(tenant for tenant, count in self._of.items() if count >= AT_ONCE_PER_TENANT),
                ]
                try:
                    due = await attachments.claim(self._hook_pool, busy, LEASE, self._served)
                except LATER as error:
                    logger.warning("files.later", error=type(error).__name__)
                    wait = TROUBLE_SECONDS
            if due:
                self._begin(due)
            else:
                await _event_or_time(self._wake, wait)

    def _begin(self, due: Sequence[DueFile]) -> None:
        connection, tenant = due[0].integration_id, due[0].tenant_id
        self._served = tenant
        self._at[connection] += 1
        self._of[tenant] += 1
        task = asyncio.create_task(self._message(due), name="file fetch")
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            for counts, key in ((self._at, connection), (self._of, tenant)):
                counts[key] -= 1
                if not counts[key]:
                    del counts[key]
            self._wake.set()

        task.add_done_callback(ended)

    async def _message(self, due: Sequence[DueFile]) -> None:
        """Fetch the leased files of one message, one after the other."""
        try:
            async with asyncio.timeout((LEASE - MARGIN).total_seconds()):
                route = await self._route_of(due[0].integration_id)
                if route is None:
                    await self._postpone(due, GONE_WAIT, tried=False)
                    return
                wanted = await self._wanted(due)
                for place, file in enumerate(due):
                    try:
                        await self._one(file, route, wanted[place])
                    except StorageUnavailable as error:
                        logger.warning("files.storage_unavailable", error=str(error))
                        await self._postpone(due[place:], STORAGE_WAIT, tried=False)
                        return
        except LATER as error:  # the database is away, or it took too long: the lease ends by itself
            logger.warning("files.lease_kept", message=str(due[0].message_id), error=type(error).__name__)
        except Exception:  # nobody waits for this task; its lease ends, and the files are taken up again
            logger.exception("files.fetch_failed", message=str(due[0].message_id))

    async def _wanted(self, due: Sequence[DueFile]) -> Sequence[Media | Missing]:
        """Say for each file where it is: a mail's are in its original."""
        pointed = [
            Media(type=f.type, id=f.provider_media_id, url=f.provider_url, mime_type=f.mime_type, filename=f.filename)
            for f in due
        ]
        first = due[0]
        if first.medium != "email" or first.external_id is None:
            return pointed
        found = await self._reread(first.tenant_id, first.integration_id, first.received_at, first.external_id)
        if isinstance(found, Refused):
            reason = Missing(found.reason, None if found.retryable else "failed", found.retry_after)
            return [reason] * len(due)
        if found is None:
            return [media if media.url else NO_ORIGINAL for media in pointed]
        return [
            replace(found[file.position], filename=file.filename) if file.position < len(found) else NOT_IN_IT
            for file in due
        ]

    async def _one(self, due: DueFile, route: Route, media: Media | Missing) -> None:
        began, now = time.perf_counter(), self._clock()
        if isinstance(media, Missing):
            outcome: StoredFile | Missing = media
        else:
            outcome = await fetch(self._files, self._calls, due.tenant_id, route, media, now)
        if isinstance(outcome, Missing) and outcome.state is None:
            wait = max(WAITS[min(due.tries, len(WAITS)) - 1], timedelta(seconds=outcome.wait or 0))
            if now + wait < due.received_at + route.adapter.operations.download_kept:
                await self._postpone([due], min(wait, WAITS[-1]), tried=True)
                metrics.FETCHED.labels(route.adapter.provider, "later").inc()
                return
            outcome = Missing(outcome.reason, "expired")
        await self._record(due, outcome)
        state = outcome.state if isinstance(outcome, Missing) else "stored"
        metrics.FETCHED.labels(route.adapter.provider, state or "later").inc()
        _tell(due, route.adapter.provider, state, time.perf_counter() - began)

    async def _record(self, due: DueFile, outcome: StoredFile | Missing) -> None:
        """Write down what became of a file, and tell it."""
        async with tenant_tx(self._app_pool, due.tenant_id) as tx:
            if isinstance(outcome, Missing):
                conversation = await attachments.missing(tx, due, outcome.state or "failed", outcome.reason)
            else:
                conversation = await attachments.stored(tx, due, outcome, _type_of(due.type, outcome.mime_type))
            if conversation is None:  # the lease is lost, or the message was taken back or erased
                if isinstance(outcome, StoredFile) and await erasing.file_is_due(tx, outcome.id):
                    await self._files.remove(tx, outcome.id)
                return
            event_id = self._new_id(int(self._clock().timestamp() * 1000))
            entry = await told(tx, due.id, conversation, event_id)
        self._announce([entry])

    async def _postpone(self, due: Sequence[DueFile], wait: timedelta, *, tried: bool) -> None:
        async with tenant_tx(self._app_pool, due[0].tenant_id) as tx:
            for file in due:
                await attachments.postpone(tx, file, wait, tried=tried)


def _tell(due: DueFile, provider: str, state: str | None, seconds: float) -> None:
    """Write the line of a file that was fetched, or is given up, and record its span."""
    logger.info(
        "files.fetched",
        tenant=str(due.tenant_id),
        message=str(due.message_id),
        provider=provider,
        state=state,
        tries=due.tries,
        ms=round(seconds * 1000, 1),
    )
    if (tracer := tracing.current) is not None:
        ended = time.time_ns()
        about: dict[str, tracing.Attribute | None] = {
            "postgate.tenant": str(due.tenant_id),
            "postgate.provider": provider,
            "postgate.state": state,
        }
        error = None if state == "stored" else state
        tracer.span("fetch", due.message_id, ended - int(seconds * 1e9), ended, about, kind="client", error=error)


async def told(tx: TenantTx, attachment_id: UUID, conversation_id: UUID, event_id: UUID) -> Entry:
    """Append ``attachment.updated`` to the log; whoever calls announces it after the commit.

    Args:
        tx: in which the change was made.
        attachment_id: of a file whose message is there.
        conversation_id: of that message.
        event_id: a new id.
    """
    await log.lock_head(tx)
    shown = await attachments.show(tx, attachment_id)
    if shown is None:
        raise LookupError(f"attachment {attachment_id} is gone")
    data = orjson.dumps(
        {
            "message_id": public("msg", shown.message_id),
            "conversation_id": public("cnv", conversation_id),
            "attachment": orjson.Fragment(shown.json),
        }
    )
    return await log.append(tx, "attachment.updated", conversation_id, data.decode(), event_id)


def _type_of(told_type: str, mime_type: str) -> str:
    """Return what a file is shown as: its bytes decide, but for what they can't tell (a voice note from a song)."""
    kind = kind_of(mime_type)
    return told_type if (told_type, kind) in ALIKE else kind


#: What providers tell apart and bytes do not.
ALIKE = frozenset({("voice", "audio"), ("sticker", "image"), ("document", "file")})


async def _event_or_time(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
