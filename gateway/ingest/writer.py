"""Group commit: one connection stores whatever queued up while its last commit was in flight.

No timer: an idle gateway stores a webhook at once, a busy one shares each commit among many. Everybody waits for
the commit that holds their webhook, and is told its outcome, never less. Tenants take turns: where one has a thousand
waiting, the first webhook of another one is in the next group.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from gateway.ingest import metrics
from gateway.ingest.erased import ASKED, REFUSED, CannotTell, Erasures
from gateway.ingest.webhook import MESSAGE_ID, STATUS_ID, Row, Webhook
from gateway.model.log import Entry
from gateway.passage import Commit
from gateway.problems import Overloaded, ShareUsed
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable
from gateway.turns import Turns

log = structlog.get_logger(__name__)

GROUP_LIMIT = 64
GROUP_BYTES = 8 * 1024 * 1024
#: Of one call. Its cost grows faster than its items, and it locks its tenants' logs. A webhook with more takes several
#: calls; if they don't all succeed nothing was acknowledged, and what was stored is not stored again.
CALL_ITEMS = 256
#: The server gives up first: a statement that nobody waits for any more would go on, and hold its locks.
SERVER_TIMEOUT = "SET statement_timeout = '10s'"
STATEMENT_TIMEOUT_SECONDS = 15.0
CLOSE_SECONDS = 5.0
RECONNECT_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)
TRIES_AFTER_DEADLOCK = 3
#: Of one group, to learn what was erased and leave it out: each time the database tells more.
TRIES_WITH_ERASED = 8
#: A tenant may take one part in so many of the queue.
SHARES = 4

#: Plans are made for tables as they are then. On empty ones every index looks alike, and a plan that scans all rows of
#: a tenant would be kept until the next ANALYZE, a minute later: so they are made anew as the tables grow.
PLAN_ANEW = "DISCARD PLANS"
FIRST_ANEW = 64
ANEW_FACTOR = 8

INGEST = """
SELECT * FROM ingest($1::ingest_webhook[], $2::ingest_message[], $3::ingest_alias[], $4::ingest_status[], $5::text[],
    $6::ingest_note[], $7::uuid[], $8::uuid[], $9::ingest_repeat[], $10::uuid[], $11::integer[])
