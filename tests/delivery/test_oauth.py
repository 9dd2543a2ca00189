"""Logins by OAuth 2: one token for many deliveries, fetched anew when it must be, and no secret in any word."""

import asyncio
import base64
from collections.abc import Sequence
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.http import NO_ANSWER, HttpRequest, HttpResponse
from gateway.delivery.caller import Answer
from gateway.delivery.oauth import LONGEST_SECONDS, NoToken, Tokens, token_of
from gateway.model.endpoint_secrets import Login

ENDPOINT = UUID(int=1)
LOGIN = Login(
    token_url="https://login.example.org/token?x=1", client_id="us:er", client_secret="p&ss wörd", scope="read write"
)


class Server:
    """A token server, and a receiver that knows its tokens."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.answers: list[HttpResponse] = []
        self.posted: list[str] = []
        self.revoked: set[str] = set()
        self.now = 1000.0
        self.open = asyncio.Event()
        self.open.set()
        self.tokens = Tokens(self.send, lambda: self.now)

    async def send(self, request: HttpRequest, _limit: int) -> HttpResponse:
        self.asked.append(request)
        number = len(self.asked)
        await self.open.wait()
        told = {"access_token": f"t{number}", "token_type": "Bearer", "expires_in": 3600}
        return self.answers.pop(0) if self.answers else HttpResponse(200, orjson.dumps(told))

    async def receive(self, authorization: str) -> Answer:
        self.posted.append(authorization)
        return Answer(total_ms=1, status=401 if authorization in self.revoked else 200)

    async def post(self, login: Login = LOGIN, endpoint_id: UUID = ENDPOINT) -> Answer:
        return await self.tokens.post(endpoint_id, login, self.receive, 5.0)

    async def all_ask(self, count: int) -> Sequence[asyncio.Task[Answer]]:
        """Begin deliveries, and wait until each of them waits for the token."""
        tasks = [asyncio.create_task(self.post()) for _ in range(count)]
        await self.settled()
        return tasks

    async def settled(self) -> None:
        """Let everything run as far as it can."""
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def server() -> Server:
    return Server()


async def test_a_token_is_asked_for_as_the_standard_says(server: Server) -> None:
    assert (await server.post()).status == 200
    [request] = server.asked
    assert (request.method, request.url) == ("POST", "https://login.example.org/token?x=1")
    assert request.body == b"grant_type=client_credentials&scope=read+write"
    assert request.headers.get("content-type") == "application/x-www-form-urlencoded"
    scheme, _, pair = request.headers.get("authorization").partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"us%3Aer:p%26ss+w%C3%B6rd")
    assert server.posted == ["Bearer t1"]


async def test_one_token_serves_all_until_it_is_about_to_expire(server: Server) -> None:
    server.open.clear()
    tasks = await server.all_ask(20)
    assert len(server.asked) == 1
    server.open.set()
    assert [(await task).status for task in tasks] == [200] * 20
    server.now += 3569
    await server.post()
    assert len(server.asked) == 1
    server.now += 2
    await server.post()
    assert len(server.asked) == 2
    assert server.posted[-1] == "Bearer t2"
    await server.post(endpoint_id=UUID(int=2))
    assert server.posted[-1] == "Bearer t3"


async def test_a_token_that_is_not_taken_is_replaced_once(server: Server) -> None:
    await server.post()
    server.revoked |= {"Bearer t1"}
    answers = await asyncio.gather(*(server.post() for _ in range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert len(server.asked) == 2
    server.revoked |= {"Bearer t2", "Bearer t3"}
    assert (await server.post()).status == 401
    assert server.posted[-2:] == ["Bearer t2", "Bearer t3"]


async def test_a_changed_login_is_used_at_once(server: Server) -> None:
    server.open.clear()
    [task] = await server.all_ask(1)
    server.tokens.forget(ENDPOINT)
    server.open.set()
    await task
    await server.post(LOGIN.model_copy(update={"client_id": "other"}))
    assert len(server.asked) == 2
    assert server.posted == ["Bearer t1", "Bearer t2"]


async def test_who_goes_away_does_not_take_the_token_along(server: Server) -> None:
    server.open.clear()
    first, second = await server.all_ask(2)
    first.cancel()
    server.open.set()
    assert (await second).status == 200
    server.tokens.forget(ENDPOINT)
    server.open.clear()
    server.answers = [HttpResponse(500, b"")]
    [alone] = await server.all_ask(1)
    alone.cancel()
    server.open.set()
    with pytest.raises(asyncio.CancelledError):
        await alone
    await server.settled()
    assert not server.answers
    assert (await server.post()).status == 200


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (HttpResponse(NO_ANSWER, failure="10.0.0.1 is blocked"), "the token server did not answer"),
        (HttpResponse(401, b'{"error": "invalid_client"}'), "the token server answered 401: invalid_client"),
        (HttpResponse(400, b'{"error": "p&ss"}'), "the token server answered 400"),
        (HttpResponse(400, b'{"error": ["invalid_scope"]}'), "the token server answered 400"),
        (HttpResponse(302, b""), "the token server answered 302"),
        (HttpResponse(200, b"<html>"), "the token server's answer holds no access_token"),
        (HttpResponse(200, b"[]"), "the token server's answer holds no access_token"),
        (HttpResponse(200, b'{"access_token": "a\\r\\nb"}'), "the token server's answer holds no access_token"),
        (HttpResponse(200, '{"access_token": "ä"}'.encode()), "the token server's answer holds no access_token"),
        (
            HttpResponse(200, b'{"access_token": "a", "token_type": "mac"}'),
            "the token server gave a token that is no bearer token",
        ),
    ],
)
async def test_what_went_wrong_is_told_without_secrets(server: Server, response: HttpResponse, words: str) -> None:
    server.answers = [response]
    answer = await server.post()
    assert (answer.status, answer.error_kind, answer.error) == (None, "oauth", words)
    assert not server.posted
    assert (await server.post()).status == 200


@pytest.mark.parametrize(
    ("holds", "until"),
    [(3600, 3570), ("3599", 3569), (20, 1), (0, 270), (-5, 270), (True, 270), (None, 270), ("soon", 270), (1e9, 270)],
)
def test_how_long_a_token_is_used(holds: object, until: float) -> None:
    body = orjson.dumps({"access_token": "a", "expires_in": holds})
    assert token_of(HttpResponse(200, body), 0.0).until == until


@given(st.binary(max_size=200) | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(repr))
def test_whatever_a_server_says_is_a_token_or_none(said: bytes | str) -> None:
    body = said if isinstance(said, bytes) else b'{"access_token": "a", "expires_in": %s}' % said.encode()
    try:
        token = token_of(HttpResponse(200, body), 0.0)
    except NoToken:
        return
    assert 0 < token.until <= LONGEST_SECONDS
