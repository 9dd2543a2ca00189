"""``/api/v1/customers/{id}/notes`` and ``/api/v1/customer-notes``: what members note of a customer."""

from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.access import Caller
from gateway.api.cursors import list_json, position_of
from gateway.api.customers import locked
from gateway.api.idempotency import IDEMPOTENCY, once
from gateway.api.services import Services
from gateway.model.customer import CustomerNote, CustomerNotePage
from gateway.model.log import Entry
from gateway.openapi import (
    Answer,
    Api,
    Audit,
    BodyModel,
    Call,
    Limit,
    NoBody,
    NoQuery,
    Operation,
    QueryModel,
    json_answer,
)
from gateway.problems import CursorInvalid, Forbidden, KeyReused, NotFound
from gateway.store import customer_notes as store
from gateway.store import customers, log
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Customers"
UPDATED = "customer_note.updated"


class PageQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


class CustomerNoteBody(BodyModel):
    """What to note."""

    text: Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]


LIST = Operation(
    method="GET",
    path="/api/v1/customers/{id}/notes",
    name="list_customer_notes",
    tag=TAG,
    summary="List the notes on a customer, newest first.",
    query=PageQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "customer_notes", "customers"),
    answers={200: Answer("A page; its rows are at least as new as seq.", CustomerNotePage)},
    problems=(CursorInvalid,),
    id_prefix="cus",
)
ADD = Operation(
    method="POST",
    path="/api/v1/customers/{id}/notes",
    name="add_customer_note",
    tag=TAG,
    summary="Note something of a customer.",
    description="Writes customer_note.updated to the log.",
    query=NoQuery,
    body=CustomerNoteBody,
    permission="customers.write",
    audit=Audit("create", "customer_notes", "customers"),
    example={"text": "Prefers to be called in the morning."},
    answers={201: Answer("The note.", CustomerNote)},
    problems=(KeyReused,),
    headers=IDEMPOTENCY,
    id_prefix="cus",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/customer-notes/{id}",
    name="change_customer_note",
    tag=TAG,
    summary="Change one's own note.",
    description="A program may change those that programs wrote. Writes customer_note.updated to the log.",
    query=NoQuery,
    body=CustomerNoteBody,
    permission="customers.write",
    audit=Audit("change", "customer_notes"),
    example={"text": "Prefers to be called in the evening."},
    answers={200: Answer("The note as it is now.", CustomerNote)},
    id_prefix="cnt",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/customer-notes/{id}",
    name="remove_customer_note",
    tag=TAG,
    summary="Delete one's own note.",
    description="A program may delete those that programs wrote. Writes customer_note.updated to the log.",
    query=NoQuery,
    body=NoBody,
    permission="customers.write",
    audit=Audit("remove", "customer_notes"),
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="cnt",
)


class CustomerNotes:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[PageQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        filters = [call.id.hex]
        after = position_of(call.query.cursor, filters)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            seq = (await log.head(tx)).last_seq
            if await customers.get(tx, call.id) is None:
                raise NotFound("there is no such customer")
            page = await store.newest_first(tx, call.id, after, call.query.limit)
        return json_answer(list_json(page, filters, seq))

    async def add(self, call: Call[NoQuery, CustomerNoteBody]) -> web.StreamResponse:
        """Store a note."""
        note_id = self._services.new_id(int(self._services.clock().timestamp() * 1000))
        entries: list[Entry] = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:

            async def work() -> str:
                await locked(tx, call.id)
                await store.add(tx, note_id, call.id, call.caller.user_id, call.body.text)
                entries.append(await self._tell(tx, note_id))
                return entries[0].data

            answer = call.made(await once(tx, call, work))
        self._services.announce(entries)
        return json_answer(answer, 201)

    async def change(self, call: Call[NoQuery, CustomerNoteBody]) -> web.StreamResponse:
        """Change a note."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if await _text(tx, call.id, call.caller) == call.body.text:
                return json_answer(await store.shown(tx, call.id))
            await store.change(tx, call.id, call.body.text, self._services.clock())
            entry = await self._tell(tx, call.id)
        self._services.announce([entry])
        return json_answer(entry.data)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Delete a note."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await _text(tx, call.id, call.caller)
            await store.remove(tx, call.id, self._services.clock())
            entry = await self._tell(tx, call.id)
        self._services.announce([entry])
        return web.Response(status=204)

    async def _tell(self, tx: TenantTx, note_id: UUID) -> Entry:
        await log.lock_head(tx)
        event_id = self._services.new_id(int(self._services.clock().timestamp() * 1000))
        return await log.append(tx, UPDATED, None, await store.shown(tx, note_id), event_id)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = CustomerNotes(services)
    api.add(LIST, handlers.list)
    api.add(ADD, handlers.add)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)


async def _text(tx: TenantTx, note_id: UUID, caller: Caller) -> str:
    """Lock a note, and return its text, if the caller wrote it.

    Raises:
        NotFound: when there is no such note.
        Forbidden: when somebody else wrote it.
    """
    note = await store.lock(tx, note_id)
    if note is None:
        raise NotFound("there is no such note")
    if note["author_id"] != caller.user_id:
        raise Forbidden("only who wrote a note may change it")
    text: str = note["text"]
    return text