"""


class Writer:
    """Stores webhooks in groups, over one connection that it keeps alive.

    Args:
        connect: opens a connection as the role ``hook``.
        announce: told the new log entries right after each commit, before anybody is answered.
        echo_tenants: the tenants whose entries are wanted in full, since somebody here watches them.
        queue_limit: webhooks that may wait, a fourth of them of one tenant.
        erasures: knows what was erased; without it everything is stored.
        answers_at_once: so many of a group are answered before others have a turn.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        announce: Callable[[Sequence[Entry]], None],
        echo_tenants: Callable[[], Collection[UUID]],
        queue_limit: int,
        answers_at_once: int = GROUP_LIMIT,
        *,
        erasures: Erasures | None = None,
    ) -> None:
        self._connect = connect
        self._announce = announce
        self._echo_tenants = echo_tenants
        self._queue_limit = queue_limit
        self._answers_at_once = answers_at_once
        self._erasures = erasures
        self._share = share_of(queue_limit)
        self._queue: Turns[UUID, tuple[Webhook, asyncio.Future[Commit]]] = Turns()
        self._arrived = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._statement: Any = None
        self._stored = 0
        self._plan_anew_at = FIRST_ANEW
        self._rests = False
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many webhooks wait."""
        return len(self._queue)

    async def start(self, *, rests: bool = False) -> None:
        """Begin to store.

        Args:
            rests: connect only once there is a webhook.
        """
        self._rests = rests
        if not rests:
            await self._open()
        self._task = asyncio.create_task(self._run(), name="ingest writer")

    async def stop(self) -> None:
        """Store what is queued, then close."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            try:
                await self._connection.close(timeout=CLOSE_SECONDS)
            except UNAVAILABLE:
                self._connection.terminate()

    def store(self, webhook: Webhook) -> asyncio.Future[Commit]:
        """Queue a webhook; the future is done once the commit that holds it is.

        The future may fail with ``DatabaseUnavailable``: then it is not known to be stored.

        Raises:
            Overloaded: when too many wait already.
            ShareUsed: when too many of this tenant do.
            DatabaseUnavailable: when there is no connection, or the gateway stops.
        """
        if (self._connection is None and not self._rests) or self._stopping:
            raise DatabaseUnavailable("webhooks can't be stored now")
        if len(self._queue) >= self._queue_limit:
            raise Overloaded("too many webhooks wait to be stored")
        if self._queue.waiting(webhook.tenant_id) >= self._share:
            raise ShareUsed("too many webhooks of this tenant wait to be stored")
        done = asyncio.get_running_loop().create_future()
        self._queue.put(webhook.tenant_id, (webhook, done))
        self._arrived.set()
        return done

    async def _run(self) -> None:
        while True:
            if not self._queue:
                if self._stopping:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            group = self._take()
            try:
                await self._awake()
                await self._store_group(group)
            except Exception as error:
                # A driver in a state that nobody foresaw must not leave everybody waiting for ever either.
                log.warning(
                    "ingest.database_lost", error=type(error).__name__, exc_info=not isinstance(error, UNAVAILABLE)
                )
                self._fail([*group, *self._queue.take_all()])
                await self._reopen()

    def _take(self) -> list[tuple[Webhook, asyncio.Future[Commit]]]:
        group: list[tuple[Webhook, asyncio.Future[Commit]]] = []
        size = 0
        items = 0
        while self._queue and len(group) < GROUP_LIMIT and size < GROUP_BYTES:
            items += self._queue.peek()[0].item_count
            if group and items > CALL_ITEMS:
                break
            item = self._queue.take()
            size += len(item[0].request.body)
            group.append(item)
        return group

    async def _store_group(self, group: list[tuple[Webhook, asyncio.Future[Commit]]]) -> None:
        """Store a group; if the database refuses it, halve it until only the guilty one suffers."""
        try:
            webhooks, entries = await self._ingest([webhook for webhook, _ in group])
        except UNAVAILABLE:
            raise
        except (asyncpg.PostgresError, CannotTell) as error:
            if len(group) > 1:
                middle = len(group) // 2
                await self._store_group(group[:middle])
                await self._store_group(group[middle:])
                return
            if isinstance(error, CannotTell):
                log.warning("ingest.cannot_tell_what_was_erased", error=str(error))
                self._fail(group)
                return
            webhooks, entries = await self._set_aside(group[0][0], error)
        metrics.committed(webhooks, entries)
        if entries:
            self._announce(entries)
        self._answer(Commit(len(group), entries), deque(done for _, done in group))

    def _answer(self, commit: Commit, waiting: "deque[asyncio.Future[Commit]]") -> None:
        """Tell those whose webhooks are stored; some now, and the others after the event loop's other work."""
        for _ in range(min(len(waiting), self._answers_at_once)):
            done = waiting.popleft()
            if not done.done():
                done.set_result(commit)
        if waiting:
            asyncio.get_running_loop().call_soon(self._answer, commit, waiting)

    async def _set_aside(self, webhook: Webhook, error: asyncpg.PostgresError) -> tuple[Sequence[Webhook], list[Entry]]:
        """Keep the raw body of a webhook whose rows the database refuses."""
        log.error("ingest.not_storable", webhook=str(webhook.id), sqlstate=error.sqlstate, rule=error.constraint_name)
        aside = webhook.quarantined("not_storable", f"the database refused it ({type(error).__name__})")
        try:
            return await self._ingest([aside])
        except asyncpg.UniqueViolationError:  # a first part of it was stored
            return await self._ingest([replace(aside, known=True)])

    async def _ingest(self, webhooks: Sequence[Webhook]) -> tuple[Sequence[Webhook], list[Entry]]:
        """Store some webhooks; returns them without what was erased, and the new entries of the log."""
        entries: list[Entry] = []
        for tries_left in range(TRIES_WITH_ERASED, 0, -1):
            begun = False
            try:
                for call in calls_for(webhooks):
                    entries += await self._call(call)
                    begun = True
            except asyncpg.PostgresError as error:
                if self._erasures is None or error.sqlstate not in {ASKED, REFUSED} or tries_left == 1:
                    raise
                told = [UUID(one) for one in (error.detail or "").split(",")]
                if error.sqlstate == ASKED:
                    await self._erasures.learn(told)
                else:
                    webhooks = [self._erasures.without(webhook, told) for webhook in webhooks]
                if begun:  # more than one call: there is but one webhook, and its first part is stored
                    webhooks = [replace(webhook, known=True) for webhook in webhooks]
            else:
                return webhooks, entries
        raise AssertionError("unreachable: the last try returns or raises")

    async def _call(self, call: "Call") -> list[Entry]:
        await self._keep_plans_fitting()
        repeats, knowing = ([], None) if self._erasures is None else self._erasures.asked(call)
        arguments = (
            call.webhooks, call.messages, call.aliases, call.statuses, call.marks, call.notes,
            list(self._echo_tenants()), call.keys, repeats, knowing, call.emptied,
        )  # fmt: skip
        for tries_left in range(TRIES_AFTER_DEADLOCK, 0, -1):
            try:
                rows = await self._statement.fetch(*arguments, timeout=STATEMENT_TIMEOUT_SECONDS)
            except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                if tries_left == 1:
                    raise
            else:
                self._stored += max(len(call.webhooks), call.items)
                return [Entry(*row) for row in rows]
        raise AssertionError("unreachable: the last try returns or raises")

    async def _keep_plans_fitting(self) -> None:
        if self._stored >= self._plan_anew_at and self._connection is not None:
            self._plan_anew_at *= ANEW_FACTOR
            await self._connection.execute(PLAN_ANEW, timeout=STATEMENT_TIMEOUT_SECONDS)

    def _fail(self, items: Sequence[tuple[Webhook, asyncio.Future[Commit]]]) -> None:
        for _, done in items:
            if not done.done():
                done.set_exception(DatabaseUnavailable("the webhook is not known to be stored"))

    async def _open(self) -> None:
        self._connection = await self._connect()
        await self._connection.execute(SERVER_TIMEOUT, timeout=STATEMENT_TIMEOUT_SECONDS)
        self._statement = await self._connection.prepare(INGEST, timeout=STATEMENT_TIMEOUT_SECONDS)
        self._stored, self._plan_anew_at = 0, FIRST_ANEW

    async def _awake(self) -> None:
        """Connect, if that was left until there is a webhook; others may be queued meanwhile."""
        if self._rests:
            try:
                await self._open()
            finally:
                self._rests = False

    async def _reopen(self) -> None:
        """Come back when the database does; until then webhooks are refused at once."""
        lost, self._connection = self._connection, None
        if lost is not None:
            lost.terminate()
        tries = 0
        while not self._stopping:
            try:
                await self._open()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                self._connection = None
                log.warning("ingest.database_unreachable", error=type(error).__name__, tries=tries)
                await asyncio.sleep(RECONNECT_SECONDS[min(tries, len(RECONNECT_SECONDS) - 1)])
                tries += 1
            else:
                log.info("ingest.database_back")
                return


