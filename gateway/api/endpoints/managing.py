"""``/api/v1/webhook-endpoints``: where a tenant's events are posted to."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import orjson
from aiohttp import web

from gateway.access import Caller
from gateway.api.authors import author_of
from gateway.api.cursors import list_json
from gateway.api.endpoints.bodies import EndpointBody, EndpointChange
from gateway.api.endpoints.logins import login_of, shown_of
from gateway.api.endpoints.setting_up import (
    Sealing,
    changed_login,
    changed_setup,
    check_filters,
    check_headers,
    check_urls,
    first_setup,
)
from gateway.api.endpoints.signing import new_secret, public_key_of
from gateway.api.etags import ETAG, IF_MATCH, etag_of, require_match, tagged
from gateway.api.services import Services
from gateway.model.endpoint import CreatedEndpoint, Endpoint, EndpointPage
from gateway.model.endpoint_secrets import EndpointSecrets
from gateway.model.ids import sample_id
from gateway.model.log import Entry
from gateway.model.page import Page
from gateway.openapi import Answer, Api, Audit, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import ChangedMeanwhile, NotFound, WrongState
from gateway.store import endpoint_health, log
from gateway.store import webhook_endpoints as store
from gateway.store.connections import data_key
from gateway.store.lanes import try_now
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Endpoints"
UPDATED = "webhook_endpoint.updated"
MOST_ENDPOINTS = 50

LIST = Operation(
    method="GET",
    path="/api/v1/webhook-endpoints",
    name="list_webhook_endpoints",
    tag=TAG,
    summary="List the endpoints.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.read",
    answers={200: Answer("All of them, the oldest first; at least as new as seq.", EndpointPage)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/webhook-endpoints",
    name="create_webhook_endpoint",
    tag=TAG,
    summary="Make an endpoint: from now on events are posted to it.",
    description="Writes webhook_endpoint.updated to the log; the endpoint is owed what comes after that. A name that "
    "can't be looked up at the moment is taken; one that leads into a network inside is not.",
    query=NoQuery,
    body=EndpointBody,
    permission="endpoints.write",
    audit=Audit("create", "webhook_endpoints"),
    example={
        "url": "https://integrator.example.org/hooks",
        "description": "Order system",
        "event_types": ["message.*", "conversation.updated"],
        "channel_ids": [sample_id("ch")],
        "label_ids": [sample_id("lbl")],
        "auth": {"type": "bearer", "token": "a-made-up-token"},
        "headers": {"X-Environment": "production"},
        "schemes": ["v1a"],
        "ordering": "conversation",
    },
    answers={201: Answer("The endpoint, and its secret, which is told this once.", CreatedEndpoint, headers=ETAG)},
    problems=(WrongState,),
)
GET = Operation(
    method="GET",
    path="/api/v1/webhook-endpoints/{id}",
    name="get_webhook_endpoint",
    tag=TAG,
    summary="Get an endpoint.",
    query=NoQuery,
    body=NoBody,
    permission="webhooks.read",
    answers={200: Answer("The endpoint.", Endpoint, headers=ETAG)},
    id_prefix="ep",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/webhook-endpoints/{id}",
    name="change_webhook_endpoint",
    tag=TAG,
    summary="Change an endpoint, or disable or enable it.",
    description="Writes webhook_endpoint.updated to the log. What a disabled endpoint is owed is held; once it is "
    "enabled, that is sent in order, slowly at first. What waits already is sent by the new settings; event types and "
    "filters count for what happens from now on.",
    query=NoQuery,
    body=EndpointChange,
    permission="endpoints.write",
    audit=Audit("change", "webhook_endpoints"),
    example={
        "event_types": ["message.created"],
        "channel_ids": [sample_id("ch")],
        "label_ids": None,
        "auth": {"type": "basic", "username": "postgate", "password": "made up"},
        "status": "disabled",
    },
    answers={200: Answer("The endpoint as it is now.", Endpoint, headers=ETAG)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="ep",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/webhook-endpoints/{id}",
    name="remove_webhook_endpoint",
    tag=TAG,
    summary="Remove an endpoint.",
    description="Nothing is sent to it any more, and its secrets are destroyed; what was delivered can still be seen. "
    "Writes webhook_endpoint.updated to the log, with deleted_at.",
    query=NoQuery,
    body=NoBody,
    permission="endpoints.write",
    audit=Audit("remove", "webhook_endpoints"),
    answers={204: Answer("It is gone.", content_type=None)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="ep",
)


class Endpoints:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sealing = Sealing(services)

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all endpoints."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            rows = await store.all_of(tx)
        return json_answer(list_json(Page(rows, None), [], head.last_seq))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await store.get(tx, call.id)
        if found is None:
            raise _not_there()
        return tagged(found)

    async def create(self, call: Call[NoQuery, EndpointBody]) -> web.StreamResponse:
        """Make one."""
        body, tenant_id = call.body, call.caller.tenant_id
        author = author_of(call.caller, self._services)
        secrets = self._first_secrets(body)
        await check_urls(self._services.check_url, body.url, body.auth)
        key = author.fresh_id()
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            await check_filters(tx, body.channel_ids, body.label_ids)
            under = await data_key(tx)
            setup = first_setup(body, secrets, await self._sealing.sealed(tenant_id, key, under, secrets))
            await store.add(tx, key, setup, under.id, call.caller.user_id)
            await log.lock_head(tx)
            if await store.count(tx) > MOST_ENDPOINTS:
                raise WrongState(f"there are {MOST_ENDPOINTS} endpoints already; remove one first")
            await store.begin(tx, key)
            entry, shown = await append_endpoint(tx, key, author.fresh_id())
            call.reaches(key)
            call.sends(entry.seq + 1)
        tell(self._services, key, [entry])
        return with_secret(shown, {"secret": secrets.secrets[0].value}, 201)

    async def change(self, call: Call[NoQuery, EndpointChange]) -> web.StreamResponse:
        """Change one, if it is what the caller saw."""
        body = call.body
        await check_urls(self._services.check_url, body.url, body.auth)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            endpoint = await locked(tx, call.id)
            require_match(call.request, endpoint.shown)
            await check_filters(tx, body.channel_ids, body.label_ids)
            await store.change(tx, call.id, await self._changed(tx, endpoint, body))
            await _set_status(tx, endpoint, body.status)
            if body.url is not None:
                await try_now(tx, call.id)
            entry, shown = await self._written(tx, call.caller, call.id)
            call.sends(entry.seq + 1)
        tell(self._services, call.id, [entry])
        return tagged(shown)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove one."""
        tenant_id = call.caller.tenant_id
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            endpoint = await locked(tx, call.id)
            require_match(call.request, endpoint.shown)
            nothing = await self._sealing.sealed(tenant_id, call.id, endpoint.key, EndpointSecrets(secrets=[]))
            await store.remove(tx, call.id, nothing)
            entry, _ = await self._written(tx, call.caller, call.id)
        tell(self._services, call.id, [entry])
        return web.Response(status=204)

    def _first_secrets(self, body: EndpointBody) -> EndpointSecrets:
        """Return the secrets of a new endpoint.

        Raises:
            Invalid: when its login or its headers are not acceptable.
        """
        login = login_of(body.auth, None)
        check_headers(body.headers, login)
        made = new_secret(self._sealing.fresh_name(), body.secret, self._services.secret, self._services.clock())
        return self._sealing.with_keys(EndpointSecrets(secrets=[made], login=login), body.schemes)

    async def _changed(self, tx: TenantTx, endpoint: store.Endpoint, body: EndpointChange) -> store.Setup:
        """Return what is to be stored; secrets are sealed anew only where something of them changes."""
        setup = changed_setup(endpoint.setup, body)
        secrets = await self._sealing.opened(tx.tenant_id, endpoint)
        kind, login = changed_login(endpoint.setup, body, secrets)
        check_headers(setup.headers, login)
        changed = self._sealing.with_keys(secrets.model_copy(update={"login": login}), setup.schemes)
        if changed == secrets:
            return replace(setup, auth=shown_of(kind, login))
        return replace(
            setup,
            auth=shown_of(kind, login),
            public_key=public_key_of(changed),
            sealed=await self._sealing.sealed(tx.tenant_id, endpoint.id, endpoint.key, changed),
        )

    async def _written(self, tx: TenantTx, caller: Caller, endpoint_id: UUID) -> tuple[Entry, str]:
        await log.lock_head(tx)
        return await append_endpoint(tx, endpoint_id, author_of(caller, self._services).fresh_id())


