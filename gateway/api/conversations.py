"""``/api/v1/conversations``: the list, one conversation, its messages, changing it, and what of it is read."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api.authors import author_of
from gateway.api.changes import ConversationChange, hold, wanted_of
from gateway.api.cursors import list_json, position_of
from gateway.api.etags import ETAG, IF_MATCH, require_match, tagged
from gateway.api.filters import FilterQuery, filters_of, mark_of
from gateway.api.services import Services
from gateway.api.thread import ThreadQuery, page_of_thread, thread_json
from gateway.model.conversation import Conversation, ConversationPage
from gateway.model.ids import sample_id
from gateway.model.message import MessagePage
from gateway.model.page import END, START
from gateway.openapi import Answer, Api, Audit, Call, Limit, NoBody, NoQuery, Operation, QueryModel, json_answer
from gateway.problems import ChangedMeanwhile, CursorInvalid, NotFound
from gateway.store import changing, conversations, log, own
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Conversations"
CURSOR = Field(default=None, description="The next_cursor of the page before.")


class ConversationQuery(FilterQuery):
    """Which conversations; several values of one kind mean any of them."""

    limit: Limit = 50
    cursor: str | None = CURSOR


class PageQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = CURSOR


LIST = Operation(
    method="GET",
    path="/api/v1/conversations",
    name="list_conversations",
    tag=TAG,
    summary="List conversations by their last message, the newest first.",
    query=ConversationQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "conversations"),
    answers={200: Answer("A page; its rows are at least as new as seq.", ConversationPage)},
    problems=(CursorInvalid,),
)
GET = Operation(
    method="GET",
    path="/api/v1/conversations/{id}",
    name="get_conversation",
    tag=TAG,
    summary="Get a conversation.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "conversations"),
    answers={200: Answer("The conversation.", Conversation, headers=ETAG)},
    id_prefix="cnv",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/conversations/{id}",
    name="change_conversation",
    tag=TAG,
    summary="Change a conversation: its status, priority, assignee, team, labels or subject.",
    description="Writes conversation.updated to the log, and activity.created for each thing that was changed: a line"
    " in the thread, of kind activity, whose extra tells what, from and to. A snoozed conversation opens by itself at"
    " snoozed_until, or when its customer writes.",
    query=NoQuery,
    body=ConversationChange,
    permission="conversations.write",
    audit=Audit("change", "conversations"),
    example={
        "status": "pending",
        "priority": "high",
        "assignee_id": sample_id("usr"),
        "team_id": sample_id("team"),
        "label_ids": [sample_id("lbl")],
        "subject": "Order 4711",
    },
    answers={200: Answer("The conversation as it is now.", Conversation, headers=ETAG)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="cnv",
)
MESSAGES = Operation(
    method="GET",
    path="/api/v1/conversations/{id}/messages",
    name="list_messages",
    tag=TAG,
    summary="List a conversation's messages, newest first.",
    query=ThreadQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "messages", "conversations"),
    answers={200: Answer("A page; its rows are at least as new as seq.", MessagePage)},
    problems=(CursorInvalid,),
    id_prefix="cnv",
)
READ = Operation(
    method="POST",
    path="/api/v1/conversations/{id}/read",
    name="mark_conversation_read",
    tag=TAG,
    summary="Mark a conversation as read.",
    description="Sets unread_count to 0 and, when it was not 0, writes conversation.updated to the log. Also notes how"
    " far the caller has read, and that it has seen the notes here that call it.",
    query=NoQuery,
    body=NoBody,
    permission="conversations.write",
    audit=Audit("change", "conversations"),
    answers={200: Answer("The conversation as it is now.", Conversation)},
    id_prefix="cnv",
)
UNREAD = Operation(
    method="POST",
    path="/api/v1/conversations/{id}/unread",
    name="mark_conversation_unread",
    tag=TAG,
    summary="Mark a conversation as unread.",
    description="Sets unread_count to 1 and writes conversation.updated to the log when it was 0. Also notes that the"
    " caller has not read it.",
    query=NoQuery,
    body=NoBody,
    permission="conversations.write",
    audit=Audit("change", "conversations"),
    answers={200: Answer("The conversation as it is now.", Conversation)},
    id_prefix="cnv",
)


class Conversations:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[ConversationQuery, NoBody]) -> web.StreamResponse:
        """Answer a page. The log's position is read first, so that folding what follows it loses nothing."""
        filters = filters_of(call.query, call.caller)
        mark = mark_of(filters)
        first = END if filters.oldest_first else START
        after = first if call.query.cursor is None else position_of(call.query.cursor, mark)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            page = await conversations.in_order(tx, filters, after, call.query.limit)
        return json_answer(list_json(page, mark, head.last_seq))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one conversation."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await conversations.get(tx, call.id)
        return tagged(_there(found))

    async def change(self, call: Call[NoQuery, ConversationChange]) -> web.StreamResponse:
        """Change one conversation, if it is what the caller saw."""
        author = author_of(call.caller, self._services)
        wanted = wanted_of(call.body, author.now)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await hold(tx, wanted)
            state = await changing.lock(tx, call.id)
            if state is None:
                raise NotFound("there is no such conversation")
            require_match(call.request, _there(await conversations.get(tx, call.id)))
            entries = await changing.change(tx, call.id, state, replace(state, **wanted), author)
            found = _there(await conversations.get(tx, call.id))
        if entries:
            self._services.announce(entries)
        return tagged(found)

    async def messages(self, call: Call[ThreadQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of messages."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            _there(await conversations.get(tx, call.id))
            page = await page_of_thread(tx, call.id, call.query)
        return json_answer(thread_json(page, [call.id.hex], head.last_seq))

    async def read(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Mark as read, for everybody and for the caller."""
        user_id = call.caller.user_id

        async def mark(tx: TenantTx) -> str | None:
            if user_id is None:
                return None
            await own.see(tx, user_id, call.id)
            return await own.mark_read(tx, user_id, call.id)

        return await self._mark(call, conversations.mark_read, mark)

    async def unread(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Mark as unread, for everybody and for the caller."""
        user_id = call.caller.user_id

        async def mark(tx: TenantTx) -> str | None:
            return None if user_id is None else await own.mark_unread(tx, user_id, call.id)

        return await self._mark(call, conversations.mark_unread, mark)

    async def _mark(
        self,
        call: Call[NoQuery, NoBody],
        count: Callable[[TenantTx, UUID], Awaitable[bool]],
        mark: Callable[[TenantTx], Awaitable[str | None]],
    ) -> web.StreamResponse:
        """Set the shared count, which the log tells if it changed, and the caller's own mark, which it never tells."""
        entries = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            changed = await count(tx, call.id)
            _there(await conversations.get(tx, call.id))
            marked = await mark(tx)
            if changed:
                await log.lock_head(tx)
                entries.append(await changing.tell(tx, call.id, author_of(call.caller, self._services)))
            found = _there(await conversations.get(tx, call.id))
        if entries:
            self._services.announce(entries)
        if marked is not None and call.caller.user_id is not None:
            self._services.tell_own(call.caller.tenant_id, call.caller.user_id, "read.updated", marked)
        return json_answer(found)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Conversations(services)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(MESSAGES, handlers.messages)
    api.add(CHANGE, handlers.change)
    api.add(READ, handlers.read)
    api.add(UNREAD, handlers.unread)


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such conversation")
    return found
