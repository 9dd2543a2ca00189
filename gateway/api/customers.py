"""``/api/v1/customers``: the list, one customer, their card and addresses."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import Field

from gateway.api.channels import Words
from gateway.api.cursors import list_json, name_position_of, names_json, position_of
from gateway.api.customer_addresses import IdentityBody, IdentityQuery, address_of, spelled
from gateway.api.customer_cards import EMPTY, Values, changed_values, store_card, wanted_labels
from gateway.api.etags import ETAG, IF_MATCH, require_match, tagged
from gateway.api.services import Services
from gateway.model.customer import Customer, CustomerPage
from gateway.model.fields import LabelId
from gateway.model.ids import parse, public, sample_id
from gateway.model.log import Entry
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
from gateway.problems import ChangedMeanwhile, CursorInvalid, Fault, Invalid, NotFound, Taken, WrongState
from gateway.store import customers as store
from gateway.store import log
from gateway.store.customers import Address
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Customers"
CREATED = "customer.created"
UPDATED = "customer.updated"

CustomerStatus = Literal["active", "blocked"]
Labels = Annotated[list[LabelId], Field(max_length=100, description="All labels that they are to have.")]
CURSOR = Field(default=None, description="The next_cursor of the page before.")


class CustomerQuery(QueryModel):
    """Which customers, in which order."""

    status: list[Literal["active", "blocked", "merged"]] = Field(
        default=[], max_length=3, description="May be repeated; none means active and blocked."
    )
    label_id: LabelId | None = Field(default=None, description="Those who have this label.")
    sort: Literal["newest", "name"] = "newest"
    limit: Limit = 50
    cursor: str | None = CURSOR


class CustomerChange(BodyModel):
    """What is to be changed of a customer; what is left out stays."""

    name: Words | None = None
    business_name: Words | None = None
    customer_code: Words | None = Field(default=None, description="Unique among the tenant's customers.")
    status: CustomerStatus | None = Field(
        default=None, description="blocked: marked as somebody not to deal with; their messages are kept all the same."
    )
    custom_fields: Values = Field(
        default={}, max_length=100, description="Those that are named are set anew, or removed by null."
    )
    label_ids: Labels | None = None


class CustomerBody(CustomerChange):
    """A new customer; a name, a business name or an address is needed."""

    identities: list[IdentityBody] = Field(default=[], max_length=50)


LIST = Operation(
    method="GET",
    path="/api/v1/customers",
    name="list_customers",
    tag=TAG,
    summary="List customers, the newest first, or by name.",
    query=CustomerQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "customers"),
    answers={200: Answer("A page; its rows are at least as new as seq.", CustomerPage)},
    problems=(CursorInvalid,),
)
CREATE = Operation(
    method="POST",
    path="/api/v1/customers",
    name="create_customer",
    tag=TAG,
    summary="Add a customer.",
    description="Writes customer.created to the log. An address that another customer has is refused: `taken`.",
    query=NoQuery,
    body=CustomerBody,
    permission="customers.write",
    audit=Audit("create", "customers"),
    example={
        "name": "Jane Doe",
        "customer_code": "C-1001",
        "label_ids": [sample_id("lbl")],
        "identities": [{"kind": "phone", "value": "+12025550124"}],
    },
    answers={201: Answer("The customer.", Customer, headers=ETAG)},
    problems=(Taken,),
)
GET = Operation(
    method="GET",
    path="/api/v1/customers/{id}",
    name="get_customer",
    tag=TAG,
    summary="Get a customer.",
    description="A merged one too, whose merged_into tells who they are now.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "customers"),
    answers={200: Answer("The customer.", Customer, headers=ETAG)},
    id_prefix="cus",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/customers/{id}",
    name="change_customer",
    tag=TAG,
    summary="Change a customer's card.",
    description="Writes customer.updated to the log when something is different afterwards.",
    query=NoQuery,
    body=CustomerChange,
    permission="customers.write",
    audit=Audit("change", "customers"),
    example={"business_name": "Hats and More", "label_ids": [sample_id("lbl")]},
    answers={200: Answer("The customer as they are now.", Customer, headers=ETAG)},
    problems=(Taken, WrongState, ChangedMeanwhile),
    id_prefix="cus",
    headers=IF_MATCH,
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/customers/{id}",
    name="remove_customer",
    tag=TAG,
    summary="Delete a customer.",
    description="Their conversations stay, under the name. Their addresses and their code are free again: whoever"
    " writes from one is a new customer. Merges into them can no longer be undone. Writes customer.updated.",
    query=NoQuery,
    body=NoBody,
    permission="customers.write",
    audit=Audit("remove", "customers"),
    answers={204: Answer("They are gone.", content_type=None)},
    problems=(WrongState,),
    id_prefix="cus",
)
ADD_IDENTITY = Operation(
    method="POST",
    path="/api/v1/customers/{id}/identities",
    name="add_identity",
    tag=TAG,
    summary="Give a customer an address.",
    description="A number is kept as E.164, an e-mail address in lower case. Writes customer.updated to the log. What"
    " another customer has is refused: `taken`; merge the two if they are one.",
    query=NoQuery,
    body=IdentityBody,
    permission="customers.write",
    audit=Audit("change", "customers"),
    example={"kind": "email", "value": "jane@example.org"},
    answers={200: Answer("The customer as they are now.", Customer, headers=ETAG)},
    problems=(Taken, WrongState),
    id_prefix="cus",
)
REMOVE_IDENTITY = Operation(
    method="DELETE",
    path="/api/v1/customers/{id}/identities",
    name="remove_identity",
    tag=TAG,
    summary="Take an address off a customer.",
    description="Whoever writes from it is a new customer then. The last one may go too. Writes customer.updated.",
    query=IdentityQuery,
    body=NoBody,
    permission="customers.write",
    audit=Audit("change", "customers"),
    answers={200: Answer("The customer as they are now.", Customer, headers=ETAG)},
    problems=(WrongState,),
    id_prefix="cus",
)


class Customers:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[CustomerQuery, NoBody]) -> web.StreamResponse:
        """Answer a page; the log's position is read first, so that folding what follows it loses nothing."""
        query = call.query
        statuses = sorted(set(query.status or ("active", "blocked")))
        filters = [query.sort, query.label_id or "", *statuses]
        label = parse("lbl", query.label_id) if query.label_id else None
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            seq = (await log.head(tx)).last_seq
            if query.sort == "name":
                place = name_position_of(query.cursor, filters)
                names = await store.by_name(tx, statuses, label, place, query.limit)
                return json_answer(names_json(names, filters, seq))
            page = await store.newest_first(tx, statuses, label, position_of(query.cursor, filters), query.limit)
        return json_answer(list_json(page, filters, seq))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one customer."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return tagged(_there(await store.get(tx, call.id)))

    async def create(self, call: Call[NoQuery, CustomerBody]) -> web.StreamResponse:
        """Store a new customer with their addresses and labels."""
        body = call.body
        addresses = [address_of(one, f"/identities/{place}") for place, one in enumerate(body.identities)]
        if not (body.name or body.business_name or addresses):
            raise Invalid("a customer needs a name or an address", [Fault("body", "", "give a name or an address")])
        customer_id = self._new_id()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            card = await self._card(tx, EMPTY, body)
            labels = await wanted_labels(tx, body.label_ids or [])
            await _taken(tx, addresses, customer_id)
            await store_card(tx, customer_id, card, new=True)
            for address in addresses:
                await self._give(tx, customer_id, address)
            await store.set_labels(tx, customer_id, labels)
            entries = [await self._tell(tx, CREATED, customer_id, customer_id)]
            shown = call.made(_there(await store.get(tx, customer_id)))
        self._services.announce(entries)
        return tagged(shown, 201)

    async def change(self, call: Call[NoQuery, CustomerChange]) -> web.StreamResponse:
        """Store what is to be changed; nothing is told when nothing is different."""
        body = call.body
        entries = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            labels = await wanted_labels(tx, body.label_ids) if body.label_ids is not None else None
            before = await locked(tx, call.id)
            require_match(call.request, before)
            was = orjson.loads(before)
            _own(was)
            card = await self._card(tx, was, body)
            changed = any(card[key] != was[key] for key in card)
            if changed:
                await store_card(tx, call.id, card)
            if labels is not None and {public("lbl", label) for label in labels} != set(was["label_ids"]):
                await store.set_labels(tx, call.id, labels)
                changed = True
            if changed:
                entries.append(await self._tell(tx, UPDATED, call.id))
            shown = _there(await store.get(tx, call.id))
        self._announce(entries)
        return tagged(shown)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Delete a customer."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await store.lock(tx, call.id):
                raise NotFound("there is no such customer")
            _own(orjson.loads(_there(await store.get(tx, call.id))))
            await store.remove(tx, call.id)
            entries = [await self._tell(tx, UPDATED, call.id)]
        self._announce(entries)
        return web.Response(status=204)

    async def add_identity(self, call: Call[NoQuery, IdentityBody]) -> web.StreamResponse:
        """Give a customer an address; one that they have already changes nothing."""
        address = address_of(call.body, "")
        entries = []
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            was = orjson.loads(await locked(tx, call.id))
            _own(was)
            if {"kind": address.kind, "value": address.value} not in was["identities"]:
                await _taken(tx, [address], call.id)
                await self._give(tx, call.id, address)
                entries.append(await self._tell(tx, UPDATED, call.id))
            shown = _there(await store.get(tx, call.id))
        self._announce(entries)
        return tagged(shown)

    async def remove_identity(self, call: Call[IdentityQuery, NoBody]) -> web.StreamResponse:
        """Take an address off a customer."""
        given = call.query
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _own(orjson.loads(await locked(tx, call.id)))
            for value in dict.fromkeys((given.value.replace("\0", ""), spelled(given))):
                if await store.remove_identity(tx, call.id, Address(given.kind, value)):
                    break
            else:
                raise NotFound("this customer has no such address")
            entries = [await self._tell(tx, UPDATED, call.id)]
            shown = _there(await store.get(tx, call.id))
        self._announce(entries)
        return tagged(shown)

    async def _card(self, tx: TenantTx, was: Mapping[str, Any], body: CustomerChange) -> Values:
        """Return the card as the body changes it.

        Raises:
            Invalid: when a custom field does not take its value.
            Taken: when another customer has the code.
        """
        given = body.model_fields_set
        card = {
            key: getattr(body, key) if key in given else was[key] for key in ("name", "business_name", "customer_code")
        }
        card["status"] = body.status or was["status"]
        card["custom_fields"] = await changed_values(tx, was["custom_fields"], body.custom_fields)
        return card

    async def _give(self, tx: TenantTx, customer_id: UUID, address: Address) -> None:
        if not await store.add_identity(tx, customer_id, address):
            await _taken(tx, [address], customer_id)

    async def _tell(self, tx: TenantTx, kind: str, customer_id: UUID, event_id: UUID | None = None) -> Entry:
        """Write of a customer to the log; its lock is taken last, as every writer does."""
        await log.lock_head(tx)
        shown = (await store.shown(tx, [customer_id]))[customer_id]
        return await log.append(tx, kind, None, shown, event_id or self._new_id())

    def _announce(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._services.announce(entries)

    def _new_id(self) -> UUID:
        return self._services.new_id(int(self._services.clock().timestamp() * 1000))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Customers(services)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)
    api.add(ADD_IDENTITY, handlers.add_identity)
    api.add(REMOVE_IDENTITY, handlers.remove_identity)


async def locked(tx: TenantTx, customer_id: UUID) -> str:
    """Keep others from changing a customer, and return them as JSON text.

    Raises:
        NotFound: when they are not there.
    """
    if not await store.hold(tx, customer_id):
        raise NotFound("there is no such customer")
    return _there(await store.get(tx, customer_id))


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such customer")
    return found


def _own(customer: Mapping[str, Any]) -> None:
    """Refuse to change somebody who was merged."""
    if customer["status"] == "merged":
        raise WrongState(f"this customer was merged into {customer['merged_into']}; change that one, or undo the merge")


async def _taken(tx: TenantTx, addresses: Sequence[Address], customer_id: UUID) -> None:
    """Refuse addresses that somebody else has."""
    owners = await store.owners(tx, addresses) if addresses else {}
    for address, owner in owners.items():
        if owner.id != customer_id:
            raise Taken(f"{address.value} belongs to {owner}", owner.id)
