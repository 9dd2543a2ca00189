"""``/api/v1/api-keys``: the keys of programs."""

from typing import Any

from aiohttp import web
from pydantic import Field

from gateway.access import SECRET_BYTES, new_api_key, token_hash
from gateway.api.channels import Words
from gateway.api.services import Services
from gateway.model.ids import public
from gateway.model.log import iso
from gateway.model.member import ApiKey, ApiKeyPage, NewApiKey
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.permissions import OF_KEYS, Permission
from gateway.problems import Fault, Forbidden, Invalid, NotFound
from gateway.store import api_keys
from gateway.store.pool import tenant_tx

TAG = "API keys"


class ApiKeyBody(BodyModel):
    """A new key."""

    name: Words = Field(description="What it is for.")
    scopes: list[Permission] = Field(
        min_length=1, max_length=40, description="What it may do; nothing that its maker may not."
    )


LIST = Operation(
    method="GET",
    path="/api/v1/api-keys",
    name="list_api_keys",
    tag=TAG,
    summary="List the API keys.",
    query=NoQuery,
    body=NoBody,
    permission="api_keys.write",
    answers={200: Answer("Those that count, the newest first.", ApiKeyPage)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/api-keys",
    name="create_api_key",
    tag=TAG,
    summary="Make an API key.",
    query=NoQuery,
    body=ApiKeyBody,
    permission="api_keys.write",
    audit=Audit("create", "api_keys"),
    example={"name": "Shop", "scopes": ["inbox.read", "messages.send"]},
    answers={201: Answer("The key, told this once.", NewApiKey)},
)
REVOKE = Operation(
    method="DELETE",
    path="/api/v1/api-keys/{id}",
    name="revoke_api_key",
    tag=TAG,
    summary="Revoke an API key.",
    description="The next request with it is refused, and its websockets and streams are closed.",
    query=NoQuery,
    body=NoBody,
    permission="api_keys.write",
    audit=Audit("remove", "api_keys"),
    answers={204: Answer("It counts no more.", content_type=None)},
    id_prefix="key",
)


class ApiKeys:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all keys."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await api_keys.all_of(tx)
        return json_answer(ApiKeyPage(data=[ApiKey(**_shown(one)) for one in found], next_cursor=None))

    async def create(self, call: Call[NoQuery, ApiKeyBody]) -> web.StreamResponse:
        """Make a key, and show it this once."""
        caller, scopes = call.caller, sorted(set(call.body.scopes))
        if not OF_KEYS.issuperset(scopes):
            person = Fault("body", "/scopes", "account.write is for people: a key has no account")
            raise Invalid("a key can't have all of this", [person])
        if not caller.permissions.issuperset(scopes):
            lacking = sorted(set(scopes) - caller.permissions)
            raise Forbidden(f"this needs what you may not do yourself: {', '.join(lacking)}")
        now = self._services.clock()
        key = new_api_key(caller.tenant_id, self._services.secret(SECRET_BYTES))
        stored = api_keys.Key(
            id=self._services.new_id(int(now.timestamp() * 1000)),
            name=call.body.name,
            prefix=key.split("_")[1],
            scopes=scopes,
            created_by=caller.user_id,
            created_at=now,
            last_used_at=None,
        )
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            call.reaches(stored.id)
            await api_keys.add(tx, stored, token_hash(key))
        return json_answer(NewApiKey(**_shown(stored), key=key), 201)

    async def revoke(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Let a key count no more."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            key_hash = await api_keys.revoke(tx, call.id, self._services.clock())
        if key_hash is None:
            raise NotFound("there is no such API key")
        self._services.login_ended(key_hash)
        return web.Response(status=204)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = ApiKeys(services)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(REVOKE, handlers.revoke)


def _shown(key: api_keys.Key) -> dict[str, Any]:
    return {
        "id": public("key", key.id),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "created_by": public("usr", key.created_by) if key.created_by else None,
        "created_at": iso(key.created_at),
        "last_used_at": iso(key.last_used_at) if key.last_used_at else None,
    }
