"""``/api/v1/password-reset``: a link by mail, and a new password by the link."""

from datetime import timedelta

from aiohttp import web
from pydantic import Field

from gateway.access import new_reset_token, token_hash
from gateway.api.entrance import TOKEN_SECRET_BYTES, Entrance
from gateway.api.login import TAG, normal
from gateway.api.profile import require_good
from gateway.model.member import ResetLink
from gateway.openapi import Answer, Api, BodyModel, NoQuery, OpenCall, Operation, json_answer
from gateway.people import letters
from gateway.people.rules import LONGEST
from gateway.problems import NotFound, OriginMismatch, Overloaded, TooManyRequests
from gateway.store import passwords
from gateway.store.pool import DatabaseUnavailable

LASTS = timedelta(hours=1)


class ResetBody(BodyModel):
    """Whose password."""

    email: str = Field(min_length=1, max_length=320, description="An e-mail address.")


class TokenBody(BodyModel):
    """The link of the mail."""

    token: str = Field(min_length=1, max_length=200, description="What stands behind # in the link.")


class NewPasswordBody(TokenBody):
    """The link, and the password that it sets."""

    password: str = Field(
        min_length=1,
        max_length=LONGEST,
        description="At least ten characters.",
        json_schema_extra={"format": "password"},
    )


ASK = Operation(
    method="POST",
    path="/api/v1/password-reset",
    name="ask_for_password_reset",
    tag=TAG,
    summary="Have a link sent by which a password is set anew.",
    description="The answer is the same, and comes as fast, whether the address has an account or not.",
    query=NoQuery,
    body=ResetBody,
    example={"email": "jane@example.org"},
    answers={202: Answer("If there is such an account, a mail is on its way.", content_type=None)},
    problems=(NotFound, OriginMismatch, TooManyRequests),
)
LOOK = Operation(
    method="POST",
    path="/api/v1/password-reset/look",
    name="look_at_password_reset",
    tag=TAG,
    summary="Tell whose password a link sets.",
    query=NoQuery,
    body=TokenBody,
    example={"token": "as-it-stands-in-the-link"},
    answers={200: Answer("The link works.", ResetLink)},
    problems=(NotFound, OriginMismatch, TooManyRequests, DatabaseUnavailable),
)
USE = Operation(
    method="POST",
    path="/api/v1/password-reset/use",
    name="reset_password",
    tag=TAG,
    summary="Set a password by the link of the mail.",
    description="The link is used up, and all logins of the account end.",
    query=NoQuery,
    body=NewPasswordBody,
    example={"token": "as-it-stands-in-the-link", "password": "a quiet harbour"},
    answers={204: Answer("It is set; log in with it.", content_type=None)},
    problems=(NotFound, OriginMismatch, TooManyRequests, Overloaded, DatabaseUnavailable),
)


class PasswordReset:
    """The handlers."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._services = entrance.services

    async def ask(self, call: OpenCall[NoQuery, ResetBody]) -> web.StreamResponse:
        """Answer at once; whether there is such an account is found out afterwards."""
        self._entrance.own_page(call.request)
        if self._services.post is None:
            raise NotFound("this gateway sends no mail: ask its operator for another password")
        address = normal(call.body.email)
        await self._entrance.guesses.by_peer.take(self._entrance.peer(call.request))
        await self._entrance.guesses.letters.take(address)
        self._entrance.run(self._send(address))
        return web.Response(status=202)

    async def look(self, call: OpenCall[NoQuery, TokenBody]) -> web.StreamResponse:
        """Tell whose password a link sets."""
        self._entrance.own_page(call.request)
        return json_answer(ResetLink(email=await self._owner(call.request, call.body.token)))

    async def use(self, call: OpenCall[NoQuery, NewPasswordBody]) -> web.StreamResponse:
        """Set a password, and end all logins."""
        self._entrance.own_page(call.request)
        email = await self._owner(call.request, call.body.token)
        require_good(call.body.password, email, "/password")
        stored = await self._entrance.passwords.hashed(call.body.password)
        now = self._services.clock()
        ended = await passwords.use_reset(self._services.pool, token_hash(call.body.token), stored, now)
        if ended is None:
            raise NotFound("this link has expired, or was used")
        for one in ended:
            self._services.login_ended(one)
        return web.Response(status=204)

    async def _send(self, address: str) -> None:
        token = new_reset_token(self._services.secret(TOKEN_SECRET_BYTES))
        until = self._services.clock() + LASTS
        name = await passwords.add_reset(self._services.pool, address, token_hash(token), until)
        if name is not None:
            link = f"{self._services.public_url}/reset#{token}"
            self._entrance.send(letters.password_reset(address, name, link))

    async def _owner(self, request: web.Request, token: str) -> str:
        """Return the e-mail address whose password a link sets.

        Raises:
            NotFound: when it doesn't count (any more).
        """
        peer = self._entrance.peer(request)
        await self._entrance.guesses.by_peer.take(peer)
        email = await passwords.reset_of(self._services.pool, token_hash(token), self._services.clock())
        if email is None:
            raise NotFound("this link has expired, or was used")
        await self._entrance.guesses.by_peer.give_back(peer)
        return email


def add_routes(api: Api, entrance: Entrance) -> None:
    """Mount the operations."""
    handlers = PasswordReset(entrance)
    api.add_open(ASK, handlers.ask)
    api.add_open(LOOK, handlers.look)
    api.add_open(USE, handlers.use)
