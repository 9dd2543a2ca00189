"""``/api/v1/webhooks``: what was received, in the raw, and what became of it."""

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import list_json, position_of
from gateway.api.services import Services
from gateway.keys import KeyShredded, KeysUnavailable
from gateway.model.fields import ConnectionId
from gateway.model.ids import parse
from gateway.model.webhook import Webhook, WebhookInFull, WebhookPage, WebhookState
from gateway.openapi import Answer, Api, Audit, Call, Limit, NoBody, NoQuery, Operation, QueryModel, json_answer
from gateway.problems import CursorInvalid, NotFound, Overloaded, ShareUsed
from gateway.store import webhooks
from gateway.store.pool import tenant_tx
from gateway.store.webhooks import Wanted

TAG = "Webhooks"


class WebhookQuery(QueryModel):
    """Which webhooks."""

    state: list[WebhookState] = Field(default=[], max_length=6, description="May be repeated; none means all.")
    provider: str | None = Field(default=None, pattern="^[a-z0-9_]{1,40}$", description="Only those of this provider.")
    connection: ConnectionId | None = Field(default=None, description="Only those of this connection.")
    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


LIST = Operation(
    method="GET",
    path="/api/v1/webhooks",
    name="list_webhooks",
    tag=TAG,
    summary="List received webhooks, newest first.",
    query=WebhookQuery,
    body=NoBody,
    permission="webhooks.read",
    audit=Audit("read", "inbound_webhooks"),
    answers={200: Answer("A page.", WebhookPage)},
    problems=(CursorInvalid,),
)
GET = Operation(
    method="GET",
    path="/api/v1/webhooks/{id}",
    name="get_webhook",
    tag=TAG,
    summary="Get a received webhook with its body.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.read",
    audit=Audit("read", "inbound_webhooks"),
    answers={200: Answer("The webhook.", WebhookInFull)},
    problems=(KeyShredded, KeysUnavailable),
    id_prefix="whk",
)
REPLAY = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/replay",
    name="replay_webhook",
    tag=TAG,
    summary="Parse a received webhook again.",
    description="After a fix, or once an address it names was added. What was stored before stays as it is.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.replay",
    audit=Audit("replay", "inbound_webhooks"),
    answers={200: Answer("The webhook as it is now.", Webhook)},
    problems=(Overloaded, ShareUsed, KeyShredded, KeysUnavailable),
    id_prefix="whk",
)


class Webhooks:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[WebhookQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        query = call.query
        wanted = Wanted(
            states=sorted(set(query.state)),
            provider=query.provider,
            integration_id=None if query.connection is None else parse("int", query.connection),
        )
        mark = [*wanted.states, query.provider or "", query.connection or ""]
        after = position_of(query.cursor, mark)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await webhooks.newest_first(tx, wanted, after, query.limit)
        return json_answer(list_json(page, mark))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one webhook in full."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await webhooks.get_in_full(tx, call.id)
        if found is None:
            raise NotFound("there is no such webhook")
        _, body = await found.raw.opened(self._services.keyring)
        return json_answer(found.with_body(body))

    async def replay(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Have a webhook parsed anew, and answer what became of it."""
        tenant_id = call.caller.tenant_id
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            _there(await webhooks.get(tx, call.id))
        if not await self._services.replay(tenant_id, call.id):
            raise NotFound("the connection of this webhook is gone")
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            found = await webhooks.get(tx, call.id)
        return json_answer(_there(found))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Webhooks(services)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(REPLAY, handlers.replay)


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such webhook")
    return found
