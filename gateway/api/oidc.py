"""``/api/v1/login/oidc``: signing in through the operator's identity provider.

Only members come in, and those who were invited: the provider says who somebody is, not that they belong here.
"""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import ConfigDict, Field

from gateway.api.entrance import Challenge, Entrance
from gateway.api.join import accept
from gateway.api.login import TAG, normal
from gateway.openapi import Answer, Api, NoBody, NoQuery, OpenCall, Operation, QueryModel
from gateway.people import slips
from gateway.people.single_sign_on import Attempt, Identity, SignInRefused, SingleSignOn, new_attempt
from gateway.problems import NotFound, TooManyRequests
from gateway.store import people
from gateway.store.pool import DatabaseUnavailable, tenant_tx

log = structlog.get_logger(__name__)

PATH = "/api/v1/login/oidc"
COOKIE = "postgate_sign_in"
PURPOSE = "single sign-on"
LASTS = timedelta(minutes=10)


class CallbackQuery(QueryModel):
    """What a browser brings back from the provider; providers add more of their own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    code: str | None = Field(default=None, max_length=4096)
    state: str | None = Field(default=None, max_length=200)
    iss: str | None = Field(default=None, max_length=2048, description="Who sent the browser back (RFC 9207).")


BEGIN = Operation(
    method="GET",
    path=PATH,
    name="begin_single_sign_on",
    tag=TAG,
    summary="Send the browser to the identity provider.",
    query=NoQuery,
    body=NoBody,
    answers={302: Answer("To the provider, or back to the login with what went wrong.", content_type=None)},
    problems=(NotFound, TooManyRequests),
)
CALLBACK = Operation(
    method="GET",
    path=f"{PATH}/callback",
    name="end_single_sign_on",
    tag=TAG,
    summary="Take the browser back from the identity provider.",
    query=CallbackQuery,
    body=NoBody,
    answers={302: Answer("To the inbox, or to the login with what is missing.", content_type=None)},
    problems=(NotFound, TooManyRequests, DatabaseUnavailable),
)


class Oidc:
    """The handlers."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._services = entrance.services

    async def begin(self, call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """Remember the attempt in this browser, and send it away."""
        provider = self._provider()
        await self._entrance.guesses.by_peer.take(self._entrance.peer(call.request))
        attempt = new_attempt()
        try:
            answer = _to(await provider.address(attempt, self._callback))
        except SignInRefused as refused:
            return self._refused(refused.code, str(refused))
        values = {"state": attempt.state, "nonce": attempt.nonce, "verifier": attempt.verifier}
        slip = slips.write(self._services.keyring, PURPOSE, values, self._services.clock() + LASTS)
        self._entrance.set_cookie(answer, COOKIE, slip, LASTS, "Lax")
        return answer

    async def callback(self, call: OpenCall[CallbackQuery, NoBody]) -> web.StreamResponse:
        """Find out who signed in, and let them in if they belong here."""
        provider, query = self._provider(), call.query
        peer = self._entrance.peer(call.request)
        await self._entrance.guesses.by_peer.take(peer)
        attempt = self._attempt(call.request, query.state)
        if attempt is None:
            return self._refused("not_believed", "the sign-in was not begun in this browser")
        if query.code is None or query.iss not in {None, provider.issuer}:
            return self._refused("refused", "the provider sent no code")
        try:
            identity = await provider.identity(attempt, query.code, self._callback)
        except SignInRefused as refused:
            return self._refused(refused.code, str(refused))
        await self._entrance.guesses.by_peer.give_back(peer)
        return await self._let_in(call.request, identity)

    async def _let_in(self, request: web.Request, identity: Identity) -> web.StreamResponse:
        email, now = normal(identity.email), self._services.clock()
        person = await people.person_of(self._services.pool, email)
        if person is not None:
            for ended in await people.verify(self._services.pool, person.user_id, now):
                self._services.login_ended(ended)
        user_id = await self._joined(identity, email, person.user_id if person else None)
        tenants = await people.memberships_of(self._services.pool, user_id) if user_id else []
        if user_id is None or not tenants:
            return self._refused("not_a_member", "somebody signed in who does not belong here")
        if await self._entrance.needs_code(user_id, tenants[0]):
            answer = _to("/login?code=needed")
            self._entrance.challenge(
                answer, Challenge(user_id, tenants[0].tenant_id, person.password_hash if person else None)
            )
        else:
            answer = _to("/")
            self._entrance.set_session(answer, await self._entrance.start(request, user_id, tenants[0]))
            self._entrance.know(request, answer, user_id, email)
        return self._forget(answer)

    async def _joined(self, identity: Identity, email: str, known: UUID | None) -> UUID | None:
        """Accept the invitations that wait for an address; returns the person, None when there is nobody."""
        user_id = known
        entries = []
        for tenant_id, invitation_id in await people.invitations_of(self._services.pool, email, self._services.clock()):
            async with tenant_tx(self._services.pool, tenant_id) as tx:
                if user_id is None:
                    user_id = self._entrance.new_id()
                    if not await people.add_person(tx, user_id, email, identity.name, None, self._services.clock()):
                        raise NotFound("this address has got an account meanwhile; sign in again")
                entries.append(await accept(tx, self._entrance, invitation_id, user_id))
        self._services.announce(entries)
        return user_id

    def _attempt(self, request: web.Request, state: str | None) -> Attempt | None:
        """Return the attempt that this browser began, if it comes back from just that one."""
        slip = self._entrance.cookie(request, COOKIE)
        values = slips.read(self._services.keyring, PURPOSE, slip, self._services.clock())
        if values is None or state != values["state"]:
            return None
        return Attempt(values["state"], values["nonce"], values["verifier"])

    def _refused(self, code: str, reason: str) -> web.Response:
        log.warning("sign_in_refused", code=code, reason=reason)
        return self._forget(_to(f"/login?refused={quote(code)}"))

    def _forget(self, answer: web.Response) -> web.Response:
        self._entrance.drop_cookie(answer, COOKIE, "Lax")
        return answer

    def _provider(self) -> SingleSignOn:
        if self._services.single_sign_on is None:
            raise NotFound("there is no identity provider")
        return self._services.single_sign_on

    @property
    def _callback(self) -> str:
        return f"{self._services.public_url}{PATH}/callback"


def add_routes(api: Api, entrance: Entrance) -> None:
    """Mount the operations."""
    handlers = Oidc(entrance)
    api.add_open(BEGIN, handlers.begin)
    api.add_open(CALLBACK, handlers.callback)


def _to(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})