async def locked(tx: TenantTx, endpoint_id: UUID) -> store.Endpoint:
    """Return an endpoint, which nobody else changes until the transaction ends.

    Raises:
        NotFound: when there is none.
    """
    found = await store.lock(tx, endpoint_id)
    if found is None:
        raise _not_there()
    return found


async def append_endpoint(tx: TenantTx, endpoint_id: UUID, event_id: UUID) -> tuple[Entry, str]:
    """Write to the log, whose head is locked, what is new of an endpoint; returns also how it is now, as JSON text."""
    entry = await log.append(tx, UPDATED, None, await endpoint_health.news(tx, endpoint_id), event_id)
    return entry, await store.shown(tx, endpoint_id)


def tell(services: Services, endpoint_id: UUID, entries: Sequence[Entry]) -> None:
    """Tell everybody of a changed endpoint, after the commit."""
    services.announce(entries)
    services.endpoint_changed(endpoint_id)


def with_secret(shown: str, told: dict[str, object], status: int) -> web.Response:
    """Answer an endpoint and what is told of it this once, under the tag that it has without that."""
    answer = json_answer(f"{shown[:-1]},{orjson.dumps(told).decode()[1:]}", status)
    answer.etag = etag_of(shown)
    return answer


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Endpoints(services)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)


async def _set_status(tx: TenantTx, endpoint: store.Endpoint, wanted: str | None) -> None:
    if wanted == "disabled" and endpoint.status == "enabled":
        await store.disable(tx, endpoint.id)
    elif wanted == "enabled" and endpoint.status == "disabled":
        await store.enable(tx, endpoint.id)


def _not_there() -> NotFound:
    return NotFound("there is no such endpoint")
