"""Doing one errand inside its tenant. Any number of processes may try the same: one does it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

import asyncpg

from gateway.model.change import State
from gateway.model.log import Entry
from gateway.store import changing, errands, log
from gateway.store.errands import Errand
from gateway.store.pool import TenantTx, tenant_tx
from gateway.store.thread import Author


class Doer:
    """Does errands.

    Args:
        pool: of the role ``app``.
        announce: told new log entries after their commit.
        new_id: makes an id of a moment given in milliseconds.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        announce: Callable[[Sequence[Entry]], None],
        new_id: Callable[[int], UUID],
    ) -> None:
        self._pool = pool
        self._announce = announce
        self._new_id = new_id

    async def do(self, errand: Errand) -> None:
        """Do an errand that is due.

        Raises:
            DatabaseUnavailable: when the database can't be reached.
        """
        match errand.kind, errand.about:
            case "wake", UUID() as conversation:
                await self._commit(errand.tenant_id, partial(self._wake, conversation))
            case "reopened", UUID() as conversation:
                await self._commit(errand.tenant_id, partial(self._note_reopenings, conversation))
            case "assign", None:
                while await self._commit(errand.tenant_id, self._assign):
                    pass
            case "team", UUID() as team:
                for conversation in await self._some(errand.tenant_id, team, errands.conversations_of_team):
                    await self._commit(errand.tenant_id, partial(self._leave_team, conversation, team))
            case "label", UUID() as label:
                for conversation in await self._some(errand.tenant_id, label, errands.conversations_of_label):
                    await self._commit(errand.tenant_id, partial(self._unlabel, conversation, label))
                for customer in await self._some(errand.tenant_id, label, errands.customers_of_label):
                    await self._commit(errand.tenant_id, partial(self._unlabel_customer, customer, label))
            case _:
                raise ValueError(f"there is no errand {errand.kind}")

    async def _commit(self, tenant_id: UUID, work: Callable[[TenantTx], Awaitable[Sequence[Entry]]]) -> bool:
        """Do a piece of work in a transaction; tells whether it wrote anything."""
        async with tenant_tx(self._pool, tenant_id) as tx:
            entries = await work(tx)
        if entries:
            self._announce(entries)
        return bool(entries)

    async def _some(
        self, tenant_id: UUID, about: UUID, which: Callable[[TenantTx, UUID], Awaitable[Sequence[UUID]]]
    ) -> Sequence[UUID]:
        async with tenant_tx(self._pool, tenant_id) as tx:
            return await which(tx, about)

    async def _wake(self, conversation_id: UUID, tx: TenantTx) -> Sequence[Entry]:
        state = await changing.lock(tx, conversation_id)
        moment = await errands.now(tx)
        after = state and changing.woken(state, moment)
        if state is None or after is None:
            return []  # somebody else was faster, or the time was changed
        return await changing.change(tx, conversation_id, state, after, self._author("snooze", moment))

    async def _note_reopenings(self, conversation_id: UUID, tx: TenantTx) -> Sequence[Entry]:
        entries: list[Entry] = []
        await changing.lock(tx, conversation_id)
        for moment, before in await errands.take_reopenings(tx, conversation_id):
            author = self._author("message", moment)
            entries += await changing.note_reopening(tx, conversation_id, before, author)
        return entries

    async def _assign(self, tx: TenantTx) -> Sequence[Entry]:
        """Give one conversation to the member whose turn it is."""
        if not await errands.take_turn(tx):
            return []
        turn = await errands.next_turn(tx)
        if turn is None:
            return []
        state = await changing.lock(tx, turn.conversation_id)
        if state is None or not _waits_in(turn.team_id, state):
            return []  # somebody took it in between; what else waits is found at the next look
        await errands.took_turn(tx, turn)
        author = self._author("rotation", await errands.now(tx))
        return await changing.change(tx, turn.conversation_id, state, replace(state, assignee_id=turn.user_id), author)

    async def _leave_team(self, conversation_id: UUID, team_id: UUID, tx: TenantTx) -> Sequence[Entry]:
        state = await changing.lock(tx, conversation_id)
        if state is None or state.team_id != team_id:
            return []
        author = self._author("removal", await errands.now(tx))
        return await changing.change(tx, conversation_id, state, replace(state, team_id=None), author)

    async def _unlabel(self, conversation_id: UUID, label_id: UUID, tx: TenantTx) -> Sequence[Entry]:
        state = await changing.lock(tx, conversation_id)
        if state is None or label_id not in state.label_ids:
            return []
        author = self._author("removal", await errands.now(tx))
        after = replace(state, label_ids=state.label_ids - {label_id})
        return await changing.change(tx, conversation_id, state, after, author)

    async def _unlabel_customer(self, customer_id: UUID, label_id: UUID, tx: TenantTx) -> Sequence[Entry]:
        if not await errands.unlabel_customer(tx, customer_id, label_id):
            return []
        author = self._author("removal", await errands.now(tx))
        await log.lock_head(tx)
        shown = await errands.customer(tx, customer_id)
        return [await log.append(tx, "customer.updated", None, shown, author.fresh_id())]

    def _author(self, cause: str, moment: datetime) -> Author:
        return Author(None, cause, moment, self._new_id)


def _waits_in(team_id: UUID, state: State) -> bool:
    return state.assignee_id is None and state.status == "open" and state.team_id == team_id
