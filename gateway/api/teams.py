"""``/api/v1/teams``: members who share conversations, and how these are handed out among them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.access import Caller
from gateway.api.authors import author_of
from gateway.api.channels import Words
from gateway.api.cursors import list_json
from gateway.api.etags import ETAG, IF_MATCH, require_match, tagged
from gateway.api.services import Services
from gateway.model.fields import ChannelId, UserId
from gateway.model.ids import parse, sample_id
from gateway.model.log import Entry
from gateway.model.page import Page
from gateway.model.team import Team, TeamPage
from gateway.openapi import Answer, Api, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.problems import ChangedMeanwhile, Fault, Invalid, NotFound
from gateway.store import changing, log, teams
from gateway.store.pool import TenantTx, tenant_tx

TAG = "Teams"
UPDATED = "team.updated"

Capacity = Annotated[int, Field(ge=1, le=10_000)]
CAPACITY = "Whoever has that many open conversations is passed over; null: nobody."


class TeamBody(BodyModel):
    """A new team."""

    name: Words
    member_ids: list[UserId] = Field(default=[], max_length=500, description="Active members.")
    channel_ids: list[ChannelId] = Field(
        default=[], max_length=200, description="What comes in there begins as its own."
    )
    auto_assign: bool = Field(default=False, description="Give what nobody has to the members in turn.")
    capacity: Capacity | None = Field(default=None, description=CAPACITY)


class TeamChange(BodyModel):
    """What is to be changed of a team; what is left out stays."""

    name: Words | None = None
    member_ids: list[UserId] | None = Field(default=None, max_length=500, description="All of them.")
    channel_ids: list[ChannelId] | None = Field(default=None, max_length=200, description="All of them.")
    auto_assign: bool | None = None
    capacity: Capacity | None = Field(default=None, description=CAPACITY)


LIST = Operation(
    method="GET",
    path="/api/v1/teams",
    name="list_teams",
    tag=TAG,
    summary="List the teams.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("All of them, by name; at least as new as seq.", TeamPage)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/teams",
    name="create_team",
    tag=TAG,
    summary="Make a team.",
    description="Writes team.updated to the log, also for a team that loses a channel to it.",
    query=NoQuery,
    body=TeamBody,
    permission="workspace.write",
    example={
        "name": "Support",
        "member_ids": [sample_id("usr")],
        "channel_ids": [sample_id("ch")],
        "auto_assign": True,
        "capacity": 20,
    },
    answers={201: Answer("The team.", Team, headers=ETAG)},
)
GET = Operation(
    method="GET",
    path="/api/v1/teams/{id}",
    name="get_team",
    tag=TAG,
    summary="Get a team.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    answers={200: Answer("The team.", Team, headers=ETAG)},
    id_prefix="team",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/teams/{id}",
    name="change_team",
    tag=TAG,
    summary="Change a team: its name, members, channels, and how it hands out conversations.",
    description="Writes team.updated to the log, also for a team that loses a channel to it.",
    query=NoQuery,
    body=TeamChange,
    permission="workspace.write",
    example={"name": "First line", "member_ids": [sample_id("usr")], "channel_ids": [sample_id("ch")]},
    answers={200: Answer("The team as it is now.", Team, headers=ETAG)},
    problems=(ChangedMeanwhile,),
    headers=IF_MATCH,
    id_prefix="team",
)
REMOVE = Operation(
    method="DELETE",
    path="/api/v1/teams/{id}",
    name="remove_team",
    tag=TAG,
    summary="Remove a team.",
    description="Writes team.updated to the log, with deleted_at; then its conversations lose it, each told of as"
    " ever.",
    query=NoQuery,
    body=NoBody,
    permission="workspace.write",
    answers={204: Answer("It is gone.", content_type=None)},
    id_prefix="team",
)


class Teams:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all teams."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            rows = await teams.all_of(tx)
        return json_answer(list_json(Page(rows, None), [], head.last_seq))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one team."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            return tagged(_there(await teams.get(tx, call.id)))

    async def create(self, call: Call[NoQuery, TeamBody]) -> web.StreamResponse:
        """Make a team."""
        body, key = call.body, author_of(call.caller, self._services).fresh_id()
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            if not await teams.add(tx, key, body.name, auto_assign=body.auto_assign, capacity=body.capacity):
                raise _taken()
            entries = await self._fill(tx, call.caller, key, body.member_ids, body.channel_ids)
        self._services.announce(entries)
        return tagged(entries[0].data, 201)

    async def change(self, call: Call[NoQuery, TeamChange]) -> web.StreamResponse:
        """Change a team, if it is what the caller saw."""
        body = call.body
        limit = "capacity" in body.model_fields_set
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            require_match(call.request, _there(await teams.lock(tx, call.id)))
            if not await teams.change(
                tx, call.id, body.name, auto_assign=body.auto_assign, limit=limit, capacity=body.capacity
            ):
                raise _taken()
            entries = await self._fill(tx, call.caller, call.id, body.member_ids, body.channel_ids)
        self._services.announce(entries)
        return tagged(entries[0].data)

    async def remove(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Remove a team."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            _there(await teams.lock(tx, call.id))
            await teams.remove(tx, call.id)
            entries = await self._tell(tx, call.caller, [call.id])
        self._services.announce(entries)
        return web.Response(status=204)

    async def _fill(
        self,
        tx: TenantTx,
        caller: Caller,
        team_id: UUID,
        members: Sequence[str] | None,
        channels: Sequence[str] | None,
    ) -> Sequence[Entry]:
        """Set who and what belongs to a locked team, as far as that is wanted, and tell of it."""
        losing: Collection[UUID] = ()
        if members is not None:
            await self._set_members(tx, team_id, {parse("usr", one) for one in members})
        if channels is not None:
            losing = await _set_channels(tx, team_id, {parse("ch", one) for one in channels})
        return await self._tell(tx, caller, [team_id, *sorted(losing)])

    async def _set_members(self, tx: TenantTx, team_id: UUID, members: Collection[UUID]) -> None:
        if await changing.active_members(tx, members) != members:
            wrong = Fault("body", "/member_ids", "one of these is no active member")
            raise Invalid("a team has active members", [wrong])
        await teams.set_members(tx, team_id, members)

    async def _tell(self, tx: TenantTx, caller: Caller, which: Iterable[UUID]) -> Sequence[Entry]:
        await log.lock_head(tx)
        author = author_of(caller, self._services)
        return [await log.append(tx, UPDATED, None, await teams.shown(tx, key), author.fresh_id()) for key in which]


async def _set_channels(tx: TenantTx, team_id: UUID, channels: Collection[UUID]) -> Collection[UUID]:
    losing = await teams.set_channels(tx, team_id, channels)
    if losing is None:
        raise Invalid("a channel is not there", [Fault("body", "/channel_ids", "one of these channels is not there")])
    return losing


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Teams(services)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)
    api.add(REMOVE, handlers.remove)


def _there(found: str | None) -> str:
    if found is None:
        raise NotFound("there is no such team")
    return found


def _taken() -> Invalid:
    return Invalid("there is a team of this name", [Fault("body", "/name", "another team has this name")])
