"""The steps of an erasure, in their order. Each is done in short transactions that note how far it came.

The log is gone through before the rows that lead there are emptied, and once more after them, for what came in the
moment in which the erasure began. Words of search go after the entries of the log that they would be made from again.
Others work meanwhile. Whoever has looked at the customer before they were out of sight, and writes afterwards, is found
by the steps that look again: they come last, and find nothing as a rule.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from gateway.files.keeping import Files
from gateway.keys import Keyring, KeyShredded, KeyUnusable
from gateway.model.page import END, Position
from gateway.store import data_requests, erased, erasing, erasing_ledger
from gateway.store.data_requests import Running
from gateway.store.erased import Name
from gateway.store.erasing_ledger import Raw
from gateway.store.pool import TenantTx
from gateway.subjects.importing import Card, forget_in_imports
from gateway.subjects.needles import Needles

log = structlog.get_logger(__name__)

#: Rows of one transaction: it lasts some milliseconds.
AT_ONCE = 500
#: Raw webhooks of one: they are large, and are read.
WEBHOOKS_AT_ONCE = 100
#: Up to which entry the log was gone through the first time.
LOG_END = "log_end"
#: Whether it told of the customer behind that.
FOUND_AGAIN = "found_again"


@dataclass(slots=True)
class Part:
    """What one transaction did.

    Attributes:
        counts: rows by table.
        place: where the step goes on; None: it is done.
        noted: what a later step needs to know.
        waits: whether it can't go on until somebody else has done something.
    """

    counts: Counter[str] = field(default_factory=Counter)
    place: Any | None = None  # Any: JSON, its step's own
    noted: Mapping[str, Any] = field(default_factory=dict)
    waits: bool = False


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
            "newcomers": self._newcomers,
            "messages_again": self._messages,
            "late": self._late,
            "customer_again": self._customer_again,
            "webhooks_again": self._webhooks_again,
            "log_again": self._log_again,
            "late_again": self._late_again,
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
        if place is None:  # known before the first message is emptied: who takes webhooks looks for its digest
            await self._remember(tx, running, ())
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
        return Part(counts, upto, {FOUND_AGAIN: True} if counts["events"] else {})

    async def _messages(self, tx: TenantTx, running: Running, _place: Any) -> Part:
        """Empty the next messages, and keep digests of what names them: who is told of one again knows it."""
        counts = await erasing.erase_messages(tx, running.id, self._at_once)
        if not counts:
            waits = await erasing.waits_for_sends(tx, running.id)
            return Part(place=True if waits else None, waits=waits)
        await self._remember(tx, running, await erasing.names_of_erased(tx, running.id))
        return Part(counts, True)

    async def _remember(self, tx: TenantTx, running: Running, names: Sequence[Name]) -> None:
        try:
            key = await erased.own_key(tx, self._keyring)
        except KeyShredded:  # nothing comes in for such a tenant any more
            return
        await erased.remember(tx, key, names)
        await data_requests.count_kept(tx, running.id, {"digests": len(names)})

    async def _newcomers(self, tx: TenantTx, running: Running, _place: Any) -> Part:
        """Mark conversations that were begun with the customer in the moment in which they were taken out of sight."""
        people = [UUID(value) for value in (await erasing.marks(tx, running.id, "customer"))["customer"]]
        if not await erasing.mark_newcomers(tx, running.id, people):
            return Part()
        return Part(noted={LOG_END: await erasing.first_seq(tx, people, [])})

    async def _late(self, tx: TenantTx, running: Running, place: Any) -> Part:
        """Go once more through the emptied messages, for what others wrote of them meanwhile."""
        upto, counts = await erasing.erase_late_rows(
            tx, running.id, UUID(place) if place else erasing.FIRST, self._at_once
        )
        return Part(_without(counts, "messages"), upto and str(upto))

    async def _late_again(self, tx: TenantTx, running: Running, place: Any) -> Part:
        """The same, if the log still told of the customer: words of search may have been made of that."""
        return await self._late(tx, running, place) if running.places.get(FOUND_AGAIN) else Part()

    async def _customer_again(self, tx: TenantTx, running: Running, _place: Any) -> Part:
        """Erase what somebody wrote on the card who had looked before it was emptied."""
        people = [UUID(value) for value in (await erasing.marks(tx, running.id, "customer"))["customer"]]
        counts = await erasing.erase_customer(tx, running.id)
        counts["customer_identities"] += await erasing.empty_cards(tx, running.id, people)
        return Part(_without(counts, "customers", "conversations"))

    async def _webhooks_again(self, tx: TenantTx, running: Running, _place: Any) -> Part:
        """Empty the raw webhooks that brought what came in the moment in which the erasure began."""
        moments = [datetime.fromisoformat(one) for one in (await erasing.marks(tx, running.id, "moment"))["moment"]]
        theirs = await erasing_ledger.places_at(tx, [one for one in moments if one > running.asked_at])
        return Part(Counter(inbound_webhooks=await erasing_ledger.empty(tx, theirs)))

    async def _customer(self, tx: TenantTx, running: Running, _place: Any) -> Part:
        counts = await erasing.erase_customer(tx, running.id)
        await data_requests.count_kept(tx, running.id, {"refusals": await erasing.refusals(tx, running.id)})
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
        theirs = [one.place for one in found if one.place.moment in moments or await self._is_theirs(one, needles)]
        counts = Counter(inbound_webhooks=await erasing_ledger.empty(tx, theirs))
        last = found[-1].place if found else None
        return Part(counts, last and [last.moment.isoformat(), str(last.id)])

    async def _is_theirs(self, one: Raw, needles: Needles) -> bool:
        try:
            url, body = await one.raw.opened(self._keyring)
        except KeyShredded:  # nobody will read it ever again
            return await asyncio.to_thread(needles.found_in, *one.around)
        except KeyUnusable:
            if one.raw.key is not None:
                await self._keyring.unwrap(one.raw.key)
            # Its key is here, and does not open it: nobody can read it, nor tell that it is not of the customer.
            log.warning("data_requests.webhook_does_not_open", webhook=str(one.place.id))
            return True
        return await asyncio.to_thread(needles.found_in, *one.around, url.encode("utf-8", "surrogateescape"), body)

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


def _without(counts: Counter[str], *names: str) -> Counter[str]:
    """Return what was counted but for rows that were empty already."""
    return Counter({name: rows for name, rows in counts.items() if name not in names})
