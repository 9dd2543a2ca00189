"""``/api/v1/views``: lists of conversations that are kept, everybody's and each member's own; and what they count."""

from collections.abc import Sequence
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.access import Caller, require
from gateway.api.authors import author_of, person
from gateway.api.channels import Words
from gateway.api.cursors import list_json
from gateway.api.etags import ETAG, IF_MATCH, require_match, tagged
from gateway.api.filters import filters_of
from gateway.api.services import Services
from gateway.model.ids import public, sample_id
from gateway.model.log import Entry
from gateway.model.page import Page
from gateway.model.view import View, ViewCount, ViewCounts, ViewFilters, ViewPage
from gateway.openapi import Answer, Api, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import ChangedMeanwhile, Invalid, NotFound
from gateway.store import conversations, log, views
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Views"
UPDATED = "view.updated"
#: Counting goes no further: whoever looks at the list needs no more than "99+".
COUNTED = 99
#: For one member, everybody's included: all of them are counted at once.
MOST_VIEWS = 200

#: What is always there, by name. What is closed and unread waits for nobody.
STANDING = {
    "open": ViewFilters(status=["open"]),
    "mine": ViewFilters(status=["open"], assignee="me"),
    "unassigned": ViewFilters(status=["open"], assignee="nobody"),
    "unread": ViewFilters(status=["open"], unread=True),
    "pending": ViewFilters(status=["pending"]),
    "snoozed": ViewFilters(status=["snoozed"]),
}


class ViewBody(BodyModel):
    """A new view."""

    name: Words
    filters: ViewFilters
    shared: bool = Field(default=False, description="Everybody's: needs workspace.write. Otherwise the caller's own.")


class ViewChange(BodyModel):
    """What is to be changed of a view; what is left out stays."""

    name: Words | None = None
    filters: ViewFilters | None = Field(default=None, description="All of them.")
    shared: bool | None = Field(default=None, description="Whether it is everybody's, or the caller's own from now on.")


