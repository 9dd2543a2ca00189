"""``/api/v1/login``, ``/logout`` and ``/me``: a person comes in, goes, and asks who they are."""

import unicodedata
from collections.abc import Sequence

from aiohttp import web
from pydantic import Field

from gateway.access import COOKIE, require_same_origin
from gateway.api.entrance import Entrance
from gateway.model.me import Me
from gateway.model.member import WaysIn
from gateway.openapi import (
    Answer,
    Api,
    Audit,
    BodyModel,
    Call,
    NoBody,
    NoQuery,
    OpenCall,
    Operation,
    json_answer,
)
from gateway.problems import LoginFailed, OriginMismatch, Overloaded, SecondFactorRequired, TooManyRequests
from gateway.store import people
from gateway.store.people import Membership, Person
from gateway.store.pool import DatabaseUnavailable

TAG = "Login"
COOKIE_HEADER = {"Set-Cookie": "The session: HttpOnly, SameSite=Lax, for 14 days; a week without use ends it."}


class LoginBody(BodyModel):
    """Who wants to come in."""

    email: str = Field(min_length=1, max_length=320, json_schema_extra={"format": "email"})
    password: str = Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"})
    tenant: str | None = Field(
        default=None, max_length=63, description="The slug of the tenant; without it, the first one that they joined."
    )


WAYS = Operation(
    method="GET",
    path="/api/v1/login",
    name="get_ways_to_log_in",
    tag=TAG,
    summary="Tell how people can come in.",
    query=NoQuery,
    body=NoBody,
    answers={200: Answer("What there is beside a password.", WaysIn)},
)
LOGIN = Operation(
    method="POST",
    path="/api/v1/login",
    name="log_in",
    tag=TAG,
    summary="Log in with an e-mail address and a password.",
    description="Whoever has a second factor gets the problem second_factor_required and a cookie, with which the code"
    " is to be sent to /api/v1/login/second-factor.",
    query=NoQuery,
    body=LoginBody,
    example={"email": "jane@example.org", "password": "a quiet harbour"},
    answers={200: Answer("Logged in; the cookie opens everything else.", Me, headers=COOKIE_HEADER)},
    problems=(LoginFailed, SecondFactorRequired, OriginMismatch, TooManyRequests, Overloaded, DatabaseUnavailable),
)
LOGOUT = Operation(
    method="POST",
    path="/api/v1/logout",
    name="log_out",
    tag=TAG,
    summary="End the session of the cookie.",
    query=NoQuery,
    body=NoBody,
    answers={204: Answer("Logged out, or never in.", content_type=None)},
    problems=(OriginMismatch, DatabaseUnavailable),
)
ME = Operation(
    method="GET",
    path="/api/v1/me",
    name="get_me",
    tag=TAG,
    summary="Tell who calls.",
    query=NoQuery,
    body=NoBody,
    permission="inbox.read",
    audit=Audit("read", "users"),
    answers={200: Answer("The caller, the tenant, and where its log is.", Me)},
)


class Login:
    """The handlers."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._services = entrance.services

    async def ways(self, _call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """Tell how people can come in."""
        provider = self._services.single_sign_on
        return json_answer(
            WaysIn(password_reset=self._services.post is not None, single_sign_on=provider.name if provider else None)
        )

    async def log_in(self, call: OpenCall[NoQuery, LoginBody]) -> web.StreamResponse:
        """Check a password, and let in or ask for a code."""
        self._entrance.own_page(call.request)
        body = call.body
        person, tenants = await self._checked(call.request, normal(body.email), body.password)
        wanted = [one for one in tenants if body.tenant in {None, one.slug}]
        if not wanted:
            raise LoginFailed("this account does not belong to that tenant")
        return await self._entrance.admit(call.request, person.user_id, wanted[0], person.password_hash)

    async def log_out(self, call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """End a session; without one there is nothing to do."""
        if token := self._entrance.cookie(call.request, COOKIE):
            require_same_origin(call.request, self._services.public_url)
            await self._entrance.end(token)
        answer = web.Response(status=204)
        self._entrance.drop_cookie(answer, COOKIE, "Lax")
        return answer

    async def me(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Tell who calls."""
        return json_answer(await self._entrance.me(call.caller))

    async def _checked(self, request: web.Request, address: str, password: str) -> tuple[Person, Sequence[Membership]]:
        """Return whose password this is, and where they may go; tries that succeed do not count."""
        tries = await self._entrance.try_password(request, address)
        person = await people.person_of(self._services.pool, address)
        right = await self._entrance.passwords.matches(password, person.password_hash if person else None)
        tenants = await people.memberships_of(self._services.pool, person.user_id) if person and right else []
        if person is None or not tenants:
            raise LoginFailed("no account has this e-mail address and this password")
        await tries.give_back()
        return person, tenants


def add_routes(api: Api, entrance: Entrance) -> None:
    """Mount the operations."""
    login = Login(entrance)
    api.add_open(WAYS, login.ways)
    api.add_open(LOGIN, login.log_in)
    api.add_open(LOGOUT, login.log_out)
    api.add(ME, login.me)


def normal(address: str) -> str:
    """Write an e-mail address as it is stored: one form of each letter, lower case, no space around, no NUL."""
    return unicodedata.normalize("NFC", address).strip().lower().replace("\0", "")


def is_settled(address: str) -> bool:
    """Return whether Unicode knows each character of an address as this Python has it.

    Of the others Postgres, whose Unicode is newer, may know a lower case: what is lower case here is none there.
    """
    return all(unicodedata.category(letter) != "Cn" for letter in address)
