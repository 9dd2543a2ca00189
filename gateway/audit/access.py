"""One request, as far as the audit tells of it: who, from where, what of which tables, and when that is written down.

What is read is written down with others' reads, moments later. What is written is written down in the transaction that
writes it: ``tenant_tx`` asks for that before it commits, so that no handler can forget it. What is exported is
written down before it is sent.
"""

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from functools import cache, lru_cache
from uuid import UUID

from aiohttp import web

from gateway.access import Caller
from gateway.audit.free_json import free_in, without
from gateway.audit.recorder import Recorder
from gateway.model.audit import TABLES, Actor, Audit, Does, Table
from gateway.model.ids import new_id
from gateway.peers import Network, address_of
from gateway.problems import Taken
from gateway.store.audit import Row, add, array_of
from gateway.store.pool import BEFORE_COMMIT, TenantTx

#: Of a request; its answer and its log line have it too.
REQUEST_ID = web.RequestKey("request_id", str)
#: Of an entry of the log, as the database numbers them.
LARGEST_SEQ = 2**63 - 1
#: Characters of what a client calls itself.
LONGEST_AGENT = 256
#: Address, what the client calls itself, and the request's id: the last three columns of a row.
Origin = tuple[str | None, str | None, str | None]
NOTHING = frozenset[UUID]()
#: The first and the last entry of the log; and of what is told of no log.
Stretch = tuple[int | None, int | None]
NO_ENTRIES: Stretch = (None, None)
NOT_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
#: Whatever a place in an answer is called: what is within a text has its quotes escaped, so that no text is an id.
ID = rb'"%s" ?: ?"%s_([0-9a-f]{32})"'


class Auditor:
    """What makes rows of requests.

    Args:
        recorder: writes them.
        clock: the time, in UTC.
        proxies: the operator's, whose word on who calls counts.
    """

    def __init__(self, recorder: Recorder, clock: Callable[[], datetime], proxies: Sequence[Network] = ()) -> None:
        self.recorder = recorder
        self.clock = clock
        self._proxies = proxies

    def origin_of(self, request: web.Request) -> Origin:
        """Return what is told of where a request comes from."""
        agent = request.headers.get("User-Agent")
        return address_of(request, self._proxies), None if agent is None else _plain(agent), request.get(REQUEST_ID)


AUDITOR = web.AppKey("auditor", Auditor)


