"""``/api/v1/conversations/bulk``: one change to many conversations, each for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from aiohttp import web
from pydantic import Field, model_validator

from gateway.access import Caller
from gateway.api.authors import author_of
from gateway.api.changes import ConversationChange, hold, wanted_of
from gateway.api.conversations import TAG
from gateway.api.filters import filters_of
from gateway.api.services import Services
from gateway.model.bulk import BulkResult, BulkResults
from gateway.model.fields import ConversationId
from gateway.model.ids import parse, public, sample_id
from gateway.model.log import Entry
from gateway.model.view import ViewFilters
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoQuery, Operation, json_answer
from gateway.problems import Invalid
from gateway.store import changing, conversations
from gateway.store.pool import tenant_tx
from gateway.store.thread import Author

MOST = 200
PLACE = "/change"


class BulkBody(BodyModel):
    """Which conversations, and what is to be changed of each."""

    ids: list[ConversationId] | None = Field(default=None, min_length=1, max_length=MOST)
    filters: ViewFilters | None = Field(
        default=None, description=f"Instead of ids; the first {MOST} that they let through."
    )
    change: ConversationChange

    @model_validator(mode="after")
    def _one_of_both(self) -> "BulkBody":
        if (self.ids is None) == (self.filters is None):
            raise ValueError("give either ids or filters")
        return self


BULK = Operation(
    method="POST",
    path="/api/v1/conversations/bulk",
    name="change_conversations",
    tag=TAG,
    summary="Change many conversations.",
    description="Each is changed for itself, as by change_conversation: one that can't be does not keep the others from"
    " it.",
    query=NoQuery,
    body=BulkBody,
    permission="conversations.write",
    audit=Audit("change", "conversations"),
    example={
        "ids": [sample_id("cnv")],
        "change": {
            "status": "open",
            "assignee_id": sample_id("usr"),
            "team_id": sample_id("team"),
            "label_ids": [sample_id("lbl")],
        },
    },
    answers={200: Answer("What became of each.", BulkResults)},
)


class Bulk:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def change(self, call: Call[NoQuery, BulkBody]) -> web.StreamResponse:
        """Change many conversations, one after the other."""
        author = author_of(call.caller, self._services)
        wanted = wanted_of(call.body.change, author.now, PLACE)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await hold(tx, wanted, PLACE)
        chosen, more = await self._chosen(call.caller, call.body)
        results = [await self._change(call, key, wanted, author) for key in sorted(set(chosen))]
        return json_answer(BulkResults(data=results, more=more))

    async def _chosen(self, caller: Caller, body: BulkBody) -> tuple[Sequence[UUID], bool]:
        if body.filters is None:
            return [parse("cnv", one) for one in body.ids or ()], False
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            found = await conversations.ids(tx, filters_of(body.filters, caller), MOST + 1)
        return found[:MOST], len(found) > MOST

    async def _change(
        self, call: Call[NoQuery, BulkBody], key: UUID, wanted: Mapping[str, Any], author: Author
    ) -> BulkResult:
        try:
            entries = await self._changed(call, key, wanted, author)
        except Invalid as refusal:  # what it names went away in between
            return BulkResult(id=public("cnv", key), outcome="invalid", detail=refusal.detail)
        if entries is None:
            return BulkResult(id=public("cnv", key), outcome="not_found", detail=None)
        self._services.announce(entries)
        return BulkResult(id=public("cnv", key), outcome="changed" if entries else "unchanged", detail=None)

    async def _changed(
        self, call: Call[NoQuery, BulkBody], key: UUID, wanted: Mapping[str, Any], author: Author
    ) -> Sequence[Entry] | None:
        """Change one; returns the log entries, or None when it is not there."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await hold(tx, wanted, PLACE)
            state = await changing.lock(tx, key)
            if state is None:
                return None
            call.reaches(key)
            return await changing.change(tx, key, state, replace(state, **wanted), author)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""
    api.add(BULK, Bulk(services).change)
