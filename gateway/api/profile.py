"""``/api/v1/me/…``: what somebody changes about themselves: name, password, and which tenant they look at."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field

from gateway.access import Caller
from gateway.api.entrance import Entrance
from gateway.api.member_events import tell_of_member
from gateway.model.log import Entry
from gateway.model.me import Me
from gateway.openapi import Answer, Api, Audit, BodyModel, Call, NoQuery, Operation, json_answer
from gateway.people import letters
from gateway.people.rules import LONGEST, weakness
from gateway.problems import Fault, Forbidden, Invalid, NotFound, Overloaded, TooManyRequests
from gateway.store import passwords, people, sessions
from gateway.store.pool import tenant_tx

TAG = "Profile"
#: What others call a person.
Name = Annotated[
    str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]


class ProfileChange(BodyModel):
    """What is to be changed; what is left out stays."""

    name: Name | None = None


class CurrentPassword(BodyModel):
    """The password, to prove that nobody else sits at an open page."""

    current_password: str = Field(min_length=1, max_length=LONGEST, json_schema_extra={"format": "password"})


class PasswordChange(CurrentPassword):
    """The password as it is, and as it is to be."""

    new_password: str = Field(
        min_length=1,
        max_length=LONGEST,
        description="At least ten characters.",
        json_schema_extra={"format": "password"},
    )


class TenantChoice(BodyModel):
    """Where to go."""

    tenant: str = Field(min_length=1, max_length=63, description="The slug of a tenant that the caller belongs to.")


CHANGE = Operation(
    method="PATCH",
    path="/api/v1/me",
    name="change_me",
    tag=TAG,
    summary="Change one's own name.",
    description="Writes member.updated to the log of each tenant that the caller belongs to.",
    query=NoQuery,
    body=ProfileChange,
    permission="account.write",
    audit=Audit("change", "users"),
    example={"name": "Jane Doe"},
    answers={200: Answer("The caller as they are now.", Me)},
)
PASSWORD = Operation(
    method="POST",
    path="/api/v1/me/password",
    name="change_password",
    tag=TAG,
    summary="Change one's own password.",
    description="All other logins of the caller end.",
    query=NoQuery,
    body=PasswordChange,
    permission="account.write",
    audit=Audit("change", "users"),
    example={"current_password": "a quiet harbour", "new_password": "a louder harbour"},
    answers={204: Answer("It is changed.", content_type=None)},
    problems=(TooManyRequests, Overloaded),
)
SWITCH = Operation(
    method="POST",
    path="/api/v1/me/tenant",
    name="switch_tenant",
    tag=TAG,
    summary="Go to another tenant that the caller belongs to.",
    description="The login goes on there under another cookie; here it ends.",
    query=NoQuery,
    body=TenantChoice,
    permission="account.write",
    audit=Audit("read", "users"),
    example={"tenant": "acme"},
    answers={200: Answer("The caller, there.", Me, headers={"Set-Cookie": "The session in that tenant."})},
    problems=(NotFound,),
)


class Profile:
    """The handlers."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._services = entrance.services

    async def change(self, call: Call[NoQuery, ProfileChange]) -> web.StreamResponse:
        """Store a name, and tell every tenant of the person."""
        if call.body.name is not None:
            await self._rename(call.caller, call.body.name.strip())
        return json_answer(await self._entrance.me(call.caller))

    async def password(self, call: Call[NoQuery, PasswordChange]) -> web.StreamResponse:
        """Store a password, and end all other logins."""
        caller, user_id = call.caller, person_of(call.caller)
        await require_password(self._entrance, caller, call.body.current_password)
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            user = await people.user(tx, user_id)
        if user is None:
            raise NotFound("there is no such account")
        require_good(call.body.new_password, user.email, "/new_password")
        stored = await self._entrance.passwords.hashed(call.body.new_password)
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            await passwords.put(tx, user_id, stored)
            ended = await sessions.end_others(tx, user_id, caller.token_hash)
        self._ended(ended)
        self._entrance.send(letters.password_changed(user.email, user.name))
        return web.Response(status=204)

    async def switch(self, call: Call[NoQuery, TenantChoice]) -> web.StreamResponse:
        """Go on in another tenant; whoever is in has shown all that a login asks for."""
        user_id = person_of(call.caller)
        tenants = await people.memberships_of(self._services.pool, user_id)
        tenant = next((one for one in tenants if one.slug == call.body.tenant), None)
        if tenant is None:
            raise NotFound("you belong to no tenant of this name")
        return await self._entrance.open(call.request, user_id, tenant)

    async def _rename(self, caller: Caller, name: str) -> None:
        user_id = person_of(caller)
        entries: list[Entry] = []
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            await people.rename(tx, user_id, name)
            entries.append(await tell_of_member(tx, user_id, self._entrance.new_id()))
        for other in await people.memberships_of(self._services.pool, user_id):
            if other.tenant_id != caller.tenant_id:
                async with tenant_tx(self._services.pool, other.tenant_id) as tx:
                    entries.append(await tell_of_member(tx, user_id, self._entrance.new_id()))
        self._services.announce(entries)

    def _ended(self, ended: Sequence[bytes]) -> None:
        for one in ended:
            self._services.login_ended(one)


def add_routes(api: Api, entrance: Entrance) -> None:
    """Mount the operations."""
    handlers = Profile(entrance)
    api.add(CHANGE, handlers.change)
    api.add(PASSWORD, handlers.password)
    api.add(SWITCH, handlers.switch)


def person_of(caller: Caller) -> UUID:
    """Return the person who calls.

    Raises:
        Forbidden: when it is a program.
    """
    if caller.user_id is None:
        raise Forbidden("an API key is nobody's account")
    return caller.user_id


def require_good(password: str, email: str, pointer: str) -> None:
    """Refuse a new password that is too easy to guess.

    Raises:
        Invalid: saying why, at ``pointer``.
    """
    weak = weakness(password, email)
    if weak is not None:
        raise Invalid("this password is not good enough", [Fault("body", pointer, weak)])


async def require_password(entrance: Entrance, caller: Caller, password: str) -> None:
    """Let only those go on who know the caller's password.

    Raises:
        Invalid: for everybody else.
        TooManyRequests: for those who guess.
    """
    user_id, tries = person_of(caller), tries_of(caller)
    await entrance.guesses.by_person.take(tries)
    async with tenant_tx(entrance.services.pool, caller.tenant_id) as tx:
        stored = await passwords.of(tx, user_id)
    if not await entrance.passwords.matches(password, stored):
        words = (
            "this is not your password" if stored else "your account has no password; set one by a link from the login"
        )
        raise Invalid("the password is wrong", [Fault("body", "/current_password", words)])
    await entrance.guesses.by_person.give_back(tries)


def tries_of(caller: Caller) -> str:
    """Name the tries of a session. They are its own: who guesses at a login must not keep it from a new password."""
    return f"{person_of(caller).hex} in {caller.token_hash.hex()}"
