"""``/api/v1/customers/{id}/duplicates``: who may be the same person."""

import orjson
from aiohttp import web

from channels.phone_numbers import aliases
from gateway.api.services import Services
from gateway.model.customer import DuplicateList
from gateway.openapi import Answer, Api, Audit, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import NotFound
from gateway.store import customers
from gateway.store.pool import tenant_tx

MOST = 10

DUPLICATES = Operation(
    method="GET",
    path="/api/v1/customers/{id}/duplicates",
    name="list_duplicates",
    tag="Customers",
    summary="Find customers who may be the same person.",
    description="By other spellings of their numbers, and by their name.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "customers"),
    answers={200: Answer("The likeliest first; at most ten.", DuplicateList)},
    id_prefix="cus",
)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""

    async def duplicates(call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer who may be the same: first those known by another spelling of a number, then namesakes."""
        async with tenant_tx(services.pool, call.caller.tenant_id) as tx:
            customer = await customers.get(tx, call.id)
            if customer is None:
                raise NotFound("there is no such customer")
            numbers = [i["value"] for i in orjson.loads(customer)["identities"] if i["kind"] in customers.NUMBERS]
            by_number = await customers.known_by(tx, [s for n in numbers for s in (n, *aliases(n))], call.id)
            by_name = await customers.namesakes(tx, call.id)
            found = list(dict.fromkeys([*by_number, *by_name]))[:MOST]
            shown = await customers.shown(tx, found)
        rows = []
        for key in found:
            why = [w for w, keys in (("number", by_number), ("name", by_name)) if key in keys]
            rows.append(f'{{"customer":{shown[key]},"reasons":{orjson.dumps(why).decode()}}}')
        return json_answer(f'{{"data":[{",".join(rows)}]}}')

    api.add(DUPLICATES, duplicates)
