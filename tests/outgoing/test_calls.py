"""Calls over real sockets: where they may go, and what comes back when nothing comes back."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network
from threading import Event
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.http import NO_ANSWER, Headers, HttpRequest, HttpResponse
from channels.refusals import unanswered
from gateway.outgoing.http import Calls

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    async with Calls(LOOPBACK, connect_seconds=2, total_seconds=2) as opened:
        yield opened


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a server with one handler for everything; returns its URL."""
    servers: list[TestServer] = []

    async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("")).rstrip("/")

    yield start
    for server in servers:
        await server.close()


def get(url: str) -> HttpRequest:
    return HttpRequest("GET", url)


async def test_a_request_arrives_as_it_was_made(calls: Calls, serve: Serve) -> None:
    seen: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        return web.Response(status=202, body=b"taken", headers={"X-Message-Id": "m1"})

    url = await serve(answer)
    request = HttpRequest("POST", f"{url}/a%2Fb?x=%C3%A9&y=a+b", Headers.of({"Authorization": "Bearer s"}), b'{"a":1}')
    response = await calls.send(request)
    assert (response.status, response.body, response.headers.get("x-message-id")) == (202, b"taken", "m1")
    assert response.failure is None
    assert response.request is request
    [(method, path, headers, body)] = seen
    assert (method, path, body) == ("POST", "/a%2Fb?x=%C3%A9&y=a+b", b'{"a":1}')
    found = {name.lower(): value for name, value in headers.items()}
    assert (found["authorization"], found["accept-encoding"]) == ("Bearer s", "identity")


async def test_a_single_port_may_be_called_by_its_address_alone(serve: Serve) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=b"inside")

    allowed, other = await serve(answer), await serve(answer)
    port = int(allowed.rpartition(":")[2])
    async with Calls(endpoints=[("127.0.0.1", port)], connect_seconds=2) as calls:
        assert (await calls.send(get(f"http://127.0.0.1:{port}/"))).body == b"inside"
        for url in (other, f"http://localhost:{port}/", f"https://127.0.0.1:{port}/"):
            refused = await calls.send(get(url))
            assert (refused.status, refused.sent) == (NO_ANSWER, False), url


async def test_a_redirect_is_an_answer_and_is_not_followed(calls: Calls, serve: Serve) -> None:
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPFound("/inside")

    response = await calls.send(get(await serve(answer) + "/start"))
    assert (response.status, paths) == (302, ["/start"])


async def test_cookies_are_not_kept(calls: Calls, serve: Serve) -> None:
    sent: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        sent.append(request.headers.get("Cookie"))
        response = web.Response()
        response.set_cookie("who", "tenant-a")
        return response

    url = await serve(answer)
    await calls.send(get(url))
    await calls.send(get(url))
    assert sent == [None, None]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_beyond_the_limit_is_no_answer(calls: Calls, serve: Serve, announced: bool) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if announced:
            response.content_length = 100_001
        await response.prepare(request)
        await response.write(b"x" * 100_001)
        return response

    url = await serve(answer)
    response = await calls.send(get(url), limit=100_000)
    assert (response.status, response.body) == (NO_ANSWER, b"")
    assert "100000" in (response.failure or "")
    assert (await calls.send(get(url), limit=100_001)).status == 200


async def test_what_was_packed_unasked_is_not_unpacked(calls: Calls, serve: Serve) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    assert (await calls.send(get(await serve(answer)))).body == bomb


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::1]:{port}/",
        "http://user:secret@127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "https://localhost:{port}/",
        "https://[::ffff:7f00:1]:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/",
        "gopher://127.0.0.1:{port}/_x",
        "",
    ],
)
async def test_without_leave_nothing_inside_is_called(serve: Serve, url: str) -> None:
    touched: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        touched.append(request.path)
        return web.Response()

    port = (await serve(answer)).rpartition(":")[2]
    async with Calls(connect_seconds=2, total_seconds=2) as calls:
        response = await calls.send(get(url.format(port=port)))
    assert touched == []
    assert (response.status, response.sent) == (NO_ANSWER, False)
    assert "secret" not in (response.failure or "")


