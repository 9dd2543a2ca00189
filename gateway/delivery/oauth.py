"""Logins from OAuth 2 servers, by client credentials (RFC 6749 section 4.4), for endpoints that ask for one."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
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
#: What a server may say is wrong (RFC 6749 section 5.2); anything else might hold a secret.
ERRORS = ("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
          "invalid_scope")  # fmt: skip


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

    async def post(
        self, endpoint_id: UUID, login: Login, post: Callable[[str], Awaitable[Answer]], seconds: float
    ) -> Answer:
        """Make a call with a token; once more with a new one if the receiver does not take it.

        Args:
            endpoint_id: whose token.
            login: the server, and our credentials there.
            post: makes the call, given the header's value.
            seconds: to wait for a token.
        """
        began = self._monotonic()
        try:
            token = await self._in_time(endpoint_id, login, seconds)
            answer = await post(token.authorization)
            if answer.status == REFUSED:
                self._drop(endpoint_id, token)
                answer = await post((await self._in_time(endpoint_id, login, seconds)).authorization)
        except NoToken as error:
            spent = (self._monotonic() - began) * 1000
            return Answer(total_ms=spent, error_kind="oauth", error=str(error))
        return answer

    async def _in_time(self, endpoint_id: UUID, login: Login, seconds: float) -> Token:
        try:
            async with asyncio.timeout(seconds):
                return await self._token(endpoint_id, login)
        except TimeoutError:
            raise NoToken("the token server did not answer in time") from None

    def forget(self, endpoint_id: UUID) -> None:
        """Forget the token of an endpoint that was changed, also one that is being fetched."""
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
            task.add_done_callback(partial(self._fetched, endpoint_id))
        return await asyncio.shield(task)

    def _fetched(self, endpoint_id: UUID, task: asyncio.Task[Token]) -> None:
        """Keep what was fetched, unless the endpoint was changed meanwhile; whoever asked may be gone."""
        wanted = self._fetching.get(endpoint_id) is task
        if wanted:
            del self._fetching[endpoint_id]
        if not task.cancelled() and task.exception() is None and wanted:
            self._kept[endpoint_id] = task.result()

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
    told = _object_in(response.body)
    if response.status != 200:
        error = told.get("error")
        raise NoToken(f"the token server answered {response.status}{f': {error}' if error in ERRORS else ''}")
    value = told.get("access_token")
    if not (isinstance(value, str) and value.isascii() and value.isprintable() and value):
        raise NoToken("the token server's answer holds no access_token")
    if str(told.get("token_type", "bearer")).lower() != "bearer":
        raise NoToken("the token server gave a token that is no bearer token")
    return Token(f"Bearer {value}", now + max(_seconds(told.get("expires_in")) - EARLY_SECONDS, 1.0))


def _object_in(body: bytes) -> Mapping[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(holds: object) -> float:
    """Read how long a token holds; some servers write the number as a text."""
    text = str(holds)
    seconds = float(text) if text.isdecimal() and len(text) < 10 else 0.0
    return seconds if 0 < seconds <= LONGEST_SECONDS else USUAL_SECONDS
