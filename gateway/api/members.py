"""``/api/v1/members``: who belongs to the tenant, and as what."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import orjson
from aiohttp import web
from pydantic import Field

from gateway.access import Caller
from gateway.api.member_events import tell_of_member
from gateway.api.services import Services
from gateway.model.member import Member, MemberPage
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.permissions import Permission, Role, of_member
from gateway.problems import Fault, Forbidden, Invalid, NotFound
from gateway.store import log, members, sessions
from gateway.store.pool import tenant_tx

TAG = "People"
#: What is about nobody but the person: programs may give it, although they have no account.
NOBODYS = frozenset[Permission]({"account.write"})


class MemberChange(BodyModel):
    """What is to be changed; what is left out stays."""

    role: Role | None = None
    extra_permissions: list[Permission] | None = Field(
        default=None, max_length=40, description="What they may do beyond their role; replaces what there was."
    )
    status: Literal["active", "disabled"] | None = Field(
        default=None, description="disabled: their logins end at once, and they can't come in; what they wrote stays."
    )


LIST = Operation(
    method="GET",
    path="/api/v1/members",
    name="list_members",
    tag=TAG,
    summary="List the members of the tenant.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "users"),
    answers={200: Answer("All of them, the first one first, disabled ones too.", MemberPage)},
)
GET = Operation(
    method="GET",
    path="/api/v1/members/{id}",
    name="get_member",
    tag=TAG,
    summary="Get a member.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "users"),
    answers={200: Answer("The member.", Member)},
    id_prefix="usr",
)
CHANGE = Operation(
    method="PATCH",
    path="/api/v1/members/{id}",
    name="change_member",
    tag=TAG,
    summary="Change a member's role or permissions, or disable them.",
    description="Nobody gives or takes more than they have themselves; only owners change owners, and one stays. Writes"
    " member.updated to the log.",
    query=NoQuery,
    body=MemberChange,
    permission="members.write",
    audit=Audit("change", "users"),
    example={"role": "manager", "extra_permissions": ["members.write"]},
    answers={200: Answer("The member as they are now.", Member)},
    id_prefix="usr",
)


class Members:
    """The handlers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all members; the log's position is read first."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            head = await log.head(tx)
            found = await members.all_json(tx)
        page = {"data": [orjson.Fragment(one) for one in found], "next_cursor": None, "seq": head.last_seq}
        return json_answer(orjson.dumps(page))

    async def get(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer one member."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await members.one_json(tx, call.id)
        if found is None:
            raise NotFound("there is no such member")
        return json_answer(found)

    async def change(self, call: Call[NoQuery, MemberChange]) -> web.StreamResponse:
        """Store what is to be changed; the logins of somebody who is disabled end."""
        body = call.body
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            before, owners = await members.lock(tx, call.id)
            if before is None:
                raise NotFound("there is no such member")
            after = replace(
                before,
                role=body.role or before.role,
                status=body.status or before.status,
                extra_permissions=before.extra_permissions
                if body.extra_permissions is None
                else sorted(set(body.extra_permissions)),
            )
            require_power_over(call.caller, before.role, before.extra_permissions)
            require_power_over(call.caller, after.role, body.extra_permissions or ())
            if owners == [before] and (after.role, after.status) != ("owner", "active"):
                last = Fault("body", "/role" if body.role else "/status", "make somebody else an owner first")
                raise Invalid("this is the last owner", [last])
            await members.change(tx, after)
            ended = await sessions.end_of_member(tx, call.id) if after.status == "disabled" else []
            entry = await tell_of_member(tx, call.id, self._services.new_id(self._milliseconds()))
        for one in ended:
            self._services.login_ended(one)
        self._services.announce([entry])
        return json_answer(entry.data)

    def _milliseconds(self) -> int:
        return int(self._services.clock().timestamp() * 1000)


def add_routes(api: Api, services: Services) -> None:
    """Mount the operations."""
    handlers = Members(services)
    api.add(LIST, handlers.list)
    api.add(GET, handlers.get)
    api.add(CHANGE, handlers.change)


def require_power_over(caller: Caller, role: Role, extra: Iterable[str] = ()) -> None:
    """Let nobody give, or take from, somebody what they may not do themselves.

    Args:
        caller: who wants it.
        role: of the other one.
        extra: what the other one may do on top.

    Raises:
        Forbidden: naming what the caller lacks.
    """
    if role == "owner" and caller.role != "owner":
        raise Forbidden("only an owner decides about owners")
    lacking = of_member(role, extra) - caller.permissions - NOBODYS
    if lacking:
        raise Forbidden(f"this needs what you may not do yourself: {', '.join(sorted(lacking))}")
