"""What a process does behind the scenes, by its roles; and how it tells others of what is theirs to do."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import asyncpg

from gateway.alarms.logins import Logins
from gateway.alarms.silence import Silences
from gateway.alarms.telling import Teller
from gateway.api.services import Check
from gateway.audit.keeping import AuditKeeper
from gateway.chores import Chore, Chores
from gateway.conversations.doing import Doer
from gateway.conversations.errands import Errands
from gateway.customers.importing import Importer
from gateway.delivery.recovering import Recoverer
from gateway.delivery.service import CHANGED, OWED, Delivery
from gateway.detection.reading import Detection
from gateway.files.chosen import NoStorage
from gateway.files.fetcher import Fetcher
from gateway.files.housekeeping import Housekeeping
from gateway.files.keeping import Files
from gateway.files.storage import Storage
from gateway.indexing import Indexer
from gateway.ingest.service import Ingest
from gateway.keys import Keyring
from gateway.live.service import Live
from gateway.model.ids import new_id
from gateway.model.log import Entry
from gateway.outgoing.egress import Endpoint
from gateway.outgoing.http import Calls
from gateway.partitions import make_months
from gateway.parts import delivery_of, id_of_now, now, pool_of, rules_of, sender_of
from gateway.people.letters import Post
from gateway.pruning import Pruner
from gateway.retention import Retention
from gateway.sending.making import Own
from gateway.sending.sender import Sender
from gateway.settings import Settings
from gateway.subjects.erasing import Eraser
from gateway.subjects.exporting import Exporter
from gateway.subjects.worker import Subjects

#: Connections at most. Of sending and delivery: as many as there are statements that they may have under way.
CALLING_POOL_SIZE = 6
#: Of all that has time.
WORK_POOL_SIZE = 3
HOUR_SECONDS = 3600.0

SENDS = "postgate_sends"
#: Tells that something is to be taken up: a mail to be read, an import, or a request about a customer's data.
WAITING = "postgate_waiting"
MAIL, IMPORT, DATA_REQUEST = "mail", "import", "data_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the parts of a process share."""

    settings: Settings
    public_url: str
    keyring: Keyring
    app_pool: asyncpg.Pool
    calls: Calls
    storage: Storage
    files: Files
    ingest: Ingest
    live: Live
    announce: Callable[[Sequence[Entry]], None]
    post: Post | None
    endpoints: Collection[Endpoint]