class Access:
    """What one request reaches. It keeps nothing of the request but what is told of it.

    Args:
        request: tells where it comes from.
        tenant_id: whose data it is.
        actor: who, and by which id.
        action: the name of the operation.
        audit: what the operation says of itself.
        path: the id in its path, and of what kind that is.
    """

    __slots__ = (
        "_action",
        "_actor",
        "_audit",
        "_auditor",
        "_log",
        "_named",
        "_origin",
        "_path",
        "_tenant_id",
        "_told",
        "ended",
    )

    def __init__(
        self,
        request: web.Request,
        tenant_id: UUID,
        actor: tuple[Actor, UUID | None],
        action: str,
        audit: Audit,
        path: tuple[str, UUID] | None = None,
    ) -> None:
        self._auditor = auditor = request.config_dict[AUDITOR]
        self._origin = auditor.origin_of(request)
        self._tenant_id = tenant_id
        self._actor = actor
        self._action = action
        self._audit = audit
        self._path = path
        #: Records of the main table, in order; and those of them whose row is committed already.
        self._named: tuple[UUID, ...] | dict[UUID, None] = self._in_path(audit.main)
        self._told: frozenset[UUID] = NOTHING
        self._log: Stretch = NO_ENTRIES
        self.ended = False

    def does(self, does: Does) -> None:
        """Say what is done, where that hangs on more than which operation it is."""
        self._audit = Audit(does, *self._audit.tables)

    def reaches(self, *ids: UUID) -> None:
        """Name records of the main table, beside those that the path and the answer name."""
        if isinstance(self._named, tuple):
            self._named = dict.fromkeys(self._named)  # not before it is needed: hardly any request names more
        self._named.update(dict.fromkeys(ids))

    def sends(self, first: int, last: int | None = None) -> None:
        """Say which entries of the log an endpoint gets by what is done; no last one: whatever comes."""
        self._log = first, last

    def made(self, answer: str) -> None:
        """Name the record that an answer begins with."""
        found = _pattern(self._audit.main).search(answer.encode())
        if found is not None:
            self.reaches(UUID(hex=found[1].decode()))

    async def commits(self, tx: TenantTx) -> None:
        """Write down what is written, if this transaction has written anything. Only the commit comes after it."""
        ids = self._untold()
        if self.ended or not ids or tx.tenant_id != self._tenant_id:
            return
        if await add(tx, self._row(self._auditor.clock(), self._audit.main, array_of(ids), log=self._log)):
            self._told = self._told.union(ids)

    async def answered(self, answer: web.StreamResponse) -> None:
        """Have what an answer shows written down, before it is sent.

        Raises:
            DatabaseBusy: when that can't be written down now.
        """
        if answer.status >= 400 or answer.status == 304:
            return
        auditor, audit = self._auditor, self._audit
        recorder, now = auditor.recorder, auditor.clock()
        if audit.writes and (untold := self._untold()):  # it was done elsewhere, or changed nothing
            await recorder.keep([self._row(now, audit.main, array_of(untold), log=self._log)])
        if recorder.full:
            await recorder.room()
        recorder.show(self, now, _bytes_of(answer))

    async def refused(self, owner: UUID) -> None:
        """Write down that a refusal names a record of the main table.

        Raises:
            DatabaseBusy: when that can't be written down now.
        """
        row = self._row(self._auditor.clock(), self._audit.main, array_of([owner]), "read")
        await self._auditor.recorder.note([row])

    async def exports(self, ids: Collection[UUID]) -> None:
        """Write down that records of the main table are about to be sent.

        Raises:
            DatabaseBusy: when that can't be done now: then they must not be sent.
        """
        if ids:
            await self._auditor.recorder.keep([self._row(self._auditor.clock(), self._audit.main, array_of(ids))])

    async def tells(self, first: int, last: int, ids: Collection[UUID] = ()) -> None:
        """Write down which entries of the log were told, and of which conversations if that is known.

        Raises:
            DatabaseBusy: when that can't be written down now.
        """
        row = self._row(self._auditor.clock(), "events", array_of(ids), log=(first, last))
        await self._auditor.recorder.note([row])

    async def follows(self, first: int | None) -> None:
        """Write down that all entries of the log are told from now on, from one on, before any is.

        Raises:
            DatabaseBusy: when that can't be done now.
        """
        first = None if first is None else min(first, LARGEST_SEQ)  # behind the last that can be asked for is none
        row = self._row(self._auditor.clock(), "events", "{}", "follow", log=(first, None))
        await self._auditor.recorder.keep([row])

    def rows(self, at: datetime, shown: bytes) -> Sequence[Row]:
        """Return what is told of an answer.

        Args:
            at: when it was shown.
            shown: its bytes, if they are JSON.
        """
        ours = without(shown, free_in(self._audit.tables))
        return [row for table in self._audit.tables if (row := self._seen(at, table, ours)) is not None]

    def _untold(self) -> Sequence[UUID]:
        return [one for one in self._named if one not in self._told]

    def _in_path(self, table: Table) -> tuple[UUID, ...]:
        return (self._path[1],) if self._path is not None and self._path[0] == TABLES[table].prefix else ()

    def _seen(self, at: datetime, table: Table, shown: bytes) -> Row | None:
        """Return what is told of a table: what was read of it; or that a thing changed of which a part was written."""
        writes, main = self._audit.writes, table == self._audit.main
        if main and (writes or self._audit.does == "export"):  # written down already
            return None
        named = self._named if main else self._in_path(table)
        does: Does = self._audit.does if not writes else "change" if named else "read"
        ids = [one.hex for one in named]
        if main or not ids:  # a part of a thing is shown without it
            ids += [one.decode() for one in _pattern(table).findall(shown)]
        return self._row(at, table, "{" + ",".join(dict.fromkeys(ids)) + "}", does) if ids else None

    def _row(
        self,
        at: datetime,
        table: Table,
        records: str,
        does: Does | None = None,
        *,
        log: Stretch = NO_ENTRIES,
    ) -> Row:
        does = does or self._audit.does
        personal = TABLES[table].personal or does == "replay" or log != NO_ENTRIES  # which goes out to an endpoint
        # in the order of its fields: by their names it would take twice as long
        return Row(
            self._tenant_id, new_id(int(at.timestamp() * 1000)), at, *self._actor, does, self._action, table, records,
            *log, personal, *self._origin,
        )  # fmt: skip


ACCESS = web.RequestKey("access", Access)


def actor_of(caller: Caller) -> tuple[Actor, UUID | None]:
    """Return who a caller is, for the audit."""
    return ("api_key", caller.key_id) if caller.user_id is None else ("member", caller.user_id)


async def audited(
    request: web.Request, access: Access, work: Callable[[], Awaitable[web.StreamResponse]], *, writes: bool
) -> web.StreamResponse:
    """Do what a request asks for, and write down what it reached before its answer goes out.

    Raises:
        DatabaseBusy: when it can't be written down now.
    """
    request[ACCESS] = access
    if not writes:
        answer = await work()
    else:
        asked = BEFORE_COMMIT.set(access.commits)
        try:
            answer = await work()
        except Taken as refusal:
            if refusal.owner is not None:
                await access.refused(refusal.owner)
            raise
        finally:
            BEFORE_COMMIT.reset(asked)
            access.ended = True  # for whoever was begun by this task, and goes on
    await access.answered(answer)
    return answer


@cache
def _pattern(table: Table) -> re.Pattern[bytes]:
    records = TABLES[table]
    return re.compile(ID % (records.key.encode(), records.prefix.encode()))


@lru_cache(1024)
def _plain(agent: str) -> str | None:
    """Return what a program calls itself, as it can be stored."""
    return NOT_TEXT.sub("", agent)[:LONGEST_AGENT] or None


def _bytes_of(answer: web.StreamResponse) -> bytes:
    """Return a whole answer's bytes, if it is JSON; what is streamed tells by itself what it shows."""
    if isinstance(answer, web.Response) and answer.content_type == "application/json":
        return answer.body if isinstance(answer.body, bytes) else b""
    return b""
