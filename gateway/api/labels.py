"""``/api/v1/labels``: words in colours, for conversations and customers."""

from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.access import Caller
from gateway.api.authors import author_of
from gateway.api.channels import Words
from gateway.api.cursors import list_json
from gateway.api.etags import ETAG, IF_MATCH, require_match, tagged
from gateway.api.services import Services
from gateway.model.label import Color, Label, LabelPage
from gateway.model.log import Entry
from gateway.model.page import Page
from gateway.openapi import Answer, Api, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import ChangedMeanwhile, Fault, Invalid, NotFound
from gateway.store import labels, log
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Labels"
UPDATED = "label.updated"


class LabelBody(BodyModel):
    """A new label."""

    name: Words
    color: Color
    description: Words | None = None


class LabelChange(BodyModel):
    """What is to be changed of a label; what is left out stays."""

    name: Words | None = None
    color: Color | None = None
    description: Words | None = Field(default=None, description="null: none.")


LIST = Operation(
    method="GET",
    path="/api/v1/labels",
    name="list_labels",
    tag=TAG,
    summary="List the labels.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, by name; at least as new as seq.", LabelPage)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/labels",
    name="create_label",
    tag=TAG,
    summary="Make a label.",
    description="Writes label.updated to the log.",
    query=NoQuery,
    body=LabelBody,
    permission="workspace.write",
    example={"name": "Refund", "color": "green", "description": "Money is to go back."},
    answers={201: Answer("The label.", Label, headers=ETAG)},
)
GET = Operation(
    method="GET",
    path="/api/v1/labels/{id}",
    name="get_label",
    tag=TAG,
    summary="Get a label.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("The label.", Label, headers=ETAG)},
    id_prefix="lbl",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/labels/{id}",
    name="change_label",
    tag=TAG,
    summary="Change a label.",
    description="Writes label.updated to the log.",
    query=NoQuery,
    body=LabelChange,
    permission="workspace.write",
    example={"name": "Refunds", "color": "teal"},
    answers={200: Answer("The label as it is now.", Label, headers=ETAG)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="lbl",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/labels/{id}",
    name="remove_label",
    tag=TAG,
    summary="Remove a label.",
    description="Writes label.updated to the log, with deleted_at; then it is taken off the conversations and customers"
    " that have it, each told of as ever.",
    query=NoQuery,
    body=NoBody,
    permission="workspace.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="lbl",
)


class Labels:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all labels."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            rows = await labels.all_of(tx)
        return json_answer(list_json(Page(rows, None), [], head.last_seq))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one label."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return tagged(_there(await labels.get(tx, call.id)))

    async def create(self, call: Call[NoQuery, LabelBody]) -> web.StreamResponse:
        """Make a label."""
        body, key = call.body, author_of(call.caller, self._services).fresh_id()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await labels.add(tx, key, body.name, body.color, body.description):
                raise _taken()
            entry = await self._tell(tx, call.caller, key)
        self._services.announce([entry])
        return tagged(entry.data, 201)

    async def change(self, call: Call[NoQuery, LabelChange]) -> web.StreamResponse:
        """Change a label, if it is what the caller saw."""
        body = call.body
        describe = "description" in body.model_fields_set
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            require_match(call.request, _there(await labels.lock(tx, call.id)))
            if not await labels.change(
                tx, call.id, body.name, body.color, describe=describe, description=body.description
            ):
                raise _taken()
            entry = await self._tell(tx, call.caller, call.id)
        self._services.announce([entry])
        return tagged(entry.data)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove a label."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _there(await labels.lock(tx, call.id))
            await labels.remove(tx, call.id)
            entry = await self._tell(tx, call.caller, call.id)
        self._services.announce([entry])
        return web.Response(status=204)

    async def _tell(self, tx: TenantTx, caller: Caller, key: UUID) -> Entry:
        await log.lock_head(tx)
        shown = await labels.shown(tx, key)
        return await log.append(tx, UPDATED, None, shown, author_of(caller, self._services).fresh_id())


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Labels(services)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such label")
    return found


def _taken() -> Invalid:
    return Invalid("there is a label of this name", [Fault("body", "/name", "another label has this name")])
