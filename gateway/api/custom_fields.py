"""``/api/v1/custom-fields``: what a tenant keeps of its customers beside what all tenants keep."""

from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api.channels import Words
from gateway.api.services import Services
from gateway.model.customer import CustomField, CustomFieldList, FieldType
from gateway.model.log import Entry
from gateway.openapi import Answer, Api, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import Fault, Invalid, NotFound, Taken
from gateway.store import customers_fields as store
from gateway.store import log
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Customers"
UPDATED = "custom_field.updated"
MOST = 100

Choices = Annotated[list[Words], Field(max_length=100)]
Place = Annotated[int, Field(ge=0, le=10_000, description="Fields are shown by it, then by key.")]


class FieldBody(BodyModel):
    """A new field."""

    key: str = Field(pattern="^[a-z][a-z0-9_]{0,39}$", examples=["contract_since"])
    name: Words
    type: FieldType
    choices: Choices = Field(default=[], description="Of a choice: at least one.")
    position: Place = 0


class FieldChange(BodyModel):
    """What is to be changed of a field; what is left out stays."""

    name: Words | None = None
    choices: Choices | None = Field(default=None, description="Of a choice. Customers keep a value that is left out.")
    position: Place | None = None


LIST = Operation(
    method="GET",
    path="/api/v1/custom-fields",
    name="list_custom_fields",
    tag=TAG,
    summary="List the tenant's own fields of customers.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, in order.", CustomFieldList)},
)
ADD = Operation(
    method="POST",
    path="/api/v1/custom-fields",
    name="add_custom_field",
    tag=TAG,
    summary="Add a field.",
    description="A field of a key and type that was removed comes back with its values; a removed one of another type"
    " keeps its key. Writes custom_field.updated to the log.",
    query=NoQuery,
    body=FieldBody,
    permission="workspace.write",
    example={"key": "size", "name": "Size", "type": "choice", "choices": ["small", "large"]},
    answers={201: Answer("The field.", CustomField)},
    problems=(Taken,),
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/custom-fields/{id}",
    name="change_custom_field",
    tag=TAG,
    summary="Change a field's name, place or choices.",
    description="Its key and type stay. Writes custom_field.updated to the log.",
    query=NoQuery,
    body=FieldChange,
    permission="workspace.write",
    example={"name": "Customer since", "position": 2},
    answers={200: Answer("The field as it is now.", CustomField)},
    id_prefix="fld",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/custom-fields/{id}",
    name="remove_custom_field",
    tag=TAG,
    summary="Remove a field.",
    description="Customers keep their values, which nobody can change then. Writes custom_field.updated to the log.",
    query=NoQuery,
    body=NoBody,
    permission="workspace.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="fld",
)


class CustomFields:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all fields."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            seq = (await log.head(tx)).last_seq
            rows = await store.in_order(tx)
        return json_answer(f'{{"data":[{",".join(rows)}],"seq":{seq}}}')

    async def add(self, call: Call[NoQuery, FieldBody]) -> web.StreamResponse:
        """Store a new field."""
        body = call.body
        _fits(body.type, body.choices)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if len(await store.of_tenant(tx)) >= MOST:
                raise Invalid(f"there can be {MOST} fields at most")
            place = (body.key, body.type, body.name, body.choices, body.position)
            field_id = await store.put(tx, self._new_id(), *place)
            if field_id is None:
                raise Taken(f"the key {body.key} belongs to a field, or to a removed one of another type")
            entry = await self._tell(tx, field_id)
        self._services.announce([entry])
        return json_answer(entry.data, 201)

    async def change(self, call: Call[NoQuery, FieldChange]) -> web.StreamResponse:
        """Change a field."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            was = await store.lock(tx, call.id)
            if was is None:
                raise NotFound("there is no such field")
            given: dict[str, Any] = call.body.model_dump(exclude_none=True)  # Any: values of the body
            now = {**was, **given}
            _fits(was["type"], now["choices"])
            await store.change(tx, call.id, now["name"], now["choices"], now["position"])
            entry = await self._tell(tx, call.id)
        self._services.announce([entry])
        return json_answer(entry.data)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove a field."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await store.remove(tx, call.id):
                raise NotFound("there is no such field")
            entry = await self._tell(tx, call.id)
        self._services.announce([entry])
        return web.Response(status=204)

    async def _tell(self, tx: TenantTx, field_id: UUID) -> Entry:
        await log.lock_head(tx)
        return await log.append(tx, UPDATED, None, await store.shown(tx, field_id), self._new_id())

    def _new_id(self) -> UUID:
        return self._services.new_id(int(self._services.clock().timestamp() * 1000))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = CustomFields(services)
    api.add(LIST, handlers.list)
    api.add(ADD, handlers.add)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)


def _fits(kind: str, choices: list[str]) -> None:
    if (kind == "choice") != bool(choices):
        words = "a choice needs choices" if kind == "choice" else "only a choice has choices"
        raise Invalid("the choices don't fit the type", [Fault("body", "/choices", words)])
