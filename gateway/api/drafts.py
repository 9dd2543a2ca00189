"""``/api/v1/drafts`` and ``/api/v1/reads``: what each member keeps for itself."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api.authors import person
from gateway.api.cursors import list_json, position_of
from gateway.api.services import Services
from gateway.model.fields import Moment
from gateway.model.ids import sample_id
from gateway.model.own import Draft, DraftContent, DraftPage, ReadPage
from gateway.openapi import (
    PLAIN_DIGITS,
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
from gateway.problems import CursorInvalid, NotFound
from gateway.store import conversations, own
from gateway.store.pool import tenant_tx

TAG = "One's own"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

VERSION = "Made by the client, higher each time: the highest one counts."
Version = Annotated[int, Field(ge=0, lt=2**53, examples=[7], description=VERSION)]


class DraftBody(BodyModel):
    """A draft as it is now."""

    version: Version
    content: DraftContent


class PageQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


class VersionQuery(QueryModel):
    """Up to which version."""

    version: Annotated[Version, PLAIN_DIGITS]


class ReadQuery(PageQuery):
    """Which marks."""

    since: Moment | None = Field(
        default=None, description="Those that changed since. Ask from some seconds before the last answer on."
    )


LIST = Operation(
    method="GET",
    path="/api/v1/drafts",
    name="list_drafts",
    tag=TAG,
    summary="List the caller's drafts, the latest first.",
    query=PageQuery,
    body=NoBody,
    permission="account.write",
    audit=Audit("read", "drafts"),
    answers={200: Answer("A page.", DraftPage)},
    problems=(CursorInvalid,),
)
KEEP = Operation(
    method="PUT",
    path="/api/v1/conversations/{id}/draft",
    name="keep_draft",
    tag=TAG,
    summary="Keep what the caller has begun to write in a conversation.",
    description="Nobody else sees it. Its other windows are told on the websocket. An older version changes nothing.",
    query=NoQuery,
    body=DraftBody,
    permission="conversations.write",
    audit=Audit("change", "drafts", "conversations"),
    example={"version": 7, "content": {"text": "Good mor", "attachment_ids": [sample_id("file")]}},
    answers={200: Answer("The draft that counts.", Draft)},
    id_prefix="cnv",
)
DROP = Operation(
    method="DELETE",
    path="/api/v1/conversations/{id}/draft",
    name="drop_draft",
    tag=TAG,
    summary="Throw a draft away, or note that it was sent.",
    query=VersionQuery,
    body=NoBody,
    permission="conversations.write",
    audit=Audit("remove", "drafts", "conversations"),
    answers={200: Answer("The draft that counts; its content is null unless a newer one was kept.", Draft)},
    id_prefix="cnv",
)
READS = Operation(
    method="GET",
    path="/api/v1/reads",
    name="list_reads",
    tag=TAG,
    summary="List how far the caller has read, the latest first.",
    description="A conversation without a mark was never read by the caller.",
    query=ReadQuery,
    body=NoBody,
    permission="account.write",
    audit=Audit("read", "reads"),
    answers={200: Answer("A page.", ReadPage)},
    problems=(CursorInvalid,),
)


class Drafts:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[PageQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of drafts."""
        user_id = person(call.caller)
        after = position_of(call.query.cursor, ["drafts", user_id.hex])
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await own.drafts(tx, user_id, after, call.query.limit)
        return json_answer(list_json(page, ["drafts", user_id.hex]))

    async def keep(self, call: Call[NoQuery, DraftBody]) -> web.StreamResponse:
        """Keep a draft."""
        content = call.body.content.model_dump_json()
        return await self._keep(call.caller.tenant_id, person(call.caller), call.id, call.body.version, content)

    async def drop(self, call: Call[VersionQuery, NoBody]) -> web.StreamResponse:
        """Throw a draft away."""
        return await self._keep(call.caller.tenant_id, person(call.caller), call.id, call.query.version, None)

    async def _keep(
        self, tenant_id: UUID, user_id: UUID, conversation_id: UUID, version: int, content: str | None
    ) -> web.StreamResponse:
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            if await conversations.get(tx, conversation_id) is None:
                raise NotFound("there is no such conversation")
            draft, kept = await own.keep_draft(tx, user_id, conversation_id, version, content)
        if kept:
            self._services.tell_own(tenant_id, user_id, "draft.updated", draft)
        return json_answer(draft)

    async def reads(self, call: Call[ReadQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of marks."""
        user_id, since = person(call.caller), call.query.since or LONG_AGO
        mark = ["reads", user_id.hex, since.isoformat()]
        after = position_of(call.query.cursor, mark)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await own.reads(tx, user_id, since, after, call.query.limit)
        return json_answer(list_json(page, mark))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Drafts(services)
    api.add(LIST, handlers.list)
    api.add(KEEP, handlers.keep)
    api.add(DROP, handlers.drop)
    api.add(READS, handlers.reads)