LIST = Operation(
    method="GET",
    path="/api/v1/views",
    name="list_views",
    tag=TAG,
    summary="List the views that the caller can use.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, by name; at least as new as seq.", ViewPage)},
)
COUNTS = Operation(
    method="GET",
    path="/api/v1/views/counts",
    name="count_views",
    tag=TAG,
    summary="Count the conversations of each view that the caller can use.",
    description=f"Also of those that are always there: {', '.join(STANDING)}. Counting ends at {COUNTED}.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("The counts.", ViewCounts)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/views",
    name="create_view",
    tag=TAG,
    summary="Make a view.",
    description="A shared one writes view.updated to the log. A member can have 200, everybody's included.",
    query=NoQuery,
    body=ViewBody,
    permission="conversations.write",
    example={
        "name": "Late",
        "filters": {
            "status": ["open"],
            "assignee": sample_id("usr"),
            "team": sample_id("team"),
            "label": [sample_id("lbl")],
            "channel": [sample_id("ch")],
        },
        "shared": True,
    },
    answers={201: Answer("The view.", View, headers=ETAG)},
)
GET = Operation(
    method="GET",
    path="/api/v1/views/{id}",
    name="get_view",
    tag=TAG,
    summary="Get a view.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("The view.", View, headers=ETAG)},
    id_prefix="view",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/views/{id}",
    name="change_view",
    tag=TAG,
    summary="Change a view.",
    description="A shared one, also one that becomes so or ceases to be, needs workspace.write, and writes view.updated"
    " to the log.",
    query=NoQuery,
    body=ViewChange,
    permission="conversations.write",
    example={"name": "Very late", "filters": {"label": [sample_id("lbl")], "sort": "oldest"}},
    answers={200: Answer("The view as it is now.", View, headers=ETAG)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="view",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/views/{id}",
    name="remove_view",
    tag=TAG,
    summary="Remove a view.",
    description="A shared one needs workspace.write, and writes view.updated to the log, with deleted_at.",
    query=NoQuery,
    body=NoBody,
    permission="conversations.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="view",
)


class Views:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all that the caller can use."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            rows = [view.json for view in await views.all_of(tx, call.caller.user_id)]
        return json_answer(list_json(Page(rows, None), [], head.last_seq))

    async def counts(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Count what is in each view."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            asked = dict(STANDING)
            for view in await views.all_of(tx, call.caller.user_id):
                asked[public("view", view.id)] = ViewFilters.model_validate_json(view.filters)
            counts = [await self._count(tx, call.caller, name, filters) for name, filters in asked.items()]
        return json_answer(ViewCounts(data=counts))

    async def _count(self, tx: TenantTx, caller: Caller, name: str, filters: ViewFilters) -> ViewCount:
        found = await conversations.count(tx, filters_of(filters, caller), COUNTED + 1)
        return ViewCount(id=name, count=min(found, COUNTED), more=found > COUNTED)

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return tagged(_there(await views.get(tx, call.id, call.caller.user_id)).json)

    async def create(self, call: Call[NoQuery, ViewBody]) -> web.StreamResponse:
        """Make one."""
        body, key = call.body, author_of(call.caller, self._services).fresh_id()
        owner = self._owner_of_new(call.caller, shared=body.shared)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if len(await views.all_of(tx, call.caller.user_id)) >= MOST_VIEWS:
                raise Invalid(f"there are {MOST_VIEWS} views already: remove one first")
            await views.add(tx, key, owner, body.name, body.filters.model_dump_json())
            shown, entries = await self._written(tx, call.caller, key, owner)
        self._tell(call.caller, owner, shown, entries)
        return tagged(shown, 201)

    async def change(self, call: Call[NoQuery, ViewChange]) -> web.StreamResponse:
        """Change one, if it is what the caller saw."""
        filters = None if call.body.filters is None else call.body.filters.model_dump_json()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            view = await self._locked(tx, call.caller, call.id)
            require_match(call.request, view.json)
            owner = self._owner_of_changed(call.caller, view.owner_id, shared=call.body.shared)
            await views.change(tx, call.id, owner, call.body.name, filters)
            # Those whose it was until now have to hear that it is not any more.
            told = None if view.owner_id is None else owner
            shown, entries = await self._written(tx, call.caller, call.id, told)
        self._tell(call.caller, told, shown, entries)
        return tagged(shown)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove one."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            view = await self._locked(tx, call.caller, call.id)
            await views.remove(tx, call.id)
            shown, entries = await self._written(tx, call.caller, call.id, view.owner_id)
        self._tell(call.caller, view.owner_id, shown, entries)
        return web.Response(status=204)

    def _owner_of_new(self, caller: Caller, *, shared: bool) -> UUID | None:
        if not shared:
            return person(caller)
        require(caller, "workspace.write")
        return None

    def _owner_of_changed(self, caller: Caller, owner: UUID | None, *, shared: bool | None) -> UUID | None:
        if shared is None or shared == (owner is None):
            return owner
        return self._owner_of_new(caller, shared=shared)

    async def _locked(self, tx: TenantTx, caller: Caller, key: UUID) -> views.View:
        view = _there(await views.lock(tx, key, caller.user_id))
        if view.owner_id is None:
            require(caller, "workspace.write")
        return view

    async def _written(
        self, tx: TenantTx, caller: Caller, key: UUID, owner: UUID | None
    ) -> tuple[str, Sequence[Entry]]:
        """Write of a shared one to the log, which everybody reads; a member's own is nobody else's business."""
        if owner is not None:
            return await views.shown(tx, key), []
        await log.lock_head(tx)
        shown = await views.shown(tx, key)
        return shown, [await log.append(tx, UPDATED, None, shown, author_of(caller, self._services).fresh_id())]

    def _tell(self, caller: Caller, owner: UUID | None, shown: str, entries: Sequence[Entry]) -> None:
        if owner is None:
            self._services.announce(entries)
        else:
            self._services.tell_own(caller.tenant_id, owner, UPDATED, shown)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Views(services)
    api.add(LIST, handlers.list)
    api.add(COUNTS, handlers.counts)
    api.add(CREATE, handlers.create)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)


def _there(found: views.View | None) -> views.View:
    if found is None:
        raise NotFound("there is no such view")
    return found
