"""What was erased and is told again: known by the digests that were kept of it, and left out.

Most tenants have erased nothing, and cost nothing here. Of those that have, a process learns when the database refuses
the first of their items without its digest.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg

from gateway.ingest.webhook import MESSAGE_ID, NOTE_COUNTS, STATUS_ID, Row, Unstored, Webhook
from gateway.keys import Keyring, KeysUnavailable, KeyUnusable
from gateway.store import erased
from gateway.store.erased import Name, digest_of

if TYPE_CHECKING:
    from gateway.ingest.writer import Call

#: As ``ingest`` refuses a call (migration 0044): it holds what was erased; and, it has to bring digests.
REFUSED, ASKED = "PGE01", "PGE02"
REASON = "erased"
#: Tenants whose keys are at hand.
MOST_KNOWN = 10_000
#: Kinds of notes that change a message.
CHANGES = frozenset({"edit", "revoke"})
# Where rows say what, counted from the tenant on.
TENANT, CHANNEL, MESSAGE = 0, 1, 2
STATUS_KEY = 4
NOTE_KIND, NOTE_CHANNEL, NOTE_REFERENCE, NOTE_KEY = 1, 4, 5, 6


class CannotTell(Exception):
    """Whether something was erased can't be told now: the key of its tenant's digests can't be had."""


class Erasures:
    """Knows the keys of the digests of tenants that have erased something.

    Args:
        pool: of the role ``hook``.
        keyring: opens the keys.
    """

    def __init__(self, pool: asyncpg.Pool, keyring: Keyring) -> None:
        self._pool = pool
        self._keyring = keyring
        self._keys: dict[UUID, bytes] = {}

    async def learn(self, tenants: Iterable[UUID]) -> None:
        """Get the keys of some tenants.

        Raises:
            CannotTell: when one can't be had.
        """
        if len(self._keys) >= MOST_KNOWN:
            self._keys.clear()
        for tenant in tenants:
            try:
                key = await erased.key_of(self._pool, self._keyring, tenant)
            except (KeyUnusable, KeysUnavailable) as error:
                raise CannotTell(f"the key of the digests of tenant {tenant} can't be had") from error
            if key is not None:
                self._keys[tenant] = key

    def asked(self, call: "Call") -> tuple[list[tuple[UUID, UUID]], list[UUID]]:
        """Return the digests of a call's items, each with its tenant, and the tenants whose items have them."""
        if not self._keys:
            return [], []
        tenants = {row[TENANT] for row in call.webhooks} & self._keys.keys()
        if not tenants:
            return [], []
        found: list[tuple[UUID, UUID]] = []
        for place, row in enumerate(call.statuses):
            mark = call.marks[place] if place < len(call.marks) else None
            found += self._digests(row[2:], _names_of_status(row[2:], mark))
        for row in call.messages:
            found += self._digests(row[2:], _names_of_message(row[2:]))
        for row in call.notes:
            found += self._digests(row[2:], _names_of_note(row[2:]))
        return found, list(tenants)

    def without(self, webhook: Webhook, digests: Collection[UUID]) -> Webhook:
        """Return a webhook without what was erased, and without its raw content if there is any such."""
        gone = frozenset(digests)
        messages = [row for row in webhook.messages if not self._is_one(row, _names_of_message(row), gone)]
        statuses = [
            row
            for row in webhook.statuses
            if not self._is_one(row, _names_of_status(row, webhook.marks.get(row[STATUS_ID])), gone)
        ]
        # What they told by the way of whoever wrote, or was written to, goes with them.
        keys = {row[MESSAGE] for row in webhook.messages} - {row[MESSAGE] for row in messages}
        keys |= {row[STATUS_KEY] for row in webhook.statuses} - {row[STATUS_KEY] for row in statuses}
        notes = [
            row
            for row in webhook.notes
            if not self._is_one(row, _names_of_note(row), gone) and (row[NOTE_COUNTS] or row[NOTE_KEY] not in keys)
        ]
        fewer = replace(webhook, messages=messages, statuses=statuses, notes=notes)
        left_out = webhook.item_count - fewer.item_count
        if not left_out:
            return webhook
        kept = {row[MESSAGE_ID] for row in messages}
        return replace(
            fewer,
            emptied=True,
            aliases={key: known for key, known in webhook.aliases.items() if key in kept},
            unstored=[*map(_emptied, webhook.unstored), *[Unstored(state="ignored", reason=REASON)] * left_out],
            error_detail=None,
        )

    def _digests(self, row: Row, names: Iterable[Name]) -> Iterator[tuple[UUID, UUID]]:
        key = self._keys.get(row[TENANT])
        if key is not None:
            for name in names:
                yield row[TENANT], digest_of(key, name)

    def _is_one(self, row: Row, names: Iterable[Name], gone: Collection[UUID]) -> bool:
        return any(digest in gone for _, digest in self._digests(row, names))


def _names_of_message(row: Row) -> Iterator[Name]:
    yield Name(row[CHANNEL], "id", row[MESSAGE])


def _names_of_status(row: Row, mark: str | None) -> Iterator[Name]:
    yield Name(row[CHANNEL], "id", row[MESSAGE])
    if mark is not None:
        yield Name(row[CHANNEL], "reference", mark)


def _names_of_note(row: Row) -> Iterator[Name]:
    if row[NOTE_KIND] in CHANGES:
        yield Name(row[NOTE_CHANNEL], "id", row[NOTE_REFERENCE])


def _emptied(item: Unstored) -> Unstored:
    """Return an item of a webhook whose content is not kept: what was not understood of it can't be read again."""
    return Unstored(state="ignored", reason=item.reason if item.state == "ignored" else REASON)
