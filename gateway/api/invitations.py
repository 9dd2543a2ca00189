"""``/api/v1/invitations``: asking people into the tenant, by mail or by a link to pass on."""

from datetime import timedelta

from aiohttp import web
from pydantic import Field

from gateway.access import Caller, new_link_token, token_hash
from gateway.api.entrance import TOKEN_SECRET_BYTES, Entrance
from gateway.api.login import is_settled, normal
from gateway.api.members import TAG, require_power_over
from gateway.model.ids import public
from gateway.model.log import iso
from gateway.model.member import Invitation, InvitationPage, SentInvitation
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoBody, NoQuery, Operation, json_answer
from gateway.people import letters
from gateway.permissions import Role
from gateway.problems import Fault, Invalid, NotFound, TooManyRequests
from gateway.store import invitations, members, people
from gateway.store.pool import tenant_tx

LASTS = timedelta(days=7)
#: One mailbox at one host; the mail server has the last word.
ADDRESS = r"^[^\x00-\x20\x7f@<>\"(),:;\\\[\]]+@[^\x00-\x20\x7f@<>\"(),:;\\\[\]]+$"


class InvitationBody(BodyModel):
    """Whom to invite."""

    email: str = Field(max_length=254, pattern=ADDRESS, examples=["kim@example.org"])
    role: Role


LIST = Operation(
    method="GET",
    path="/api/v1/invitations",
    name="list_invitations",
    tag=TAG,
    summary="List the invitations that wait.",
    query=NoQuery,
    body=NoBody,
    permission="members.write",
    audit=Audit("read", "invitations"),
    answers={200: Answer("All of them, the newest first.", InvitationPage)},
)
CREATE = Operation(
    method="POST",
    path="/api/v1/invitations",
    name="invite_member",
    tag=TAG,
    summary="Invite somebody.",
    description="The link goes to them by mail, holds for seven days, and works once. Where no mail can be sent, the"
    " answer tells the link, to be passed on. An earlier invitation of the same address is replaced.",
    query=NoQuery,
    body=InvitationBody,
    permission="members.write",
    audit=Audit("create", "invitations"),
    example={"email": "jane@example.org", "role": "operator"},
    answers={201: Answer("The invitation.", SentInvitation)},
    problems=(TooManyRequests,),
)
RESEND = Operation(
    method="POST",
    path="/api/v1/invitations/{id}/resend",
    name="resend_invitation",
    tag=TAG,
    summary="Send an invitation once more, with another link.",
    description="The earlier link no longer works; the new one holds for seven days.",
    query=NoQuery,
    body=NoBody,
    permission="members.write",
    audit=Audit("send", "invitations"),
    answers={200: Answer("The invitation.", SentInvitation)},
    problems=(TooManyRequests,),
    id_prefix="inv",
)
REVOKE = Operation(
    method="DELETE",
    path="/api/v1/invitations/{id}",
    name="revoke_invitation",
    tag=TAG,
    summary="Take an invitation back.",
    query=NoQuery,
    body=NoBody,
    permission="members.write",
    audit=Audit("remove", "invitations"),
    answers={204: Answer("Its link no longer works.", content_type=None)},
    id_prefix="inv",
)


class Invitations:
    """The handlers."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._services = entrance.services

    async def list(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer all invitations."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            found = await invitations.all_of(tx)
        return json_answer(InvitationPage(data=[self._shown(one) for one in found], next_cursor=None))

    async def create(self, call: Call[NoQuery, InvitationBody]) -> web.StreamResponse:
        """Store an invitation, then send it."""
        caller, email, now = call.caller, normal(call.body.email), self._services.clock()
        require_power_over(caller, call.body.role)
        if not is_settled(email):
            raise Invalid("this is no address", [Fault("body", "/email", "it holds a character that is not known")])
        await self._entrance.guesses.invitations.take(email)
        token = self._new_token(caller)
        made = invitations.Invitation(
            id=self._entrance.new_id(),
            email=email,
            role=call.body.role,
            mailed=False,
            invited_by=caller.user_id,
            expires_at=now + LASTS,
            created_at=now,
        )
        call.reaches(made.id)
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            if await members.has_address(tx, email):
                taken = Fault("body", "/email", "this person is a member already")
                raise Invalid("this person is a member already", [taken])
            await invitations.add(tx, made, token_hash(token))
        return json_answer(await self._sent(caller, made, token), 201)

    async def resend(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Give an invitation another link, then send it."""
        caller, token = call.caller, self._new_token(call.caller)
        until = self._services.clock() + LASTS
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            renewed = await invitations.renew(tx, call.id, token_hash(token), until)
            if renewed is None:
                raise NotFound("there is no such invitation")
            require_power_over(caller, renewed.role)
            await self._entrance.guesses.invitations.take(renewed.email)
        return json_answer(await self._sent(caller, renewed, token))

    async def revoke(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Take an invitation back."""
        async with tenant_tx(self._services.pool, call.caller.tenant_id) as tx:
            role = await invitations.revoke(tx, call.id, self._services.clock())
            if role is None:
                raise NotFound("there is no such invitation")
            require_power_over(call.caller, role)
        return web.Response(status=204)

    async def _sent(self, caller: Caller, made: invitations.Invitation, token: str) -> SentInvitation:
        """Send a link by mail. Only when that fails is it told to the caller, who then knows a way in."""
        link = f"{self._services.public_url}/join#{token}"
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            tenant = await people.tenant(tx)
            inviter = await people.user(tx, caller.user_id) if caller.user_id else None
        letter = letters.invitation(made.email, tenant.name, inviter.name if inviter else None, link)
        mailed = self._services.post is not None and await self._services.post(letter)
        if mailed:
            async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
                await invitations.note_mailed(tx, made.id, token_hash(token))
        shown = self._shown(made).model_dump()
        return SentInvitation(**shown | {"mailed": mailed, "link": None if mailed else link})

    def _new_token(self, caller: Caller) -> str:
        return new_link_token(caller.tenant_id, self._services.secret(TOKEN_SECRET_BYTES))

    def _shown(self, one: invitations.Invitation) -> Invitation:
        return Invitation(
            id=public("inv", one.id),
            email=one.email,
            role=one.role,
            mailed=one.mailed,
            invited_by=public("usr", one.invited_by) if one.invited_by else None,
            expires_at=iso(one.expires_at),
            expired=one.expires_at <= self._services.clock(),
            created_at=iso(one.created_at),
        )


def add_routes(api: Api, entrance: Entrance) -> None:
    """Mount the operations."""
    handlers = Invitations(entrance)
    api.add(LIST, handlers.list)
    api.add(CREATE, handlers.create)
    api.add(RESEND, handlers.resend)
    api.add(REVOKE, handlers.revoke)
