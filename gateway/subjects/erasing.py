"""The steps of an erasure, in their order. Each is done in short transactions that note how far it came.

The log is gone through before the rows that lead there are emptied, and once more after them, for what came in the
moment in which the erasure began. Words of search go after the entries of the log that they would be made from again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gateway.files.keeping import Files
from gateway.keys import Keyring, KeyShredded
from gateway.model.page import END, Position
from gateway.store import data_requests, erasing, erasing_ledger
from gateway.store.data_requests import Running
from gateway.store.erasing_ledger import Raw
from gateway.store.pool import TenantTx
from gateway.subjects.importing import Card, forget_in_imports
from gateway.subjects.needles import Needles

#: Rows of one transaction: it lasts some milliseconds.
AT_ONCE = 500
#: Raw webhooks of one: they are large, and are read.
WEBHOOKS_AT_ONCE = 100
#: Up to which entry the log was gone through the first time.
LOG_END = "log_end"


@dataclass(slots=True)
class Part:
    """What one transaction did.

    Attributes:
        counts: rows by table.
        place: where the step goes on; None: it is done.
        noted: what a later step needs to know.
    """

    counts: Counter[str] = field(default_factory=Counter)
    place: Any | None = None  # Any: JSON, its step's own
    noted: Mapping[str, Any] = field(default_factory=dict)


Step = Callable[[TenantTx, Running, Any], Awaitable[Part]]


class Eraser:
    """Knows the steps.

    Args:
        files: where attachments and archives are.
        keyring: opens raw webhooks.
        at_once: rows of one transaction.
    """

    def __init__(self, files: Files, keyring: Keyring, at_once: int = AT_ONCE) -> None:
        self._files = files
        self._keyring = keyring
        self._at_once = at_once
        self._steps: Mapping[str, Step] = {
            "strays": self._strays,
            "log": self._log,
            "messages": self._messages,
            "customer": self._customer,
            "webhooks": self._webhooks,
            "imports": self._imports,
            "files": self._files_of,
            "log_again": self._log_again,
            "messages_again": self._messages,
            "files_again": self._files_of,
        }

    @property
    def first(self) -> str:
        """The step that comes first."""
        return next(iter(self._steps))

    def after(self, step: str) -> str | None:
        """Return the step that follows one; None: it was the last."""
        names = list(self._steps)
        following = names[names.index(step) + 1 :]
        return following[0] if following else None

    async def do(self, tx: TenantTx, running: Running, step: str) -> Part:
        """Do the next part of a step.

        Raises:
            StorageUnavailable: when files can't be removed now.
            KeyUnusable: when raw webhooks can't be read with the keys that are here.
            KeysUnavailable: when the service that has the keys does not answer.
        """
        return await self._steps[step](tx, running, running.places.get(step))

    async def _strays(self, tx: TenantTx, running: Running, place: Any) -> Part:
        """Find mails that the customer wrote into the threads of others."""
        after = UUID(place) if place else erasing.FIRST
        last = await erasing.mark_strays(tx, running.id, after, self._at_once)
        return Part(place=last and str(last))

    async def _log(self, tx: TenantTx, running: Running, place: Any) -> Part:
        """Go through the log, from when the customer was first known."""
        if place is None:
            found = await erasing.marks(tx, running.id, "customer", "conversation")
            people, threads = ([UUID(value) for value in found[kind]] for kind in ("customer", "conversation"))
            place = await erasing.first_seq(tx, people, threads)
        upto, counts = await erasing.erase_events(tx, running.id, place, self._at_once)
        return Part(counts, upto, {LOG_END: place})

    async def _log_again(self, tx: TenantTx, running: Running, place: Any) -> Part:
        """Go on where the log ended the first time."""
        after = place or running.places[LOG_END]
        upto, counts = await erasing.erase_events(tx, running.id, after, self._at_once)
        return Part(counts, upto)

    async def _messages(self, tx: TenantTx, running: Running, _place: Any) -> Part:
        counts = await erasing.erase_messages(tx, running.id, self._at_once)
        return Part(counts, True if counts else None)

    async def _customer(self, tx: TenantTx, running: Running, _place: Any) -> Part:
        counts = await erasing.erase_customer(tx, running.id)
        people = [UUID(value) for value in (await erasing.marks(tx, running.id, "customer"))["customer"]]
        archives = await data_requests.end_archives(tx, people)
        await erasing.mark(tx, running.id, "file", [str(one) for one in archives])
        return Part(counts)

    async def _webhooks(self, tx: TenantTx, running: Running, place: Any) -> Part:
        """Go through the raw webhooks that came before the erasure was asked for."""
        after = Position(datetime.fromisoformat(place[0]), UUID(place[1])) if place else END
        found = await erasing_ledger.read(tx, after, running.asked_at, WEBHOOKS_AT_ONCE)
        marks = await erasing.marks(tx, running.id, "address", "outside", "moment")
        needles = Needles(marks["address"], marks["outside"])
        moments = {datetime.fromisoformat(moment) for moment in marks["moment"]}
        theirs = [
            one.place
            for one in found
            if one.place.moment in moments
            or await asyncio.to_thread(needles.found_in, *one.around, *await self._opened(one))
        ]
        counts = Counter(inbound_webhooks=await erasing_ledger.empty(tx, theirs))
        last = found[-1].place if found else None
        return Part(counts, last and [last.moment.isoformat(), str(last.id)])

    async def _opened(self, one: Raw) -> Sequence[bytes]:
        try:
            url, body = await one.raw.opened(self._keyring)
        except KeyShredded:  # nobody will read it ever again
            return ()
        return url.encode("utf-8", "surrogateescape"), body

    async def _imports(self, tx: TenantTx, running: Running, place: Any) -> Part:
        known = await erasing.marks(tx, running.id, "address", "name")
        after = UUID(place) if place else erasing.FIRST
        last, counts = await forget_in_imports(tx, after, running.asked_at, Card(known["address"], known["name"]))
        return Part(counts, last and str(last))

    async def _files_of(self, tx: TenantTx, running: Running, place: Any) -> Part:
        """Remove files that no message has any more, the next one at a time: with its bytes."""
        held = sorted((await erasing.marks(tx, running.id, "file"))["file"])
        waiting = [value for value in held if place is None or value > place]
        if not waiting:
            return Part()
        file_id, removed = UUID(waiting[0]), False
        if await erasing.file_is_due(tx, file_id):
            removed = await self._files.remove(tx, file_id)
        return Part(Counter(files=int(removed)), waiting[0] if len(waiting) > 1 else None)
