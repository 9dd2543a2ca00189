"""``/api/v1/customer-imports``: files of customers, from the upload to the last row."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from typing import IO, Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.api.cursors import list_json, position_of
from gateway.api.services import Services
from gateway.api.uploads import read_upload
from gateway.customers.csv_files import FileUnreadable, layout_of
from gateway.customers.exporting import MARK, line
from gateway.customers.plans import TARGETS, faults_of, guessed
from gateway.model.customer_import import (
    CustomerImport,
    CustomerImportPage,
    ImportPlan,
    ImportProblem,
    ImportProblemList,
)
from gateway.model.fields import LabelId
from gateway.model.ids import parse, public, sample_id
from gateway.model.texts import storable
from gateway.openapi import (
    PLAIN_DIGITS,
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
from gateway.permissions import Permission
from gateway.problems import CursorInvalid, Fault, Invalid, NotFound, WrongState
from gateway.store import customer_imports as store
from gateway.store import customers, customers_fields
from gateway.store.pool import DatabaseUnavailable, TenantTx, tenant_tx

TAG = "Customers"
FILE_LIMIT = 20 * 1024 * 1024
PIECE_BYTES = 512 * 1024
IN_MEMORY = 1024 * 1024
PROBLEMS_AT_ONCE = 500
NAMED = "customers.csv"
PERMISSION: Permission = "customers.import"


class UploadQuery(QueryModel):
    """How the file is called."""

    filename: str | None = Field(
        default=None, max_length=1000, description="For a file that is the body itself; a form names its own."
    )


class ImportQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


class ProblemQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    after: Annotated[int, Field(ge=0, le=2**31 - 1), PLAIN_DIGITS] = Field(default=0, description="The last row seen.")


class PlanBody(BodyModel):
    """How a file is to be taken."""

    targets: list[Annotated[str, Field(max_length=100)] | None] = Field(
        max_length=200, description=f"By column: {', '.join(TARGETS)}, custom_fields.KEY, or null for nothing."
    )
    country: str | None = Field(
        default=None, pattern="^[A-Z]{2}$", examples=["DE"],
        description="ISO 3166; numbers without a country code are of it.",
    )  # fmt: skip
    label_ids: list[LabelId] = Field(default=[], max_length=100, description="For everybody in the file.")


UPLOAD = Operation(
    method="POST",
    path="/api/v1/customer-imports",
    name="upload_import",
    tag=TAG,
    summary="Upload a CSV file of customers.",
    description="At most 20 MiB; UTF-8, UTF-16 or Windows-1252; separated by commas, semicolons, tabs or bars; the"
    " first row names the columns. Nothing is changed yet: look at the plan, check it, and start it.",
    query=UploadQuery,
    body=NoBody,
    upload=True,
    permission=PERMISSION,
    audit=Audit("import", "customer_imports"),
    example="name,phone\r\nJane Doe,+12025550123\r\n",
    answers={201: Answer("The import, with a guess of what the columns hold.", CustomerImport)},
    problems=(DatabaseUnavailable,),
)
LIST = Operation(
    method="GET",
    path="/api/v1/customer-imports",
    name="list_imports",
    tag=TAG,
    summary="List imports, newest first.",
    query=ImportQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("read", "customer_imports"),
    answers={200: Answer("A page.", CustomerImportPage)},
    problems=(CursorInvalid,),
)
GET = Operation(
    method="GET",
    path="/api/v1/customer-imports/{id}",
    name="get_import",
    tag=TAG,
    summary="Get an import, and how far it was read.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("read", "customer_imports"),
    answers={200: Answer("The import.", CustomerImport)},
    id_prefix="imp",
)
CHECK = Operation(
    method="POST",
    path="/api/v1/customer-imports/{id}/check",
    name="check_import",
    tag=TAG,
    summary="Read a file without changing anything.",
    description="Tells what would be created and updated, and which rows have which problems. Rows that name the same"
    " new customer far apart are counted as if each created one.",
    query=NoQuery,
    body=PlanBody,
    permission=PERMISSION,
    audit=Audit("change", "customer_imports"),
    example={"targets": ["name"], "country": "US", "label_ids": [sample_id("lbl")]},
    answers={200: Answer("The import, being checked.", CustomerImport)},
    problems=(WrongState,),
    id_prefix="imp",
)
START = Operation(
    method="POST",
    path="/api/v1/customer-imports/{id}/start",
    name="start_import",
    tag=TAG,
    summary="Take the customers of a file.",
    description="A row means the customer who has one of its addresses or its code; else a new one. What its cells tell"
    " is set, and an empty cell changes nothing. Writes customer.created and customer.updated to the log.",
    query=NoQuery,
    body=PlanBody,
    permission=PERMISSION,
    audit=Audit("import", "customer_imports"),
    example={"targets": ["name"], "country": "US", "label_ids": [sample_id("lbl")]},
    answers={200: Answer("The import, running.", CustomerImport)},
    problems=(WrongState,),
    id_prefix="imp",
)
CANCEL = Operation(
    method="POST",
    path="/api/v1/customer-imports/{id}/cancel",
    name="cancel_import",
    tag=TAG,
    summary="Read a file no further.",
    description="What was taken until then stays.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("change", "customer_imports"),
    answers={200: Answer("The import, cancelled.", CustomerImport)},
    problems=(WrongState,),
    id_prefix="imp",
)
PROBLEMS = Operation(
    method="GET",
    path="/api/v1/customer-imports/{id}/problems",
    name="list_import_problems",
    tag=TAG,
    summary="List the rows that could not be taken.",
    query=ProblemQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("read", "customer_imports"),
    answers={200: Answer("In the order of the file.", ImportProblemList)},
    id_prefix="imp",
)
PROBLEM_FILE = Operation(
    method="GET",
    path="/api/v1/customer-imports/{id}/problems.csv",
    name="download_import_problems",
    tag=TAG,
    summary="Download the rows that could not be taken.",
    description="As they stood in the file, and with what is wrong; mend them, and import that file.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("export", "customer_imports"),
    answers={200: Answer("The rows.", content_type="text/csv")},
    id_prefix="imp",
)


class Imports:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def upload(self, call: Call[UploadQuery, NoBody]) -> web.StreamResponse:
        """Store a file, and tell what seems to be in it."""
        upload = await read_upload(call.request, call.query.filename, FILE_LIMIT)
        import_id = self._services.new_id(int(self._services.clock().timestamp() * 1000))
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            async for piece in upload.chunks:
                file.write(piece)
            try:
                layout = await asyncio.to_thread(layout_of, file)
            except FileUnreadable as error:
                raise Invalid("this is no file of customers", [Fault("body", "", str(error))]) from None
            async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
                fields = await customers_fields.of_tenant(tx)
                plan = {"targets": guessed(layout.columns, fields.values()), "country": None, "label_ids": []}
                name = storable(upload.filename or NAMED, 200) or NAMED
                shape = (layout.encoding, layout.delimiter, layout.columns, layout.sample)
                await store.add(tx, store.Upload(import_id, call.caller.user_id, name, *shape, plan, layout.rows))
                await _keep(tx, import_id, file)
                shown = call.made(_there(await store.get(tx, import_id)))
        return json_answer(shown, 201)

    async def list(self, call: Call[ImportQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        after = position_of(call.query.cursor, ["imports"])
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await store.newest_first(tx, after, call.query.limit)
        return json_answer(list_json(page, ["imports"]))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one import."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return json_answer(_there(await store.get(tx, call.id)))

    async def check(self, call: Call[NoQuery, PlanBody]) -> web.StreamResponse:
        """Have a file be read without changing anything."""
        return await self._begin(call, "checking")

    async def start(self, call: Call[NoQuery, PlanBody]) -> web.StreamResponse:
        """Have a file be taken."""
        return await self._begin(call, "running")

    async def cancel(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Have a file be read no further."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _require(await store.lock(tx, call.id), {"uploaded", "checking", "checked", "running"})
            await store.cancel(tx, call.id)
            shown = _there(await store.get(tx, call.id))
        return json_answer(shown)

    async def problems(self, call: Call[ProblemQuery, NoBody]) -> web.StreamResponse:
        """Answer a page of problems."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _there(await store.get(tx, call.id))
            found = await store.problems(tx, call.id, call.query.after, call.query.limit + 1)
        shown = [ImportProblem(row=p.row, column=p.column, detail=p.detail) for p in found[: call.query.limit]]
        return json_answer(ImportProblemList(data=shown, more=len(found) > call.query.limit))

    async def problem_file(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Stream the rows that could not be taken; each page of them in a transaction of its own."""
        tenant_id = call.caller.tenant_id
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            columns = await store.columns(tx, call.id)
        if columns is None:
            raise NotFound("there is no such import")
        answer = web.StreamResponse(headers=file_headers(f"problems-{public('imp', call.id)}.csv"))
        answer.content_type, answer.charset = "text/csv", "utf-8"
        await answer.prepare(call.request)
        if call.request.method == "GET":
            await call.exports(call.id)
            await answer.write(MARK.encode() + line([*columns, "row", "column", "problem"]))
            async for row in self._problem_lines(tenant_id, call.id, len(columns)):
                await answer.write(row)
        return answer

    async def _problem_lines(self, tenant_id: UUID, import_id: UUID, width: int) -> AsyncIterator[bytes]:
        after = 0
        while True:
            async with tenant_tx(self._services.pool, tenant_id) as tx:
                found = await store.problems(tx, import_id, after, PROBLEMS_AT_ONCE)
            for one in found:
                cells = [*one.cells, *[""] * (width - len(one.cells))]
                yield line([*cells, str(one.row), one.column or "", one.detail])
                after = one.row
            if len(found) < PROBLEMS_AT_ONCE:
                return

    async def _begin(self, call: Call[NoQuery, PlanBody], state: str) -> web.StreamResponse:
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _require(await store.lock(tx, call.id), {"uploaded", "checked"})
            await store.begin(tx, call.id, state, await self._plan(tx, call.id, call.body))
            shown = _there(await store.get(tx, call.id))
        self._services.import_waits()
        return json_answer(shown)

    async def _plan(self, tx: TenantTx, import_id: UUID, body: PlanBody) -> Mapping[str, Any]:  # Any: JSON
        """Return the plan that a body asks for.

        Raises:
            Invalid: when it does not fit the file, or names what is not there.
        """
        fields = await customers_fields.of_tenant(tx)
        columns = await store.columns(tx, import_id) or ()
        faults = [
            Fault("body", f"/targets/{place}", words) for place, words in faults_of(body.targets, columns, fields)
        ]
        known = await customers.hold_labels(tx, [parse("lbl", label) for label in body.label_ids])
        faults += [
            Fault("body", f"/label_ids/{place}", "there is no such label")
            for place, label in enumerate(body.label_ids)
            if parse("lbl", label) not in known
        ]
        if faults:
            raise Invalid("this plan does not fit the file", faults)
        return ImportPlan(targets=body.targets, country=body.country, label_ids=body.label_ids).model_dump()


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Imports(services)
    api.add(UPLOAD, handlers.upload)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(CHECK, handlers.check)
    api.add(START, handlers.start)
    api.add(CANCEL, handlers.cancel)
    api.add(PROBLEMS, handlers.problems)
    api.add(PROBLEM_FILE, handlers.problem_file)


def file_headers(filename: str) -> Mapping[str, str]:
    """Return the headers of a file that is to be saved, not shown."""
    return {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"}


async def _keep(tx: TenantTx, import_id: UUID, file: IO[bytes]) -> None:
    file.seek(0)
    number = 0
    while piece := file.read(PIECE_BYTES):
        await store.add_piece(tx, import_id, number, piece)
        number += 1


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such import")
    return found


def _require(state: str | None, wanted: set[str]) -> None:
    if _there(state) not in wanted:
        raise WrongState(f"this import is {state} already")
