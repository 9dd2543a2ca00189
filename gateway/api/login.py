"""``/api/v1/login``, ``/logout`` and ``/me``: a person comes in, goes, and asks who they are."""

import unicodedata
from datetime import timedelta

from aiohttp import web
from pydantic import Field

from gateway.access import (
    COOKIE,
    Caller,
    new_session_token,
    require_same_origin,
    tenant_of_session,
    token_hash,
)
from gateway.api.services import Services
from gateway.api.tries import Tries
from gateway.model.ids import public
from gateway.model.me import Me, MeTenant, MeUser
from gateway.model.texts import storable
from gateway.openapi import (
    Answer,
    Api,
    BodyModel,
    Call,
    NoBody,
    NoQuery,
    OpenCall,
    Operation,
    json_answer,
)
from gateway.passwords import PasswordChecker
from gateway.permissions import of_member
from gateway.problems import (
    LoginFailed,
    OriginMismatch,
    Overloaded,
    TooManyRequests,
    Unauthenticated,
)
from gateway.store import people
from gateway.store.pool import DatabaseUnavailable, tenant_tx

TAG = "Login"
SESSION_LASTS = timedelta(days=14)
TOKEN_SECRET_BYTES = 32
COOKIE_HEADER = {"Set-Cookie": "The session: HttpOnly, SameSite=Lax, for 14 days."}


class LoginBody(BodyModel):
    """Who wants to come in."""

    email: str = Field(min_length=1, max_length=320, json_schema_extra={"format": "email"})
    password: str = Field(min_length=1, max_length=1024, json_schema_extra={"format": "password"})


LOGIN = Operation(
    method="POST",
    path="/api/v1/login",
    name="log_in",
    tag=TAG,
    summary="Log in with an e-mail address and a password.",
    query=NoQuery,
    body=LoginBody,
    answers={200: Answer("Logged in; the cookie opens everything else.", Me, headers=COOKIE_HEADER)},
    problems=(LoginFailed, OriginMismatch, TooManyRequests, Overloaded, DatabaseUnavailable),
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
    answers={200: Answer("The caller, the tenant, and where its log is.", Me)},
)


class Login:
    """The handlers.

    Args:
        services: the surroundings.
        passwords: checks them.
        by_address: how often one address may be tried.
        by_peer: how often one computer may try.
    """

    def __init__(self, services: Services, passwords: PasswordChecker, by_address: Tries, by_peer: Tries) -> None:
        self._services = services
        self._passwords = passwords
        self._by_address = by_address
        self._by_peer = by_peer

    async def log_in(self, call: OpenCall[NoQuery, LoginBody]) -> web.StreamResponse:
        """Check a password and start a session under a new token; an old one of this browser ends."""
        request = call.request
        if {"Origin", "Sec-Fetch-Site"} & set(request.headers):  # a browser; it could be made to log in elsewhere
            require_same_origin(request, self._services.public_url)
        login = await self._checked(normal(call.body.email), call.body.password, request.remote or "-")
        await self._end(request.cookies.get(COOKIE, ""))
        token = await self._start(login, request.headers.get("User-Agent", ""))
        caller = Caller(login.tenant_id, login.user_id, login.role, of_member(login.role), token_hash(token))
        answer = json_answer(await self._me(caller))
        self._set_cookie(answer, token)
        return answer

    async def log_out(self, call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """End a session; without one there is nothing to do."""
        if COOKIE in call.request.cookies:
            require_same_origin(call.request, self._services.public_url)
            await self._end(call.request.cookies[COOKIE])
        answer = web.Response(status=204)
        answer.del_cookie(COOKIE, path="/", secure=self._secure, httponly=True, samesite="Lax")
        return answer

    async def me(self, call: Call[NoQuery, NoBody]) -> web.StreamResponse:
        """Tell who calls."""
        return json_answer(await self._me(call.caller))

    async def _checked(self, address: str, password: str, peer: str) -> people.Login:
        """Return whose login this is; tries that succeed do not count."""
        self._by_peer.take(peer)
        self._by_address.take(address)
        found = await people.logins(self._services.pool, address)
        login = found[0] if found else None
        if not await self._passwords.matches(password, login.password_hash if login else None) or login is None:
            raise LoginFailed("no account has this e-mail address and this password")
        self._by_peer.give_back(peer)
        self._by_address.give_back(address)
        return login

    async def _start(self, login: people.Login, user_agent: str) -> str:
        now = self._services.clock()
        token = new_session_token(login.tenant_id, self._services.secret(TOKEN_SECRET_BYTES))
        session = people.Session(
            token_hash=token_hash(token),
            id=self._services.new_id(int(now.timestamp() * 1000)),
            user_id=login.user_id,
            user_agent=storable(user_agent, 200),
            expires_at=now + SESSION_LASTS,
        )
        async with tenant_tx(self._services.pool, login.tenant_id) as tx:
            await people.add_session(tx, session, now)
        return token

    async def _end(self, token: str) -> None:
        try:
            tenant_id = tenant_of_session(token)
        except Unauthenticated:  # no token of ours: nothing to end
            return
        async with tenant_tx(self._services.pool, tenant_id) as tx:
            await people.end_session(tx, token_hash(token))
        self._services.session_ended(token_hash(token))

    async def _me(self, caller: Caller) -> Me:
        async with tenant_tx(self._services.pool, caller.tenant_id) as tx:
            tenant = await people.tenant(tx)
            user = await people.user(tx, caller.user_id) if caller.user_id else None
        return Me(
            user=user and MeUser(id=public("usr", user.id), email=user.email, name=user.name),
            tenant=MeTenant(id=str(tenant.id), name=tenant.name, slug=tenant.slug),
            role=caller.role,
            permissions=sorted(caller.permissions),
            demo=self._services.demo(tenant.id),
            seq=tenant.last_seq,
            epoch=str(tenant.epoch),
        )

    def _set_cookie(self, answer: web.Response, token: str) -> None:
        lasts = int(SESSION_LASTS.total_seconds())
        answer.set_cookie(COOKIE, token, max_age=lasts, path="/", secure=self._secure, httponly=True, samesite="Lax")

    @property
    def _secure(self) -> bool:
        return self._services.public_url.startswith("https:")


def add_routes(api: Api, login: Login) -> None:
    """Mount the operations."""
    api.add_open(LOGIN, login.log_in)
    api.add_open(LOGOUT, login.log_out)
    api.add(ME, login.me)


def normal(address: str) -> str:
    """Write an e-mail address as it is stored: one form of each letter, lower case, no space around, no NUL."""
    return unicodedata.normalize("NFC", address).strip().lower().replace("\0", "")
