"""``/api/v1/notes`` and ``/api/v1/mentions``: what agents tell each other in a thread, and whom it calls."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.access import Caller
from gateway.api.authors import author_of, person
from gateway.api.cursors import list_json, position_of
from gateway.api.drafts import PageQuery
from gateway.api.etags import ETAG, IF_MATCH, require_match, tagged
from gateway.api.idempotency import IDEMPOTENCY, once
from gateway.api.services import Services
from gateway.model.fields import ConversationId, UserId
from gateway.model.ids import parse, sample_id
from gateway.model.log import Entry
from gateway.model.message import Message
from gateway.model.own import MentionPage
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import ChangedMeanwhile, CursorInvalid, Fault, Forbidden, Invalid, KeyReused, NotFound
from gateway.store import changing, log, notes, own, thread
from gateway.store.notes import Note
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Notes"
PREVIEW_LENGTH = 140
COUNTED = 100

#: Lines and tabs, but no other control characters.
NoteText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$")]
Members = Annotated[list[UserId], Field(max_length=50, description="The members it calls.")]


class PrivateNoteBody(BodyModel):
    """A note."""

    text: NoteText
    mentions: Members = Field(default=[])


class SeenBody(BodyModel):
    """Which mentions were seen."""

    conversation_id: ConversationId | None = Field(default=None, description="Those in it; without one, all.")


ADD = Operation(
    method="POST",
    path="/api/v1/conversations/{id}/notes",
    name="add_note",
    tag=TAG,
    summary="Put a private note into a conversation.",
    description="Writes note.created to the log. No customer ever sees it, and it is no message.created.",
    query=NoQuery,
    body=PrivateNoteBody,
    permission="conversations.write",
    audit=Audit("create", "messages", "conversations"),
    example={"text": "Can you call them back?", "mentions": [sample_id("usr")]},
    answers={201: Answer("The note.", Message, headers=ETAG)},
    problems=(KeyReused,),
    headers=IDEMPOTENCY,
    id_prefix="cnv",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/notes/{id}",
    name="change_note",
    tag=TAG,
    summary="Write a note of one's own anew.",
    description="Writes note.updated to the log.",
    query=NoQuery,
    body=PrivateNoteBody,
    permission="conversations.write",
    audit=Audit("change", "messages"),
    example={"text": "Can you call them back today?", "mentions": [sample_id("usr")]},
    answers={200: Answer("The note as it is now.", Message, headers=ETAG)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="msg",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/notes/{id}",
    name="remove_note",
    tag=TAG,
    summary="Take a note of one's own back.",
    description="Writes note.deleted to the log. That there was one still shows.",
    query=NoQuery,
    body=NoBody,
    permission="conversations.write",
    audit=Audit("remove", "messages"),
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="msg",
)
MENTIONS = Operation(
    method="GET",
    path="/api/v1/mentions",
    name="list_mentions",
    tag=TAG,
    summary="List the notes that call the caller, the latest first.",
    query=PageQuery,
    body=NoBody,
    permission="account.write",
    audit=Audit("read", "messages"),
    answers={200: Answer("A page; its rows are at least as new as seq.", MentionPage)},
    problems=(CursorInvalid,),
)
SEE = Operation(
    method="POST",
    path="/api/v1/mentions/seen",
    name="see_mentions",
    tag=TAG,
    summary="Note that the caller has seen the notes that call it.",
    query=NoQuery,
    body=SeenBody,
    permission="account.write",
    example={"conversation_id": sample_id("cnv")},
    answers={204: Answer("It is noted.", content_type=None)},
)


class Notes:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def add(self, call: Call[NoQuery, PrivateNoteBody]) -> web.StreamResponse:
        """Put a note into a thread."""
        entries: list[Entry] = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:

            async def work() -> str:
                entries.append(await self._write(tx, call))
                return entries[0].data

            answer = call.made(await once(tx, call, work))
        self._services.announce(entries)
        return tagged(answer, 201)

    async def change(self, call: Call[NoQuery, PrivateNoteBody]) -> web.StreamResponse:
        """Write a note anew, if it is what the caller saw."""
        author, text = author_of(call.caller, self._services), call.body.text
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            members = await _members(tx, call.body.mentions)
            note = _own(await notes.lock(tx, call.id), call.caller)
            require_match(call.request, note.json)
            await notes.change(tx, call.id, text, _line(text), members, author.now)
            await own.set_mentions(tx, call.id, note.conversation_id, members)
            entry = await self._tell(tx, call.caller, "note.updated", note.conversation_id, call.id)
        self._services.announce([entry])
        return tagged(entry.data)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Take a note back."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            note = _own(await notes.lock(tx, call.id), call.caller)
            await notes.remove(tx, call.id, author_of(call.caller, self._services).now)
            await own.set_mentions(tx, call.id, note.conversation_id, [])
            entry = await self._tell(tx, call.caller, "note.deleted", note.conversation_id, call.id)
        self._services.announce([entry])
        return web.Response(status=204)

    async def mentions(self, call: Call[PageQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of the notes that call the caller."""
        user_id = person(call.caller)
        after = position_of(call.query.cursor, [user_id.hex])
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            page = await own.mentions(tx, user_id, after, call.query.limit)
            unseen = await own.unseen(tx, user_id, COUNTED)
        return json_answer(f'{list_json(page, [user_id.hex], head.last_seq)[:-1]},"unseen":{unseen}}}')

    async def see(self, call: Call[NoQuery, SeenBody]) -> web.StreamResponse:
        """Note that they were seen."""
        asked = call.body.conversation_id
        conversation = None if asked is None else parse("cnv", asked)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await own.see(tx, person(call.caller), conversation)
        return web.Response(status=204)

    async def _write(self, tx: TenantTx, call: Call[NoQuery, PrivateNoteBody]) -> Entry:
        """Store a note with its log entry."""
        author, text = author_of(call.caller, self._services), call.body.text
        members = await _members(tx, call.body.mentions)
        if await changing.lock(tx, call.id) is None:
            raise NotFound("there is no such conversation")
        key = author.fresh_id()
        await thread.add(tx, call.id, key, "note", author, text=text, preview=_line(text), mentions=members)
        await own.set_mentions(tx, key, call.id, members)
        return await self._tell(tx, call.caller, "note.created", call.id, key)

    async def _tell(self, tx: TenantTx, caller: Caller, kind: str, conversation_id: UUID, key: UUID) -> Entry:
        await log.lock_head(tx)
        shown = await thread.shown(tx, key)
        return await log.append(tx, kind, conversation_id, shown, author_of(caller, self._services).fresh_id())


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Notes(services)
    api.add(ADD, handlers.add)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)
    api.add(MENTIONS, handlers.mentions)
    api.add(SEE, handlers.see)


async def _members(tx: TenantTx, mentions: Sequence[str]) -> Sequence[UUID]:
    """Return whom a note calls, each once."""
    members = list(dict.fromkeys(parse("usr", one) for one in mentions))
    if await changing.active_members(tx, members) != set(members):
        raise Invalid("a note calls active members", [Fault("body", "/mentions", "one of these is no active member")])
    return members


def _own(note: Note | None, caller: Caller) -> Note:
    if note is None:
        raise NotFound("there is no such note")
    if note.author_id != caller.user_id:
        raise Forbidden("only its author changes a note")
    return note


def _line(text: str) -> str:
    return " ".join(text.split())[:PREVIEW_LENGTH]
