"""Mounting operations: in front of each handler, the checks that its declaration asks for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel

from gateway.access import Caller, identify, require
from gateway.audit.access import ACCESS, Access, actor_of, audited
from gateway.model.audit import Does
from gateway.openapi.operation import BodyModel, NoBody, Operation, QueryModel
from gateway.openapi.personal import tables_of
from gateway.openapi.reading import read_body, read_id, read_query
from gateway.rates import charge

Query = TypeVar("Query", bound=QueryModel)
Body = TypeVar("Body", bound=BodyModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Who a request came from, once that is known; for the log.
CALLER = web.RequestKey("caller", Caller)
NO_ID = UUID(int=0)
#: Every id has an underscore. A word in its place is an address of its own: for other methods it is no id either.
A_WHOLE_ID = "{id:[^/]+_[^/]+}"


@dataclass(frozen=True, slots=True)
class OpenCall(Generic[Query, Body]):
    """A checked request of anybody. ``id`` is the zero UUID where the path has none."""

    request: web.Request
    id: UUID
    query: Query
    body: Body


@dataclass(frozen=True, slots=True)
class Call(OpenCall[Query, Body]):
    """A checked request of a known caller."""

    caller: Caller

    def does(self, does: Does) -> None:
        """Say for the audit what is done, where the body says it; before anything is written."""
        self.request[ACCESS].does(does)

    def reaches(self, *ids: UUID) -> None:
        """Name records of the operation's table that neither path nor answer name, for the audit.

        What is made or changed has to be named before it is committed.
        """
        self.request[ACCESS].reaches(*ids)

    def made(self, answer: str) -> str:
        """Name what was made, as its JSON text is about to be answered, before it is committed; returns the text."""
        self.request[ACCESS].made(answer)
        return answer

    def sends(self, first: int, last: int | None = None) -> None:
        """Say which entries of the log an endpoint gets by this, for the audit; no last one: whatever comes.

        Before it is committed.
        """
        self.request[ACCESS].sends(first, last)

    async def exports(self, *ids: UUID) -> None:
        """Write down that records of the operation's table are about to be sent.

        Raises:
            DatabaseBusy: when that can't be done now: then they must not be sent.
        """
        await self.request[ACCESS].exports(ids)


@dataclass(frozen=True, slots=True)
class Mounted:
    """An operation and whether a caller must be known."""

    operation: Operation[Any, Any]  # Any: of whatever parameters
    needs_caller: bool


class Api:
    """The operations of the application, in the order in which they were added."""

    def __init__(self, app: web.Application) -> None:
        self._app = app
        self.mounted: list[Mounted] = []

    def add(
        self,
        operation: Operation[Query, Body],
        handler: Callable[[Call[Query, Body]], Awaitable[web.StreamResponse]],
    ) -> None:
        """Mount an operation for known callers who have its permission."""
        needed = operation.permission
        if needed is None:
            raise TypeError(f"{operation.name} names no permission")

        async def checked(request: web.Request) -> web.StreamResponse:
            caller = request[CALLER] = await identify(request)
            charge(request, caller.token_hash, str(caller.tenant_id))
            require(caller, needed)
            call = Call(*await _read(request, operation), caller)
            if operation.audit is None:
                return await handler(call)
            access = access_of(request, caller, operation, call.id)
            return await audited(request, access, lambda: handler(call), writes=operation.audit.writes)

        self._mount(operation, checked, needs_caller=True, head=True)

    def add_open(
        self,
        operation: Operation[Query, Body],
        handler: Callable[[OpenCall[Query, Body]], Awaitable[web.StreamResponse]],
    ) -> None:
        """Mount an operation for everybody."""

        async def checked(request: web.Request) -> web.StreamResponse:
            return await handler(OpenCall(*await _read(request, operation)))

        self._mount(operation, checked, needs_caller=False, head=True)

    def add_raw(self, operation: Operation[Query, Body], handler: Handler, *, needs_caller: bool = True) -> None:
        """Mount an operation whose handler checks its requests; ``needs_caller`` is for the document."""
        self._mount(operation, handler, needs_caller=needs_caller, head=False)

    def _mount(self, operation: Operation[Query, Body], handler: Handler, *, needs_caller: bool, head: bool) -> None:
        unsaid = tables_of(operation) - set(operation.audit.tables if operation.audit else ())
        if unsaid and needs_caller:
            tables = ", ".join(f'"{table}"' for table in sorted(unsaid))
            raise TypeError(f"{operation.name} reaches personal data: declare audit=Audit(…, {tables})")
        path = operation.path.replace("{id}", A_WHOLE_ID)
        self._app.router.add_route(operation.method, path, handler)
        if head and operation.method == "GET":  # the same answer; the server leaves the body out
            self._app.router.add_route("HEAD", path, handler)
        self.mounted.append(Mounted(operation, needs_caller))


def access_of(request: web.Request, caller: Caller, operation: Operation[Any, Any], key: UUID = NO_ID) -> Access:
    """Begin to note what a request reaches, for the audit."""
    audit = operation.audit
    if audit is None:
        raise TypeError(f"{operation.name} does not say what it does to personal data")
    path = None if operation.id_prefix is None else (operation.id_prefix, key)
    access = Access(request, caller.tenant_id, actor_of(caller), operation.name, audit, path)
    if audit.main == "users" and path is None and audit.writes and caller.user_id is not None:
        access.reaches(caller.user_id)  # one's own
    return access


def json_answer(body: str | bytes | BaseModel, status: int = 200) -> web.Response:
    """Answer with JSON; texts and bytes are JSON already."""
    if isinstance(body, BaseModel):
        body = body.model_dump_json(by_alias=True)
    sent = body.encode() if isinstance(body, str) else body
    headers = {"Cache-Control": "no-store"}
    return web.Response(status=status, body=sent, content_type="application/json", headers=headers)


async def _read(request: web.Request, operation: Operation[Query, Body]) -> tuple[web.Request, UUID, Query, Body]:
    key = read_id(request, operation.id_prefix) if operation.id_prefix else NO_ID
    query = read_query(request.query, operation.query)
    takes_body = not issubclass(operation.body, NoBody)
    body = await read_body(request, operation.body) if takes_body else operation.body()
    return request, key, query, body
