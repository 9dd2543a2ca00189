"""``/api/v1/connections/{id}/templates``: the message templates that a provider has approved, and fetching them."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web

from channels.http import HttpRequest, HttpResponse
from channels.operations import TemplateListed
from channels.outbound import Refused
from channels.registry import ADAPTERS
from gateway.api.connections import TAG
from gateway.api.credentials import opened
from gateway.api.services import Services
from gateway.model.connection import MessageTemplatePage
from gateway.model.texts import storable
from gateway.openapi import Answer, Api, Call, NoBody, NoQuery, Operation, json_answer
from gateway.outgoing.base_url import calling
from gateway.outgoing.dialogue import DialogueEndless, drive
from gateway.outgoing.http import BODY_LIMIT
from gateway.problems import NotFound, ProviderRefused
from gateway.store import connections as store
from gateway.store.pool import TenantTx, tenant_tx

LONGEST = 500

LIST = Operation(
    method="GET",
    path="/api/v1/connections/{id}/templates",
    name="list_templates",
    tag=TAG,
    summary="List the message templates of a connection, as they were fetched last.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, by name and language.", MessageTemplatePage)},
    id_prefix="int",
)
SYNC = Operation(
    method="POST",
    path="/api/v1/connections/{id}/templates/sync",
    name="sync_templates",
    tag=TAG,
    summary="Fetch the message templates of a connection from its provider.",
    description="For owners and admins. 404 for providers that have no templates.",
    query=NoQuery,
    body=NoBody,
    permission="connections.write",
    answers={200: Answer("All of them as they are now.", MessageTemplatePage)},
    problems=(ProviderRefused,),
    id_prefix="int",
)


class Templates:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer the stored templates."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await _connection(tx, call)
            return await _page(tx, call)

    async def sync(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Ask the provider, with no transaction open meanwhile; then store what it said."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            connection = await _connection(tx, call)
        listed = await self._listed(connection, call)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if await store.lock(tx, call.id) is None:
                raise NotFound("there is no such connection")
            await store.replace_templates(tx, call.id, self._rows(listed))
            return await _page(tx, call)

    async def _listed(self, connection: store.Connection, call: Call[NoQuery, NoBody]) -> Sequence[TemplateListed]:
        adapter = ADAPTERS.get(connection.provider)
        if adapter is None or adapter.operations.templates is None:
            raise NotFound("this provider has no templates that could be fetched")
        values = await opened(self._services.keyring, connection, call.caller.tenant_id)
        dialogue = adapter.operations.templates("", adapter.credentials.model_validate(values))
        try:
            found = await drive(dialogue, calling(self._call, connection.settings))
        except DialogueEndless:
            raise ProviderRefused("the provider's list of templates has no end") from None
        if isinstance(found, Refused):
            raise ProviderRefused(f"{found.reason} ({found.code})", retry_after=_seconds(found))
        return found

    async def _call(self, request: HttpRequest) -> HttpResponse:
        return await self._services.call(request, BODY_LIMIT)

    def _rows(self, listed: Sequence[TemplateListed]) -> str:
        """Write templates as rows; of two with one name and language the last counts."""
        moment = int(self._services.clock().timestamp() * 1000)
        rows = {
            (name, language): {
                "id": str(self._services.new_id(moment)),
                "name": name,
                "language": language,
                "status": storable(one.status, LONGEST),
                "category": one.category and storable(one.category, LONGEST),
                "body": one.body and storable(one.body, LONGEST * 20),
                "components": _storable(one.components),
                "external_id": one.external_id and storable(one.external_id, LONGEST),
            }
            for one in listed
            if (name := storable(one.name, LONGEST)) and (language := storable(one.language, LONGEST)) is not None
        }
        return orjson.dumps(list(rows.values())).decode()


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Templates(services)
    api.add(LIST, handlers.list)
    api.add(SYNC, handlers.sync)


async def _connection(tx: TenantTx, call: Call[NoQuery, NoBody]) -> store.Connection:
    found = await store.get(tx, call.id)
    if found is None:
        raise NotFound("there is no such connection")
    return found


async def _page(tx: TenantTx, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
    rows = await store.templates_json(tx, call.id)
    return json_answer(f'{{"data":[{",".join(rows)}],"next_cursor":null}}')


def _storable(components: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return components; none of a template that holds a NUL, which Postgres takes in no text."""
    return [] if b"\\u0000" in orjson.dumps(components) else components


def _seconds(refused: Refused) -> int | None:
    return None if refused.retry_after is None else max(1, round(refused.retry_after))
