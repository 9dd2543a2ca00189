"""``/api/v1/conversations``: the list, one conversation, its messages, and marking it as read."""

from typing import get_args

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import list_json, position_of
from gateway.api.services import Services
from gateway.model.conversation import Conversation, ConversationPage, Status
from gateway.model.message import MessagePage
from gateway.openapi import Answer, Api, Call, Limit, NoBody, NoQuery, Operation, QueryModel, json_answer
from gateway.problems import CursorInvalid, NotFound
from gateway.store import conversations, log, messages
from gateway.store.pool import tenant_tx

TAG = "Conversations"
STATUSES: tuple[str, ...] = get_args(Status)
CURSOR = Field(default=None, description="The next_cursor of the page before.")


class ConversationQuery(QueryModel):
    """Which conversations."""

    status: list[Status] = Field(default=[], max_length=4, description="May be repeated; none means all.")
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
    summary="List conversations, the newest last message first.",
    query=ConversationQuery,
    body=NoBody,
    permission="inbox.read",
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
    answers={200: Answer("The conversation.", Conversation)},
    id_prefix="cnv",
)
MESSAGES = Operation(
    method="GET",
    path="/api/v1/conversations/{id}/messages",
    name="list_messages",
    tag=TAG,
    summary="List a conversation's messages, newest first.",
    query=PageQuery,
    body=NoBody,
    permission="inbox.read",
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
    description="Sets unread_count to 0 and, when it was not 0, writes conversation.updated to the log.",
    query=NoQuery,
    body=NoBody,
    permission="conversations.write",
    answers={200: Answer("The conversation as it is now.", Conversation)},
    id_prefix="cnv",
)


class Conversations:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[ConversationQuery, NoBody]) -> web.StreamResponse:
        """Answer a page. The log's position is read first, so that folding what follows it loses nothing."""
        statuses = sorted(set(call.query.status or STATUSES))
        after = position_of(call.query.cursor, statuses)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            page = await conversations.in_order(tx, statuses, after, call.query.limit)
        return json_answer(list_json(page, statuses, head.last_seq))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one conversation."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await conversations.get(tx, call.id)
        return json_answer(_there(found))

    async def messages(self, call: Call[PageQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of messages."""
        filters = [call.id.hex]
        after = position_of(call.query.cursor, filters)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            _there(await conversations.get(tx, call.id))
            page = await messages.newest_first(tx, call.id, after, call.query.limit)
        return json_answer(list_json(page, filters, head.last_seq))

    async def read(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Mark as read, and say so in the log; the log's lock is taken last, as every writer does."""
        entries = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            changed = await conversations.mark_read(tx, call.id)
            if changed:
                await log.lock_head(tx)
            found = _there(await conversations.get(tx, call.id))
            if changed:
                event_id = self._services.new_id(int(self._services.clock().timestamp() * 1000))
                entries.append(await log.append(tx, "conversation.updated", call.id, found, event_id))
        if entries:
            self._services.announce(entries)
        return json_answer(found)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Conversations(services)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(MESSAGES, handlers.messages)
    api.add(READ, handlers.read)


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such conversation")
    return found
