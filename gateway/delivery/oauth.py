"""Logins from OAuth 2 servers, by client credentials (RFC 6749 section 4.4), for endpoints that ask for one."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode
from uuid import UUID

import orjson

from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from gateway.delivery.caller import Answer
from gateway.model.endpoint_secrets import Login

#: A token is replaced so many seconds before it expires.
EARLY_SECONDS = 30.0
#: For a server that does not say how long its tokens hold (RFC 6749 section 5.1 only recommends it).
USUAL_SECONDS = 300.0
LONGEST_SECONDS = 24 * 3600.0
ANSWER_BYTES = 64 * 1024
REFUSED = 401


class NoToken(Exception):
    """The server gave no token; the text says why, and holds no secret."""


@dataclass(frozen=True, slots=True)
class Token:
    """What the server gave, for the header, and until when it is used, by ``monotonic``."""

    authorization: str
    until: float


class Tokens:
    """Keeps a token for each endpoint; it is fetched once, however many deliveries ask for it.

    Args:
        send: makes requests under the guard, and reads so many bytes of the answer.
        monotonic: seconds that only grow.
    """

    def __init__(
        self, send: Callable[[HttpRequest, int], Awaitable[HttpResponse]], monotonic: Callable[[], float]
    ) -> None:
        self._send = send
        self._monotonic = monotonic
        self._kept: dict[UUID, Token] = {}
        self._fetching: dict[UUID, asyncio.Task[Token]] = {}

    async def post(self, endpoint_id: UUID, login: Login, post: Callable[[str], Awaitable[Answer]]) -> Answer:
        """Make a call with a token; once more with a new one if the receiver does not take it.

        Args:
            endpoint_id: whose token.
            login: the server, and our credentials there.
            post: makes the call, given the header's value.
        """
        began = self._monotonic()
        try:
            token = await self._token(endpoint_id, login)
            answer = await post(token.authorization)
            if answer.status == REFUSED:
                self._drop(endpoint_id, token)
                answer = await post((await self._token(endpoint_id, login)).authorization)
        except NoToken as error:
            spent = (self._monotonic() - began) * 1000
            return Answer(total_ms=spent, error_kind="oauth", error=str(error))
        return answer

    def forget(self, endpoint_id: UUID) -> None:
        """Forget the token of an endpoint that was changed."""
        self._kept.pop(endpoint_id, None)
        self._fetching.pop(endpoint_id, None)

    def _drop(self, endpoint_id: UUID, token: Token) -> None:
        if self._kept.get(endpoint_id) is token:
            del self._kept[endpoint_id]

    async def _token(self, endpoint_id: UUID, login: Login) -> Token:
        kept = self._kept.get(endpoint_id)
        if kept is not None and self._monotonic() < kept.until:
            return kept
        task = self._fetching.get(endpoint_id)
        if task is None:
            task = self._fetching[endpoint_id] = asyncio.create_task(self._fetch(login), name="oauth token")
        try:
            token = await asyncio.shield(task)
        finally:
            if task.done() and self._fetching.get(endpoint_id) is task:
                del self._fetching[endpoint_id]
        self._kept[endpoint_id] = token
        return token

    async def _fetch(self, login: Login) -> Token:
        response = await self._send(token_request(login), ANSWER_BYTES)
        return token_of(response, self._monotonic())


def token_request(login: Login) -> HttpRequest:
    """Ask for a token. The credentials go into the header, each form-encoded first (RFC 6749 section 2.3.1)."""
    pair = f"{quote_plus(login.client_id)}:{quote_plus(login.client_secret)}"
    fields = {"grant_type": "client_credentials"}
    if login.scope:
        fields["scope"] = login.scope
    headers = {
        "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "content-type": "application/x-www-form-urlencoded",
        "accept": "application/json",
    }
    return HttpRequest("POST", login.token_url, Headers.of(headers), urlencode(fields).encode())


def token_of(response: HttpResponse, now: float) -> Token:
    """Read a server's answer.

    Raises:
        NoToken: when there is none in it that can be used.
    """
    if response.status == NO_ANSWER:
        raise NoToken("the token server did not answer")
    if response.status != 200:
        raise NoToken(f"the token server answered {response.status}")
    try:
        told = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        raise NoToken("the token server's answer is no JSON") from None
    value = told.get("access_token") if isinstance(told, dict) else None
    if not (isinstance(value, str) and value.isascii() and value.isprintable() and value):
        raise NoToken("the token server's answer holds no access_token")
    if str(told.get("token_type", "bearer")).lower() != "bearer":
        raise NoToken("the token server gave a token that is no bearer token")
    holds = told.get("expires_in")
    seconds = float(holds) if isinstance(holds, int | float) and 0 < holds <= LONGEST_SECONDS else USUAL_SECONDS
    return Token(f"Bearer {value}", now + max(seconds - EARLY_SECONDS, 1.0))
