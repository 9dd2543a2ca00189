"""``/api/v1/audit``: who read and changed personal data; a page, or all of it as a file."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Annotated, Any

import orjson
from aiohttp import web
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from gateway.api.cursors import list_json, position_of
from gateway.api.imports import file_headers
from gateway.api.services import Services
from gateway.customers.exporting import MARK, line
from gateway.model.audit import DOES, NAMELESS, TABLE_NAMES, TABLES, AccessPage, Does, Table
from gateway.model.fields import CustomerId, Moment
from gateway.model.ids import parse, public
from gateway.model.log import iso
from gateway.model.page import START, Page, Position
from gateway.openapi import Answer, Api, Audit, Call, Limit, NoBody, Operation, QueryModel, json_answer
from gateway.problems import CursorInvalid
from gateway.store import audit
from gateway.store.audit import Found, Wanted
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Audit"
#: Rows of an export that are read at once.
AT_ONCE = 500
ACTOR_PREFIXES: Mapping[str, str] = {"member": "usr", "api_key": "key"}
#: Whatever a record may be called.
PREFIXES = sorted({records.prefix for records in TABLES.values()})
RECORD = f"^({'|'.join(PREFIXES)})_[0-9a-f]{{32}}$"
COLUMNS = (
    "id", "at", "actor", "actor_id", "actor_name", "operation", "action", "table", "record_ids", "first_seq",
    "last_seq", "contains_pii", "ip", "user_agent", "request_id",
)  # fmt: skip

Json = Mapping[str, Any]  # Any: of one shape, ``Access``


def _or_say(words: str) -> WrapValidator:
    """Refuse what is not acceptable with words on what would be."""

    def check(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        try:
            return handler(value)
        except ValidationError:
            raise ValueError(words) from None

    return WrapValidator(check)


AN_ID = "and 32 digits of 0 to 9 and a to f"
A_MOMENT = "write a moment with its zone, like 2026-01-31T09:00:00Z, from 1970-01-02 to 2200-01-01"
AuditMoment = Annotated[Moment, _or_say(A_MOMENT)]


class AuditFilters(QueryModel):
    """What of the audit; several values of one kind mean any of them."""

    actor: (
        Annotated[
            str,
            Field(pattern="^((usr|key)_[0-9a-f]{32}|operator|link)$"),
            _or_say(f"write operator, link, or the id of a member or an API key: usr_ or key_ {AN_ID}"),
        ]
        | None
    ) = Field(default=None, description="Only what this member or API key did; or link, operator.")
    record: (
        Annotated[
            str,
            Field(pattern=RECORD),
            _or_say(f"write a record's id: one of {', '.join(PREFIXES)}, an underscore {AN_ID}"),
        ]
        | None
    ) = Field(default=None, description="Only what names this record, by its id.")
    customer: Annotated[CustomerId, _or_say(f"write a customer's id: cus_ {AN_ID}")] | None = Field(
        default=None, description="Only what names this customer, or one of their latest 1,000 conversations."
    )
    operation: list[Annotated[Does, _or_say(f"write one of {', '.join(DOES)}")]] = Field(
        default=[], max_length=len(DOES), description="May be repeated."
    )
    table: list[Annotated[Table, _or_say(f"write one of {', '.join(TABLE_NAMES)}")]] = Field(
        default=[], max_length=len(TABLE_NAMES), description="May be repeated."
    )
    since: AuditMoment | None = Field(default=None, description="Not before this.")
    until: AuditMoment | None = Field(default=None, description="Before this.")


class AuditQuery(AuditFilters):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


LIST = Operation(
    method="GET",
    path="/api/v1/audit",
    name="list_audit",
    tag=TAG,
    summary="List who read and changed personal data, the newest first.",
    description="A row for each table that a request reached. What was read is here a second later at most; what was"
    " written is here with it. To look here is written down, too.",
    query=AuditQuery,
    body=NoBody,
    permission="audit.read",
    audit=Audit("read", "data_access_audit"),
    answers={200: Answer("A page.", AccessPage)},
    problems=(CursorInvalid,),
)
CSV = Operation(
    method="GET",
    path="/api/v1/audit.csv",
    name="export_audit_csv",
    tag=TAG,
    summary="Download the audit as CSV.",
    description="In UTF-8, the newest first. A cell that a spreadsheet would take for a formula begins with an"
    " apostrophe.",
    query=AuditFilters,
    body=NoBody,
    permission="audit.read",
    audit=Audit("export", "data_access_audit"),
    answers={200: Answer("The file.", content_type="text/csv")},
)
LINES = Operation(
    method="GET",
    path="/api/v1/audit.jsonl",
    name="export_audit_lines",
    tag=TAG,
    summary="Download the audit as lines of JSON.",
    description="Each line is what list_audit answers of a row; the newest first.",
    query=AuditFilters,
    body=NoBody,
    permission="audit.read",
    audit=Audit("export", "data_access_audit"),
    answers={200: Answer("The file.", content_type="application/jsonl")},
)


class AuditHandlers:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[AuditQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        query = call.query
        mark = [query.model_dump_json(exclude={"limit", "cursor"})]
        after = position_of(query.cursor, mark)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await audit.newest_first(tx, await _wanted(tx, query), after, query.limit + 1)
        rows = found[: query.limit]
        last = Position(rows[-1].at, rows[-1].id) if len(found) > query.limit else None
        return json_answer(list_json(Page([orjson.dumps(_shown(one)).decode() for one in rows], last), mark))

    async def csv(self, call: Call[AuditFilters, NoBody]) -> web.StreamResponse:
        """Stream all of it as CSV."""
        head = MARK.encode() + line(COLUMNS)
        return await self._stream(call, "csv", "text/csv", head, lambda one: line(_cells(_shown(one))))

    async def lines(self, call: Call[AuditFilters, NoBody]) -> web.StreamResponse:
        """Stream all of it as lines of JSON."""
        return await self._stream(
            call,
            "jsonl",
            "application/jsonl",
            b"",
            lambda one: orjson.dumps(_shown(one), option=orjson.OPT_APPEND_NEWLINE),
        )

    async def _stream(
        self,
        call: Call[AuditFilters, NoBody],
        suffix: str,
        content_type: str,
        head: bytes,
        written: Callable[[Found], bytes],
    ) -> web.StreamResponse:
        day = self._services.clock().date().isoformat()
        answer = web.StreamResponse(headers=file_headers(f"audit-{day}.{suffix}"))
        answer.content_type, answer.charset = content_type, "utf-8"
        await answer.prepare(call.request)
        if call.request.method == "GET":
            await answer.write(head)
            async for rows in self._pages(call):
                await call.exports(*(one.id for one in rows))
                await answer.write(b"".join(map(written, rows)))
        return answer

    async def _pages(self, call: Call[AuditFilters, NoBody]) -> AsyncIterator[Sequence[Found]]:
        """Yield all rows, the newest first; each page is read in a transaction of its own."""
        after: Position | None = START
        while after is not None:
            async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
                rows = await audit.newest_first(tx, await _wanted(tx, call.query), after, AT_ONCE)
            if rows:
                yield rows
            after = Position(rows[-1].at, rows[-1].id) if len(rows) == AT_ONCE else None


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = AuditHandlers(services)
    api.add(LIST, handlers.list)
    api.add(CSV, handlers.csv)
    api.add(LINES, handlers.lines)


async def _wanted(tx: TenantTx, asked: AuditFilters) -> Wanted:
    records = None if asked.record is None else [parse(asked.record.partition("_")[0], asked.record)]
    if asked.customer is not None:
        customer = parse("cus", asked.customer)
        theirs = [customer, *await audit.conversations_of(tx, customer)]
        records = theirs if records is None else [one for one in records if one in theirs]
    nameless = next((one for one in NAMELESS if one == asked.actor), None)
    return Wanted(
        records=records,
        actor_id=None if asked.actor is None or nameless else parse(asked.actor.partition("_")[0], asked.actor),
        nameless=nameless,
        operations=asked.operation or None,
        tables=asked.table or None,
        since=asked.since,
        until=asked.until,
    )


def _shown(row: Found) -> Json:
    """Return a row as ``Access`` describes it."""
    prefix = TABLES[row.table].prefix
    actor = None if row.actor_id is None else public(ACTOR_PREFIXES[row.actor], row.actor_id)
    return {
        "id": public("aud", row.id),
        "at": iso(row.at),
        "actor": {"kind": row.actor, "id": actor, "name": row.name},
        "operation": row.does,
        "action": row.action,
        "table": row.table,
        "record_ids": [public(prefix, one) for one in row.record_ids],
        "first_seq": row.first_seq,
        "last_seq": row.last_seq,
        "contains_pii": row.personal,
        "ip": row.ip,
        "user_agent": row.user_agent,
        "request_id": row.request_id,
    }


def _cells(shown: Json) -> Sequence[str]:
    actor = shown["actor"]
    flat = {**shown, "actor": actor["kind"], "actor_id": actor["id"], "actor_name": actor["name"]}
    flat["record_ids"] = " ".join(shown["record_ids"])
    flat["contains_pii"] = "yes" if shown["contains_pii"] else "no"
    return ["" if flat[name] is None else str(flat[name]) for name in COLUMNS]
