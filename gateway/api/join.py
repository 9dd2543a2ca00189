"""``/api/v1/join``: following the link of an invitation."""

from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.access import tenant_of_link, token_hash
from gateway.api.entrance import Entrance
from gateway.api.login import COOKIE_HEADER, TAG
from gateway.api.member_events import tell_of_member
from gateway.api.profile import Name, require_good
from gateway.model.log import Entry
from gateway.model.me import Me
from gateway.model.member import OpenInvitation
from gateway.openapi import Answer, Api, BodyModel, NoQuery, OpenCall, Operation, json_answer
from gateway.people.rules import LONGEST
from gateway.problems import (
    Fault,
    Invalid,
    LoginFailed,
    NotFound,
    OriginMismatch,
    Overloaded,
    SecondFactorRequired,
    TooManyRequests,
)
from gateway.store import invitations, members, people
from gateway.store.invitations import Invitation
from gateway.store.people import Person
from gateway.store.pool import DatabaseUnavailable, TenantTx, tenant_tx


class LinkBody(BodyModel):
    """The link of an invitation."""

    token: str = Field(min_length=1, max_length=200, description="What stands behind # in the link.")


class JoinBody(LinkBody):
    """Who joins."""

    name: Name | None = Field(default=None, description="Needed for a new account.")
    password: str = Field(
        min_length=1,
        max_length=LONGEST,
        description="For a new account, a new one of at least ten characters; else the account's.",
        json_schema_extra={"format": "password"},
    )


LOOK = Operation(
    method="POST",
    path="/api/v1/join/look",
    name="look_at_invitation",
    tag=TAG,
    summary="Tell what the link of an invitation leads to.",
    query=NoQuery,
    body=LinkBody,
    example={"token": "as-it-stands-in-the-link"},
    answers={200: Answer("The invitation.", OpenInvitation)},
    problems=(NotFound, OriginMismatch, TooManyRequests, DatabaseUnavailable),
)
JOIN = Operation(
    method="POST",
    path="/api/v1/join",
    name="join",
    tag=TAG,
    summary="Accept an invitation.",
    description="With a new account, or with the one that the address has. Writes member.updated to the log.",
    query=NoQuery,
    body=JoinBody,
    example={"token": "as-it-stands-in-the-link", "name": "Jane Doe", "password": "a quiet harbour"},
    answers={200: Answer("Joined, and logged in.", Me, headers=COOKIE_HEADER)},
    problems=(
        NotFound,
        LoginFailed,
        SecondFactorRequired,
        OriginMismatch,
        TooManyRequests,
        Overloaded,
        DatabaseUnavailable,
    ),
)


class Joining:
    """The handlers."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._services = entrance.services

    async def look(self, call: OpenCall[NoQuery, LinkBody]) -> web.StreamResponse:
        """Answer what somebody should know before they accept."""
        self._entrance.own_page(call.request)
        tenant_id, invitation = await self._invitation(call.request, call.body.token)
        person = await people.person_of(self._services.pool, invitation.email)
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            tenant = await people.tenant(tx)
            inviter = await people.user(tx, invitation.invited_by) if invitation.invited_by else None
        with_password = "password" if person is not None and person.password_hash else "single_sign_on"
        return json_answer(
            OpenInvitation(
                tenant=tenant.name,
                email=invitation.email,
                role=invitation.role,
                invited_by=inviter.name if inviter else None,
                account="new" if person is None else with_password,
            )
        )

    async def join(self, call: OpenCall[NoQuery, JoinBody]) -> web.StreamResponse:
        """Make somebody a member, and let them in."""
        self._entrance.own_page(call.request)
        tenant_id, invitation = await self._invitation(call.request, call.body.token)
        person = await people.person_of(self._services.pool, invitation.email)
        if person is None:
            user_id, entry = await self._with_new_account(tenant_id, invitation, call.body)
        else:
            await self._require_password(person, invitation.email, call.body.password)
            user_id = person.user_id
            async with tenant_tx(self._services.pool, tenant_id) as tx:
                entry = await accept(tx, self._entrance, invitation.id, user_id)
        self._services.announce([entry])
        tenants = await people.memberships_of(self._services.pool, user_id)
        joined = next((one for one in tenants if one.tenant_id == tenant_id), None)
        if joined is None:
            raise LoginFailed("this account is no longer in use")
        return await self._entrance.admit(call.request, user_id, joined, person.password_hash if person else None)

    async def _invitation(self, request: web.Request, token: str) -> tuple[UUID, Invitation]:
        """Return the invitation of a link, and its tenant.

        Raises:
            NotFound: when it doesn't count (any more).
        """
        peer = self._entrance.peer(request)
        await self._entrance.guesses.by_peer.take(peer)
        tenant_id = tenant_of_link(token)
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            found = await invitations.of_token(tx, token_hash(token), self._services.clock())
        if found is None:
            raise NotFound("this link has expired, was used, or was taken back")
        await self._entrance.guesses.by_peer.give_back(peer)
        return tenant_id, found

    async def _with_new_account(self, tenant_id: UUID, invitation: Invitation, body: JoinBody) -> tuple[UUID, Entry]:
        if body.name is None:
            raise Invalid("a new account needs a name", [Fault("body", "/name", "how should others call you?")])
        require_good(body.password, invitation.email, "/password")
        stored = await self._entrance.passwords.hashed(body.password)
        user_id, verified = self._entrance.new_id(), self._services.clock() if invitation.mailed else None
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            if not await people.add_person(tx, user_id, invitation.email, body.name.strip(), stored, verified):
                raise LoginFailed("this address has got an account meanwhile; give its password")
            return user_id, await accept(tx, self._entrance, invitation.id, user_id)

    async def _require_password(self, person: Person, email: str, password: str) -> None:
        """Let only the account's owner join with it: the link may have come to them through other hands.

        Raises:
            LoginFailed: for everybody else.
        """
        await self._entrance.guesses.by_address.take(email)
        if not await self._entrance.passwords.matches(password, person.password_hash):
            raise LoginFailed("this is not the password of the account")
        await self._entrance.guesses.by_address.give_back(email)


async def accept(tx: TenantTx, entrance: Entrance, invitation_id: UUID, user_id: UUID) -> Entry:
    """Use an invitation up: the person is a member, and the log says so. The last thing of its transaction.

    Raises:
        NotFound: when the invitation counts no more.
    """
    role = await invitations.accept(tx, invitation_id, entrance.services.clock())
    if role is None:
        raise NotFound("this link has expired, was used, or was taken back")
    await members.add(tx, user_id, role)
    return await tell_of_member(tx, user_id, entrance.new_id())


def add_routes(api: Api, entrance: Entrance) -> None:
    """Mount the operations."""
    handlers = Joining(entrance)
    api.add_open(LOOK, handlers.look)
    api.add_open(JOIN, handlers.join)
