"""``/api/v1/customers/{id}/timeline``: what happened with a customer over all channels."""

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import list_json, position_of
from gateway.api.services import Services
from gateway.model.customer import Timeline
from gateway.openapi import Answer, Api, Audit, Call, Limit, NoBody, Operation, QueryModel, json_answer
from gateway.problems import CursorInvalid, NotFound
from gateway.store import customer_timeline as store
from gateway.store import customers, log
from gateway.store.pool import tenant_tx


class TimelineQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


LIST = Operation(
    method="GET",
    path="/api/v1/customers/{id}/timeline",
    name="list_timeline",
    tag="Customers",
    summary="List what happened with a customer over all channels, newest first.",
    description="Messages, private notes among them, notes on the customer, merges, and opt-outs that hold.",
    query=TimelineQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "customers", "messages", "customer_notes", "customer_merges"),
    answers={200: Answer("A page; its rows are at least as new as seq.", Timeline)},
    problems=(CursorInvalid,),
    id_prefix="cus",
)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""

    async def answer(call: Call[TimelineQuery, NoBody]) -> web.StreamResponse:
        filters = [call.id.hex, "timeline"]
        after = position_of(call.query.cursor, filters)
        async with tenant_tx(services.pool, call.caller.tenant_id) as tx:
            seq = (await log.head(tx)).last_seq
            if await customers.get(tx, call.id) is None:
                raise NotFound("there is no such customer")
            page = await store.newest_first(tx, call.id, after, call.query.limit)
        return json_answer(list_json(page, filters, seq))

    api.add(LIST, answer)
