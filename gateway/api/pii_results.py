"""``/api/v1/pii/results``: what was found of personal data, and what people say of it."""

from collections.abc import Sequence

from aiohttp import web
from pydantic import Field

from gateway.api.authors import author_of
from gateway.api.cursors import list_json, position_of
from gateway.api.pii import TAG
from gateway.api.services import Services
from gateway.detection.previews import hide
from gateway.model.fields import ConversationId, CustomerId, MessageId
from gateway.model.ids import parse
from gateway.model.log import Entry
from gateway.model.pii import PiiResult, PiiResultPage, ReviewState
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
from gateway.pii.finding import Kind
from gateway.problems import CursorInvalid, NotFound
from gateway.store import pii_results, pii_rules
from gateway.store.pii_results import Wanted
from gateway.store.pool import tenant_tx


class ResultQuery(QueryModel):
    """Which results; all that is given has to be true of each."""

    state: ReviewState | None = Field(default=None, description="open: nobody has looked at it yet.")
    kind: Kind | None = None
    message_id: MessageId | None = None
    conversation_id: ConversationId | None = None
    customer_id: CustomerId | None = Field(default=None, description="In the customer's own fields and notes.")
    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


class ReviewBody(BodyModel):
    """What it is."""

    state: ReviewState = Field(
        description="confirmed: it is what it looks like. dismissed: it is not, and is shown again in previews."
    )


LIST = Operation(
    method="GET",
    path="/api/v1/pii/results",
    name="list_pii_results",
    tag=TAG,
    summary="List what was found, newest first.",
    query=ResultQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "pii_detection_results"),
    answers={200: Answer("A page.", PiiResultPage)},
    problems=(CursorInvalid,),
)
REVIEW = Operation(
    method="PATCH",
    path="/api/v1/pii/results/{id}",
    name="review_pii_result",
    tag=TAG,
    summary="Say whether a result is what it looks like.",
    description="Where the preview of a message or of a subject is another one by that, message.updated or"
    " conversation.updated is written to the log.",
    query=NoQuery,
    body=ReviewBody,
    permission="workspace.write",
    audit=Audit("change", "pii_detection_results"),
    example={"state": "dismissed"},
    answers={200: Answer("The result as it is now.", PiiResult)},
    id_prefix="pii",
)


class Results:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[ResultQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        query = call.query
        mark = [f"{name}={value}" for name, value in query.model_dump(exclude={"cursor", "limit"}).items()]
        wanted = Wanted(
            state=query.state,
            kind=query.kind,
            message_id=parse("msg", query.message_id) if query.message_id else None,
            conversation_id=parse("cnv", query.conversation_id) if query.conversation_id else None,
            customer_id=parse("cus", query.customer_id) if query.customer_id else None,
        )
        after = position_of(query.cursor, mark)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await pii_results.newest_first(tx, wanted, after, query.limit)
        return json_answer(list_json(page, mark))

    async def review(self, call: Call[NoQuery, ReviewBody]) -> web.StreamResponse:
        """Note what a result is, and show or hide it in the message's preview."""
        author = author_of(call.caller, self._services)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            try:
                message = await pii_results.review(tx, call.id, call.body.state, call.caller.user_id, author.moment)
            except pii_results.NotFound:
                raise NotFound("there is no such result") from None
            shown = await pii_results.get(tx, call.id)
            entries: Sequence[Entry] = []
            if message is not None:
                detectors = await pii_rules.detectors(tx)
                entries = await hide(tx, detectors, [message], author.fresh_id, anew=True)
        if entries:
            self._services.announce(entries)
        return json_answer(shown or "null")


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Results(services)
    api.add(LIST, handlers.list)
    api.add(REVIEW, handlers.review)