def share_of(limit: int) -> int:
    """Return how much of what all tenants may have waiting a single one may."""
    return max(1, limit // SHARES)


class Call:
    """What one call of the SQL function takes."""

    __slots__ = ("aliases", "emptied", "keys", "marks", "messages", "notes", "statuses", "webhooks")

    def __init__(self) -> None:
        self.webhooks: list[Row] = []
        self.keys: list[UUID | None] = []  # of the webhooks
        self.emptied: list[int] = []  # places of webhooks whose content is not kept
        self.messages: list[Row] = []
        self.aliases: list[Row] = []
        self.statuses: list[Row] = []
        self.marks: list[str | None] = []  # of the statuses up to the last one that has any
        self.notes: list[Row] = []

    @property
    def items(self) -> int:
        """How many rows there are beside the webhooks' own."""
        return len(self.messages) + len(self.statuses) + len(self.notes)


def calls_for(webhooks: Sequence[Webhook]) -> list[Call]:
    """Lay out the calls that store some webhooks: one, unless they hold more items than a call takes."""
    calls = [Call()]
    for webhook in webhooks:
        messages, statuses, notes = webhook.messages, webhook.statuses, webhook.notes
        begun = False
        while not begun or messages or statuses or notes:
            if calls[-1].items >= CALL_ITEMS and (messages or statuses or notes):
                calls.append(Call())
            call = calls[-1]
            call.webhooks.append(webhook.row(more=begun))
            call.keys.append(webhook.key_id)
            begun = True
            place, room = len(call.webhooks), CALL_ITEMS - call.items
            if webhook.emptied:
                call.emptied.append(place)
            for row in messages[:room]:
                call.messages.append((len(call.messages) + 1, place, *row))
                for spellings in webhook.aliases.get(row[MESSAGE_ID], ()) if webhook.aliases else ():
                    call.aliases.append((len(call.messages), *spellings))
            messages, room = messages[room:], room - len(messages[:room])
            for row in statuses[:room]:
                call.statuses.append((len(call.statuses) + 1, place, *row))
                if webhook.marks and (mark := webhook.marks.get(row[STATUS_ID])) is not None:
                    call.marks += [None] * (len(call.statuses) - 1 - len(call.marks))
                    call.marks.append(mark)
            statuses, room = statuses[room:], room - len(statuses[:room])
            for row in notes[:room]:
                call.notes.append((len(call.notes) + 1, place, *row))
            notes = notes[room:]
    return calls
