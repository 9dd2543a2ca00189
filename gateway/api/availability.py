"""``/api/v1/me/availability``: whether teams hand conversations to the caller."""

from typing import Literal

from aiohttp import web

from gateway.api.authors import author_of, person
from gateway.api.member_events import tell_of_member
from gateway.api.profile import TAG
from gateway.api.services import Services
from gateway.model.member import Member
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoQuery, Operation, json_answer
from gateway.store import members
from gateway.store.pool import tenant_tx


class AvailabilityBody(BodyModel):
    """Whether the caller takes conversations."""

    availability: Literal["online", "away"]


SET = Operation(
    method="PUT",
    path="/api/v1/me/availability",
    name="set_availability",
    tag=TAG,
    summary="Say whether teams may hand the caller conversations.",
    description="Writes member.updated to the log.",
    query=NoQuery,
    body=AvailabilityBody,
    permission="conversations.write",
    audit=Audit("change", "users"),
    example={"availability": "away"},
    answers={200: Answer("The caller as a member.", Member)},
)


class Availability:
    """The handler."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def set(self, call: Call[NoQuery, AvailabilityBody]) -> web.StreamResponse:
        """Store it."""
        user_id = person(call.caller)
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            await members.set_availability(tx, user_id, call.body.availability)
            entry = await tell_of_member(tx, user_id, author_of(call.caller, self._services).fresh_id())
        self._services.announce([entry])
        return json_answer(entry.data)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operation."""
    api.add(SET, Availability(services).set)
