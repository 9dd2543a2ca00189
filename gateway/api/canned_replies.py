"""``/api/v1/canned-replies``: texts that are used again and again, everybody's and each member's own."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import Field

from gateway.access import Caller, require
from gateway.api.authors import author_of, person
from gateway.api.channels import Words
from gateway.api.cursors import list_json
from gateway.api.etags import ETAG, IF_MATCH, require_match, tagged
from gateway.api.services import Services
from gateway.model.canned_reply import CannedReply, CannedReplyPage, RenderedReply
from gateway.model.fields import ConversationId
from gateway.model.ids import parse, sample_id
from gateway.model.log import Entry
from gateway.model.page import Page
from gateway.model.rendering import render
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import ChangedMeanwhile, Fault, Invalid, NotFound
from gateway.store import canned_replies, log
from gateway.store.canned_replies import Reply
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Canned replies"
UPDATED = "canned_reply.updated"

Shortcut = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
#: Lines and tabs, but no other control characters.
ReplyText = Annotated[str, Field(min_length=1, max_length=20_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$")]
VARIABLES = (
    "May hold variables: customer.name, customer.first_name, customer.address, customer.business_name, customer.code, "
    "agent.name, agent.first_name, agent.email, conversation.subject, channel.name, channel.address, workspace.name; "
    "each in double braces."
)


class CannedReplyBody(BodyModel):
    """A new canned reply."""

    shortcut: Shortcut = Field(description="By which it is found.")
    name: Words
    text: ReplyText = Field(description=VARIABLES)
    shared: bool = Field(default=False, description="Everybody's: needs workspace.write. Otherwise the caller's own.")


class CannedReplyChange(BodyModel):
    """What is to be changed of a canned reply; what is left out stays."""

    shortcut: Shortcut | None = None
    name: Words | None = None
    text: ReplyText | None = Field(default=None, description=VARIABLES)


class RenderBody(BodyModel):
    """What a canned reply is to be used for."""

    conversation_id: ConversationId


LIST = Operation(
    method="GET",
    path="/api/v1/canned-replies",
    name="list_canned_replies",
    tag=TAG,
    summary="List the canned replies that the caller can use.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, by shortcut; at least as new as seq.", CannedReplyPage)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/canned-replies",
    name="create_canned_reply",
    tag=TAG,
    summary="Make a canned reply.",
    description="A shared one writes canned_reply.updated to the log.",
    query=NoQuery,
    body=CannedReplyBody,
    permission="conversations.write",
    example={"shortcut": "thanks", "name": "Thanks", "text": "Thank you, {{customer.name}}!", "shared": True},
    answers={201: Answer("The canned reply.", CannedReply, headers=ETAG)},
)
GET = Operation(
    method="GET",
    path="/api/v1/canned-replies/{id}",
    name="get_canned_reply",
    tag=TAG,
    summary="Get a canned reply.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("The canned reply.", CannedReply, headers=ETAG)},
    id_prefix="can",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/canned-replies/{id}",
    name="change_canned_reply",
    tag=TAG,
    summary="Change a canned reply.",
    description="A shared one needs workspace.write, and writes canned_reply.updated to the log.",
    query=NoQuery,
    body=CannedReplyChange,
    permission="conversations.write",
    example={"text": "Many thanks, {{customer.name}}!"},
    answers={200: Answer("The canned reply as it is now.", CannedReply, headers=ETAG)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="can",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/canned-replies/{id}",
    name="remove_canned_reply",
    tag=TAG,
    summary="Remove a canned reply.",
    description="A shared one needs workspace.write, and writes canned_reply.updated to the log, with deleted_at.",
    query=NoQuery,
    body=NoBody,
    permission="conversations.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="can",
)
RENDER = Operation(
    method="POST",
    path="/api/v1/canned-replies/{id}/render",
    name="render_canned_reply",
    tag=TAG,
    summary="Fill a canned reply's variables for a conversation.",
    query=NoQuery,
    body=RenderBody,
    permission="conversations.write",
    audit=Audit("read", "conversations"),
    example={"conversation_id": sample_id("cnv")},
    answers={200: Answer("The text.", RenderedReply)},
    id_prefix="can",
)


class CannedReplies:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all that the caller can use."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            rows = await canned_replies.all_of(tx, call.caller.user_id)
        return json_answer(list_json(Page(rows, None), [], head.last_seq))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return tagged(_there(await canned_replies.get(tx, call.id, call.caller.user_id)).json)

    async def create(self, call: Call[NoQuery, CannedReplyBody]) -> web.StreamResponse:
        """Make one."""
        body, key = call.body, author_of(call.caller, self._services).fresh_id()
        owner = self._owner_of_new(call.caller, shared=body.shared)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await canned_replies.add(tx, key, owner, body.shortcut, body.name, body.text):
                raise _taken()
            shown, entries = await self._written(tx, call.caller, key, owner)
        self._tell(call.caller, owner, shown, entries)
        return tagged(shown, 201)

    async def change(self, call: Call[NoQuery, CannedReplyChange]) -> web.StreamResponse:
        """Change one, if it is what the caller saw."""
        body = call.body
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            reply = await self._locked(tx, call.caller, call.id)
            require_match(call.request, reply.json)
            if not await canned_replies.change(tx, call.id, body.shortcut, body.name, body.text):
                raise _taken()
            shown, entries = await self._written(tx, call.caller, call.id, reply.owner_id)
        self._tell(call.caller, reply.owner_id, shown, entries)
        return tagged(shown)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove one."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            reply = await self._locked(tx, call.caller, call.id)
            await canned_replies.remove(tx, call.id)
            shown, entries = await self._written(tx, call.caller, call.id, reply.owner_id)
        self._tell(call.caller, reply.owner_id, shown, entries)
        return web.Response(status=204)

    async def render(self, call: Call[NoQuery, RenderBody]) -> web.StreamResponse:
        """Fill the variables of one."""
        conversation = parse("cnv", call.body.conversation_id)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            reply = _there(await canned_replies.get(tx, call.id, call.caller.user_id))
            values = await canned_replies.values(tx, conversation, call.caller.user_id)
        if values is None:
            wrong = Fault("body", "/conversation_id", "there is no such conversation")
            raise Invalid("there is no such conversation", [wrong])
        call.reaches(conversation)
        return json_answer(orjson.dumps(asdict(render(reply.text, values))))

    def _owner_of_new(self, caller: Caller, *, shared: bool) -> UUID | None:
        if not shared:
            return person(caller)
        require(caller, "workspace.write")
        return None

    async def _locked(self, tx: TenantTx, caller: Caller, key: UUID) -> Reply:
        reply = _there(await canned_replies.lock(tx, key, caller.user_id))
        if reply.owner_id is None:
            require(caller, "workspace.write")
        return reply

    async def _written(
        self, tx: TenantTx, caller: Caller, key: UUID, owner: UUID | None
    ) -> tuple[str, Sequence[Entry]]:
        """Write of a shared one to the log, which everybody reads; a member's own is nobody else's business."""
        if owner is not None:
            return await canned_replies.shown(tx, key), []
        await log.lock_head(tx)
        shown = await canned_replies.shown(tx, key)
        return shown, [await log.append(tx, UPDATED, None, shown, author_of(caller, self._services).fresh_id())]

    def _tell(self, caller: Caller, owner: UUID | None, shown: str, entries: Sequence[Entry]) -> None:
        if owner is None:
            self._services.announce(entries)
        else:
            self._services.tell_own(caller.tenant_id, owner, UPDATED, shown)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = CannedReplies(services)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)
    api.add(RENDER, handlers.render)


def _there(found: Reply | None) -> Reply:
    if found is None:
        raise NotFound("there is no such canned reply")
    return found


def _taken() -> Invalid:
    return Invalid("this shortcut is taken", [Fault("body", "/shortcut", "another canned reply has this shortcut")])