class Worker(Protocol):
    """What works until it is stopped."""

    def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End, in order."""


class Behind:
    """The parts that the roles ask for; the others are not even made.

    Args:
        roles: of this process.
        tell: tells all processes that listen to a channel.

    Attributes:
        channels: those to listen to, and what to call with what is told there.
        checks: how these parts are, for ``/readyz``.
    """

    def __init__(self, roles: Collection[str], tell: Callable[[str, str], None]) -> None:
        self._roles = roles
        self._tell = tell
        self._sender: Sender | None = None
        self._delivery: Delivery | None = None
        self._waiting: dict[str, Callable[[], None]] = {}
        self.channels: dict[str, Callable[[str], None]] = {}
        self.checks: dict[str, Check] = {}

    def message_queued(self) -> None:
        """Tell that a message waits to be sent, after the commit."""
        if self._sender is not None:
            self._sender.wake()
        self._tell(SENDS, "")

    def endpoint_changed(self, endpoint_id: UUID) -> None:
        """Tell that an endpoint was changed, or is to be tried now, after the commit."""
        if self._delivery is not None:
            self._delivery.change(endpoint_id)
        else:
            self._tell(CHANGED, endpoint_id.hex)

    def import_waits(self) -> None:
        """Tell that an import is to be read."""
        self._waits(IMPORT)

    def data_request_waits(self) -> None:
        """Tell that something is asked for of a customer's data."""
        self._waits(DATA_REQUEST)

    def mail_waits(self) -> None:
        """Tell those who read mail that one is in the ledger."""
        self._tell(WAITING, MAIL)

    def grown(self, entries: Sequence[Entry]) -> None:
        """Note log entries that were committed by this process."""
        if self._delivery is not None:
            self._delivery.grown(entries)

    def grown_elsewhere(self, tenant_id: UUID) -> None:
        """Note that another process wrote to a tenant's log."""
        if self._delivery is not None:
            self._delivery.told_grown(tenant_id)

    async def start(self, stack: AsyncExitStack, shared: Shared) -> None:
        """Begin, until the stack is left."""
        settings = shared.settings
        calling_pool = await pool_of(stack, settings, settings.hook_database_url, CALLING_POOL_SIZE)
        work_pool = await pool_of(stack, settings, settings.hook_database_url, WORK_POOL_SIZE)
        if "sending" in self._roles:
            await self._start_sending(stack, shared, calling_pool)
        if "delivery" in self._roles:
            await self._start_delivery(stack, shared, calling_pool, work_pool)
        if "media" in self._roles:
            self._start_media(stack, shared, work_pool)
        if "detection" in self._roles:
            start(stack, Detection(work_pool, shared.app_pool, shared.announce, id_of_now))
        if "housekeeping" in self._roles:
            await self._start_housekeeping(stack, shared, work_pool)

    async def _start_sending(self, stack: AsyncExitStack, shared: Shared, pool: asyncpg.Pool) -> None:
        own = Own(shared.files, shared.public_url)
        sender = await sender_of(stack, shared.settings, shared.keyring, pool, own, shared.announce, shared.endpoints)
        self._sender = sender
        self.channels[SENDS] = lambda _told: sender.wake()
        self.checks["sending"] = sender.position

    async def _start_delivery(
        self, stack: AsyncExitStack, shared: Shared, pool: asyncpg.Pool, work_pool: asyncpg.Pool
    ) -> None:
        live = shared.live
        delivery = await delivery_of(
            stack, shared.settings, shared.keyring, pool, shared.app_pool, live.announce, live.tell, shared.post,
            shared.public_url,
        )  # fmt: skip
        self._delivery = delivery
        self.channels |= {OWED: delivery.told_owed, CHANGED: delivery.told_changed}
        self.checks["delivery"] = delivery.position.look
        start(stack, Recoverer(work_pool, now, delivery.owe))

    def _start_media(self, stack: AsyncExitStack, shared: Shared, pool: asyncpg.Pool) -> None:
        self.channels[WAITING] = self._told
        self._waiting[MAIL] = shared.ingest.mail_waits
        if not isinstance(shared.storage, NoStorage):
            route_of, reread = shared.ingest.directory.route_of_stored, shared.ingest.reread
            fetcher = Fetcher(
                pool, shared.app_pool, shared.files, shared.calls, route_of, reread, shared.announce, now, new_id
            )
            start(stack, fetcher)

    async def _start_housekeeping(self, stack: AsyncExitStack, shared: Shared, pool: asyncpg.Pool) -> None:
        importer = Importer(pool, shared.app_pool, shared.announce, id_of_now)
        self.channels[WAITING] = self._told
        self._waiting[IMPORT] = importer.waits
        start(stack, importer)
        subjects = subjects_of(pool, shared)
        self._waiting[DATA_REQUEST] = subjects.waits
        start(stack, subjects)
        start(stack, Errands(pool, Doer(shared.app_pool, shared.announce, new_id)))
        start(stack, Indexer(pool))
        await make_months(pool, now().date())
        start(stack, Chores(pool, chores_of(pool, shared)))

    def _waits(self, what: str) -> None:
        if what in self._waiting:
            self._told(what)
        else:
            self._tell(WAITING, what)

    def _told(self, what: str) -> None:
        if what in self._waiting:
            self._waiting[what]()


def subjects_of(pool: asyncpg.Pool, shared: Shared) -> Subjects:
    """Return the worker that exports and erases what is known of customers; the pool is of the role ``hook``."""
    eraser = Eraser(shared.files, shared.keyring)
    exporter = Exporter(shared.app_pool, shared.files, shared.keyring, now)
    return Subjects(pool, shared.app_pool, eraser, exporter, id_of_now)


def chores_of(pool: asyncpg.Pool, shared: Shared) -> list[Chore]:
    """Return all chores.

    Args:
        pool: of the role ``hook``, for the chores to use.
        shared: what else they may take.
    """
    chores = [
        Chore("months", 24 * HOUR_SECONDS, lambda: make_months(pool, now().date())),
        Chore("pruning", HOUR_SECONDS, Pruner(pool).prune),
        Chore("audit", 24 * HOUR_SECONDS, AuditKeeper(pool, shared.settings.keep_audit_days, now).tidy),
        Chore("retention", HOUR_SECONDS, Retention(pool, rules_of(shared.settings), shared.keyring, now).tidy),
    ]
    teller = Teller(shared.app_pool, shared.announce, now, id_of_now)
    logins = Logins(pool, teller, shared.keyring, lambda request, limit: shared.calls.send(request, limit=limit))
    chores += [
        Chore("silences", HOUR_SECONDS / 6, Silences(pool, teller).look),
        Chore("logins", HOUR_SECONDS, logins.look),
    ]
    if not isinstance(shared.storage, NoStorage):
        chores.append(Chore("files", HOUR_SECONDS / 6, Housekeeping(pool, shared.app_pool, shared.storage).tidy))
    return chores


def start(stack: AsyncExitStack, worker: Worker) -> None:
    """Start something, until the stack is left."""
    worker.start()
    stack.push_async_callback(worker.stop)
