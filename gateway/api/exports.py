"""``/api/v1/customers.csv``: all customers as a file, a page at a time."""

from typing import Literal

import orjson
from aiohttp import web
from pydantic import Field

from gateway.api.imports import file_headers
from gateway.api.services import Services
from gateway.customers.exporting import MARK, cells, columns, line
from gateway.model.ids import parse, public
from gateway.model.page import START
from gateway.openapi import Answer, Api, Audit, Call, NoBody, Operation, QueryModel
from gateway.store import customer_imports, customers, customers_fields
from gateway.store.pool import tenant_tx

AT_ONCE = 500
COUNT = "Postgate-Rows"


class ExportQuery(QueryModel):
    """Which customers."""

    status: list[Literal["active", "blocked"]] = Field(
        default=[], max_length=2, description="May be repeated; none means both."
    )


EXPORT = Operation(
    method="GET",
    path="/api/v1/customers.csv",
    name="export_customers",
    tag="Customers",
    summary="Download customers as CSV.",
    description="In UTF-8, the newest first, with the tenant's own fields. A cell that a spreadsheet would take for a"
    " formula begins with an apostrophe, which an import takes off again.",
    query=ExportQuery,
    body=NoBody,
    permission="customers.export",
    audit=Audit("export", "customers"),
    answers={200: Answer("The file.", content_type="text/csv", headers={COUNT: "How many rows it will have."})},
)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""

    async def export(call: Call[ExportQuery, NoBody]) -> web.StreamResponse:
        """Stream all customers; each page in a transaction of its own."""
        tenant_id = call.caller.tenant_id
        statuses = sorted(set(call.query.status or ("active", "blocked")))
        async with tenant_tx(services.pool, tenant_id) as tx:
            fields = list((await customers_fields.of_tenant(tx)).values())
            labels = {public("lbl", key): name for key, name in (await customer_imports.label_names(tx)).items()}
            total = await customers.count(tx, statuses)
        day = services.clock().date().isoformat()
        answer = web.StreamResponse(headers={**file_headers(f"customers-{day}.csv"), COUNT: str(total)})
        answer.content_type, answer.charset = "text/csv", "utf-8"
        await answer.prepare(call.request)
        if call.request.method == "HEAD":
            return answer
        await answer.write(MARK.encode() + line(columns(fields)))
        after = START
        while True:
            async with tenant_tx(services.pool, tenant_id) as tx:
                page = await customers.newest_first(tx, statuses, None, after, AT_ONCE)
            shown = [orjson.loads(row) for row in page.rows]
            await call.exports(*(parse("cus", one["id"]) for one in shown))
            await answer.write(b"".join(line(cells(one, fields, labels)) for one in shown))
            if page.last is None:
                return answer
            after = page.last

    api.add(EXPORT, export)