async def test_a_name_with_one_address_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    touched: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        touched.append(request.path)
        return web.Response()

    port = int((await serve(answer)).rpartition(":")[2])

    def two_addresses(*_: object) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.1", "169.254.169.254")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
    async with Calls(LOOPBACK, connect_seconds=2, total_seconds=2) as calls:
        response = await calls.send(get(f"http://mixed.test:{port}/"))
    assert touched == []
    assert response.failure == "mixed.test must not be called: its address is blocked (not among the allowed networks)"


async def test_plain_http_goes_to_allowed_networks_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def public(*_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", public)
    async with Calls(LOOPBACK, connect_seconds=2, total_seconds=2) as calls:
        response = await calls.send(get("http://public.test/"))
    assert "not among the allowed networks" in (response.failure or "")


async def test_who_is_not_looked_up_in_time_got_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on, asked = Event(), []

    def hangs(host: str, *_: object) -> list[Any]:
        asked.append(host)
        assert may_go_on.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    monkeypatch.setattr("gateway.outgoing.names.LATE_SECONDS", 0.05)
    monkeypatch.setattr("gateway.outgoing.resolver.LOOK_SECONDS", 0.1)
    async with Calls(connect_seconds=0.2) as calls:
        first, second = [await calls.send(get("https://hangs.test/")) for _ in range(2)]
        verdicts = [await calls.check_url(f"{scheme}://hangs.test/") for scheme in ("https", "http")]
        may_go_on.set()
    assert [(one.status, one.sent) for one in (first, second)] == [(NO_ANSWER, False)] * 2
    assert second.failure == "the name was not looked up in time"
    assert [verdict.verdict for verdict in verdicts] == ["blocked", "rejected"]
    assert {verdict.reason for verdict in verdicts} == {"hangs.test was not looked up in time: try again in a minute"}
    assert asked == ["hangs.test"] * 2, "once to call it, once to check it"


async def test_who_does_not_answer_in_time_may_have_acted(serve: Serve) -> None:
    waiting = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await waiting.wait()
        return web.Response()

    url = await serve(hang)
    async with Calls(LOOPBACK, connect_seconds=2, total_seconds=0.2) as calls:
        response = await calls.send(get(url))
    waiting.set()
    assert (response.status, response.sent, response.failure) == (NO_ANSWER, True, "no answer in time")
    refused = unanswered(response)
    assert refused is not None
    assert (refused.code, refused.retryable, refused.unknown) == ("no_answer", False, True)


async def test_who_hangs_up_may_have_acted(calls: Calls) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    response = await calls.send(HttpRequest("POST", f"http://127.0.0.1:{port}/", body=b"x"))
    server.close()
    assert (response.status, response.sent) == (NO_ANSWER, True)


async def test_who_is_not_there_did_nothing(calls: Calls) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        response = await calls.send(get(f"http://127.0.0.1:{taken.getsockname()[1]}/"))
    assert (response.status, response.sent) == (NO_ANSWER, False)
    refused = unanswered(response)
    assert refused is not None
    assert (refused.code, refused.retryable, refused.unknown) == ("unreachable", True, False)


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", "http://127.0.0.1:1/", Headers.of({"x": "a\r\nb: c"})),
        HttpRequest("GET", "http://127.0.0.1:1/", Headers.of({"x": "\udcff"})),
        HttpRequest("GE T\r\n", "http://127.0.0.1:1/"),
        HttpRequest("GET", "http://127.0.0.1:99999/"),
        HttpRequest("GET", "http://[::1/"),
        HttpRequest("GET", "http:///"),
        HttpRequest("GET", f"http://{'a' * 300}.test/"),
        HttpRequest("GET", "http://a..test/"),
        HttpRequest("GET", "http://\udcff.test/"),
    ],
    ids=lambda request: request.url[:30],
)
async def test_a_request_that_can_not_be_made_is_no_answer(calls: Calls, request_: HttpRequest) -> None:
    response = await calls.send(request_)
    assert (response.status, response.sent) == (NO_ANSWER, False)


def test_an_answer_is_no_failure() -> None:
    assert unanswered(HttpResponse(503)) is None
