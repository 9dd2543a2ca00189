"""``GET /api/v1/channels``: the addresses that the tenant is written to at, without what their connections are."""

from aiohttp import web

from gateway.api.cursors import list_json
from gateway.api.services import Services
from gateway.model.connection import ChannelPage
from gateway.model.page import Page
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation, json_answer
from gateway.store import connections, log
from gateway.store.pool import tenant_tx

LIST = Operation(
    method="GET",
    path="/api/v1/channels",
    name="list_channels",
    tag="Connections",
    summary="List the channels of all connections.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, the oldest first; at least as new as seq.", ChannelPage)},
)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""

    async def channels(call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        async with tenant_tx(services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            rows = await connections.all_channels(tx)
        return json_answer(list_json(Page(rows, None), [], head.last_seq))

    api.add(LIST, channels)
