"""``/api/v1/customers/{id}/merge`` and ``/api/v1/merges/{id}/undo``: two customers who are one, and are two again."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
from aiohttp import web

from gateway.api.services import Services
from gateway.customers import merging
from gateway.customers.merging import Moved
from gateway.model.customer import MergeResult
from gateway.model.fields import CustomerId
from gateway.model.ids import parse, sample_id
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import Fault, Invalid, WrongState
from gateway.store import customer_merges as store
from gateway.store import customers, log
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Customers"
#: Webhooks lock messages' customers after conversations; whoever comes second then begins anew.
TRIES_AFTER_DEADLOCK = 3


class MergeBody(BodyModel):
    """Whom to merge."""

    other: CustomerId


MERGE = Operation(
    method="POST",
    path="/api/v1/customers/{id}/merge",
    name="merge_customers",
    tag=TAG,
    summary="Make another customer a part of this one.",
    description="Addresses, conversations, labels and notes of the other become this one's; of the card, this one takes"
    " what it lacks. Where both have a conversation at one channel, both stay, and new messages go to this one's."
    " Writes customer.merged to the log, and conversation.updated for each conversation that moved.",
    query=NoQuery,
    body=MergeBody,
    permission="customers.merge",
    audit=Audit("change", "customers", "customer_merges"),
    example={"other": sample_id("cus")},
    answers={200: Answer("The merge, and both customers as they are now.", MergeResult)},
    problems=(WrongState,),
    id_prefix="cus",
)
UNDO = Operation(
    method="POST",
    path="/api/v1/merges/{id}/undo",
    name="undo_merge",
    tag=TAG,
    summary="Make two customers of one again.",
    description="What the merge took goes back, unless somebody else has it by now or it was removed. What came since"
    " goes with the address under which it came, single messages of a shared conversation too. Later merges of the kept"
    " customer into others are to be undone first. Writes customer.updated for both, conversation.updated for each"
    " conversation that moved, and message.updated for each message that did.",
    query=NoQuery,
    body=NoBody,
    permission="customers.merge",
    audit=Audit("change", "customer_merges", "customers"),
    answers={200: Answer("The merge, and both customers as they are now.", MergeResult)},
    problems=(WrongState,),
    id_prefix="mrg",
)


class CustomerMerges:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def merge(self, call: Call[NoQuery, MergeBody]) -> web.StreamResponse:
        """Merge another customer into one."""
        other = parse("cus", call.body.other)
        if other == call.id:
            raise Invalid("a customer can't be merged with themselves", [Fault("body", "/other", "name another one")])
        merge_id = self._new_id()
        call.reaches(other)

        async def work(tx: TenantTx) -> Moved:
            return await merging.merge(tx, merge_id, call.id, other, call.caller.user_id)

        return await self._answer(call.caller.tenant_id, merge_id, work, merged=True)

    async def undo(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Undo a merge."""

        async def work(tx: TenantTx) -> Moved:
            return await merging.undo(tx, call.id, call.caller.user_id, self._new_id)

        return await self._answer(call.caller.tenant_id, call.id, work, merged=False)

    async def _answer(
        self, tenant_id: UUID, merge_id: UUID, work: Callable[[TenantTx], Awaitable[Moved]], *, merged: bool
    ) -> web.StreamResponse:
        """Do the work and tell of it, again if a webhook and it have waited for each other."""
        for _ in range(TRIES_AFTER_DEADLOCK):
            try:
                async with tenant_tx(self._services.pool, tenant_id) as tx:
                    moved = await work(tx)
                    await log.lock_head(tx)
                    drafts = await merging.drafts(tx, moved, self._new_id, merged=merged)
                    entries = await log.append_all(tx, drafts)
                    found = await store.shown(tx, merge_id)
                    both = await customers.shown(tx, [moved.kept, moved.merged])
            except asyncpg.DeadlockDetectedError:
                continue
            self._services.announce(entries)
            return json_answer(f'{{"merge":{found},"customer":{both[moved.kept]},"merged":{both[moved.merged]}}}')
        raise WrongState("the customer is being written to; try again")

    def _new_id(self) -> UUID:
        return self._services.new_id(int(self._services.clock().timestamp() * 1000))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = CustomerMerges(services)
    api.add(MERGE, handlers.merge)
    api.add(UNDO, handlers.undo)
