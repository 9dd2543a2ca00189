"""``/api/v1/data-requests``: what customers may ask for of their data: an export of all of it, or that it is erased."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import asyncpg
import orjson
from aiohttp import web
from pydantic import Field

from gateway.api.cursors import list_json, position_of
from gateway.api.imports import file_headers
from gateway.api.services import Services
from gateway.files.links import SHORT
from gateway.model.data_request import ArchiveLink, Certificate, DataRequest, DataRequestPage
from gateway.model.fields import CustomerId
from gateway.model.ids import parse, public, sample_id
from gateway.model.log import Entry, iso
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
from gateway.permissions import Permission
from gateway.problems import CursorInvalid, NotFound, WrongState
from gateway.store import data_requests as store
from gateway.store import erasing, log
from gateway.store.pool import TenantTx, tenant_tx
from gateway.subjects.certificate import certificate_of

TAG = "Privacy"
PERMISSION: Permission = "customers.privacy"
#: Webhooks lock messages' customers after conversations; whoever comes second then begins anew.
TRIES_AFTER_DEADLOCK = 3


class DataRequestBody(BodyModel):
    """What is asked for, and about whom."""

    kind: Literal["export", "erasure"]
    customer_id: CustomerId


class DataRequestQuery(QueryModel):
    """Which page."""

    limit: Limit = 50
    cursor: str | None = Field(default=None, description="The next_cursor of the page before.")


ADD = Operation(
    method="POST",
    path="/api/v1/data-requests",
    name="add_data_request",
    tag=TAG,
    summary="Export all that is known of a customer, or erase it.",
    description="An export is one ZIP archive with JSON files, the files of messages, and a list with digests; it can"
    " be downloaded for seven days. An erasure can't be undone: the customer is out of sight at once, which"
    " customer.erased tells in the log, and all that is known of them goes in the minutes after. Who was merged into a"
    " customer is part of them. Who writes under one of their addresses from then on is a new customer.",
    query=NoQuery,
    body=DataRequestBody,
    permission=PERMISSION,
    audit=Audit("remove", "customers"),
    example={"kind": "export", "customer_id": sample_id("cus")},
    answers={202: Answer("The request; a worker is at it in a moment.", DataRequest)},
    problems=(NotFound, WrongState),
)
LIST = Operation(
    method="GET",
    path="/api/v1/data-requests",
    name="list_data_requests",
    tag=TAG,
    summary="List exports and erasures, newest first.",
    query=DataRequestQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("read", "customers"),
    answers={200: Answer("A page.", DataRequestPage)},
    problems=(CursorInvalid,),
)
GET = Operation(
    method="GET",
    path="/api/v1/data-requests/{id}",
    name="get_data_request",
    tag=TAG,
    summary="Get an export or an erasure, and how far it came.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("read", "customers"),
    answers={200: Answer("The request.", DataRequest)},
    id_prefix="dsr",
)
ARCHIVE = Operation(
    method="GET",
    path="/api/v1/data-requests/{id}/archive",
    name="get_data_archive",
    tag=TAG,
    summary="Get a link to the archive of an export.",
    description="For fifteen minutes; whoever has it can download the archive.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("export", "customers"),
    answers={200: Answer("The link.", ArchiveLink)},
    problems=(WrongState,),
    id_prefix="dsr",
)
CERTIFICATE = Operation(
    method="GET",
    path="/api/v1/data-requests/{id}/certificate",
    name="get_erasure_certificate",
    tag=TAG,
    summary="Download what was erased, when, and who asked for it.",
    description="It holds nothing of the customer but the id that they had.",
    query=NoQuery,
    body=NoBody,
    permission=PERMISSION,
    audit=Audit("read", "customers"),
    answers={200: Answer("The certificate, as a file.", Certificate)},
    problems=(WrongState,),
    id_prefix="dsr",
)


class DataRequests:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def add(self, call: Call[NoQuery, DataRequestBody]) -> web.StreamResponse:
        """Take a request in. A customer who is to be erased is out of sight once this has answered."""
        customer_id = parse("cus", call.body.customer_id)
        call.does("export" if call.body.kind == "export" else "remove")
        call.reaches(customer_id)
        for _ in range(TRIES_AFTER_DEADLOCK):
            try:
                async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
                    shown, entries = await self._begin(tx, call, customer_id)
            except asyncpg.DeadlockDetectedError:
                continue
            if entries:
                self._services.announce(entries)
            self._services.data_request_waits()
            return json_answer(shown, 202)
        raise WrongState("the customer is being written to; try again")

    async def list(self, call: Call[DataRequestQuery, NoBody]) -> web.StreamResponse:
        """Answer a page."""
        after = position_of(call.query.cursor, ["data-requests"])
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            page = await store.newest_first(tx, after, call.query.limit)
        call.reaches(*map(_customer_of, page.rows))
        return json_answer(list_json(page, ["data-requests"]))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one request."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = _there(await store.get(tx, call.id))
        call.reaches(_customer_of(found))
        return json_answer(found)

    async def archive(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer a link to an archive."""
        tenant_id = call.caller.tenant_id
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            found = _there(await store.get(tx, call.id))
            file_id = await store.archive(tx, call.id)
        if file_id is None:
            raise WrongState("there is no archive: it is not made yet, or its time is over")
        await call.exports(_customer_of(found))
        path, until = self._services.files.link(tenant_id, file_id, SHORT)
        return json_answer(ArchiveLink(url=f"{self._services.public_url}{path}", expires_at=iso(until)))

    async def certificate(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer the certificate of an erasure, as a file."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _there(await store.get(tx, call.id))
            erased = await store.erased(tx, call.id)
        if erased is None:
            raise WrongState("there is no certificate: this is no erasure, or it is not done yet")
        call.reaches(erased.customer_id)
        answer = json_answer(certificate_of(erased))
        answer.headers.update(file_headers(f"erasure-{public('dsr', call.id)}.json"))
        return answer

    async def _begin(
        self, tx: TenantTx, call: Call[NoQuery, DataRequestBody], customer_id: UUID
    ) -> tuple[str, Sequence[Entry]]:
        if call.body.kind == "erasure":
            await erasing.hold_imports(tx)
        people = await erasing.lock(tx, customer_id)
        if not people or await store.is_erased(tx, customer_id):
            raise NotFound("there is no such customer")
        into = next(one.merged_into for one in people if one.id == customer_id)
        if into is not None:
            raise WrongState(f"this customer was merged into {public('cus', into)}; ask for that one")
        request_id = self._new_id()
        await store.add(tx, request_id, call.body.kind, customer_id, call.caller.user_id)
        entries: list[Entry] = []
        if call.body.kind == "erasure":
            ids = [one.id for one in people]
            await store.cancel_exports(tx, ids)
            removed = await erasing.begin(tx, request_id, ids)
            await store.count(tx, request_id, {"customer_identities": removed})
            data = {
                "id": public("cus", customer_id),
                "merged_ids": [public("cus", one) for one in ids if one != customer_id],
                "request_id": public("dsr", request_id),
            }
            await log.lock_head(tx)
            entries.append(await log.append(tx, "customer.erased", None, orjson.dumps(data).decode(), self._new_id()))
        return _there(await store.get(tx, request_id)), entries

    def _new_id(self) -> UUID:
        return self._services.new_id(int(self._services.clock().timestamp() * 1000))


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = DataRequests(services)
    api.add(ADD, handlers.add)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(ARCHIVE, handlers.archive)
    api.add(CERTIFICATE, handlers.certificate)


def _customer_of(request: str) -> UUID:
    return parse("cus", orjson.loads(request)["customer_id"])


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such request")
    return found
