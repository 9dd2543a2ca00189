"""The hand-written client reads what servers really send, however it is cut."""

import asyncio
import itertools
from collections import Counter
from datetime import UTC, datetime

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.client.drives import Closed, Paced
from benchmarks.client.frames import PING, TEXT, FrameReader, ServerFrame, client_frame
from benchmarks.client.hooks import Hook
from benchmarks.client.http import Responses, ResponseUnreadable, request
from benchmarks.client.posts import Post, PostMaker
from benchmarks.errors import NotMeasured
from channels.http import Headers, HttpRequest
from channels.providers import whatsapp_cloud
from gateway.live.protocol import text_frame

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: text/plain\r\n\r\n"
BUSY = b'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 13\r\n\r\n{"no":"\r\n\r\n"}'
HOOKS = [Hook(f"tenant-{n}", f"/hooks/int_{n}", f"secret-{n}", f"10600000000000{n}", f"key-{n}") for n in range(3)]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at some places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


@given(st.lists(st.sampled_from([OK, BUSY]), max_size=5), st.lists(st.integers(0, 2000)))
def test_responses_are_read_however_they_are_cut(responses: list[bytes], cuts: list[int]) -> None:
    reader = Responses()
    found = [status for piece in pieces(b"".join(responses), cuts) for status in reader.feed(piece)]
    assert found == [200 if response is OK else 503 for response in responses]


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"ERROR\r\ncontent-length: 0\r\n\r\n"]
)
def test_a_response_whose_end_is_unknown_is_refused(data: bytes) -> None:
    with pytest.raises(ResponseUnreadable):
        Responses().feed(data)


def test_a_request_carries_its_length_only_with_a_body() -> None:
    assert request("POST", "/x", {"A": "b"}, b"{}") == (
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nA: b\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert b"Content-Length" not in request("GET", "/x", {})


@given(st.lists(st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536]), max_size=4), st.lists(st.integers(0, 200_000)))
def test_frames_are_read_however_they_are_cut(sizes: list[int], cuts: list[int]) -> None:
    payloads = [bytes([65 + place]) * size for place, size in enumerate(sizes)]
    reader = FrameReader()
    stream = b"".join(map(text_frame, payloads))
    found = [frame for piece in pieces(stream, cuts) for frame in reader.feed(piece)]
    assert found == [ServerFrame(TEXT, payload) for payload in payloads]


def test_a_clients_frame_is_masked() -> None:
    assert client_frame(PING, b"hi") == b"\x89\x82\0\0\0\0hi"
    assert client_frame(TEXT, b"x" * 126)[:4] == b"\x81\xfe\x00\x7e"


def as_request(post: Post) -> HttpRequest:
    """The request that a server sees."""
    head, _, body = post.request.partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    method, path, _ = first.split()
    return HttpRequest(method, path, Headers([tuple(f.split(": ", 1)) for f in fields]), body)  # type: ignore[misc]


def test_posts_are_genuine_and_as_large_as_real_ones() -> None:
    for post in PostMaker(HOOKS, "run", 1).conversation(range(1), 5, 50):
        hook = as_request(post)
        credentials = whatsapp_cloud.ADAPTER.credentials.model_validate({"app_secret": "secret-0", "verify_token": "v"})
        whatsapp_cloud.ADAPTER.verify(hook, credentials, datetime.now(UTC))
        assert 600 <= len(hook.body) <= 950


def test_no_message_is_made_twice() -> None:
    maker = PostMaker(HOOKS, "run", 1)
    posts = [*maker.introductions(range(3), 4), *maker.conversation(range(3), 4, 100)]
    ids = {maker.external_id(post.number) for post in posts}
    assert len(posts) == len(ids) == 112
    assert all(maker.external_id(post.number).encode() in post.request for post in posts)
    assert PostMaker(HOOKS, "other", 1).external_id(0) not in ids


def test_introductions_let_every_customer_write_once() -> None:
    posts = PostMaker(HOOKS, "run", 1).introductions(range(3), 4)
    assert Counter(as_request(post).url for post in posts) == {hook.path: 4 for hook in HOOKS}


async def serve(status: int) -> tuple[web.AppRunner, str]:
    """A server that answers every POST alike."""

    async def answer(incoming: web.Request) -> web.Response:
        await incoming.read()
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/hooks/{id}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


async def test_a_closed_loop_posts_everything_once() -> None:
    runner, url = await serve(200)
    posts = PostMaker(HOOKS, "run", 1).conversation(range(3), 2, 40)
    noted: list[int] = []
    report = await Closed(iter(posts), lambda post, *_: noted.append(post.number)).run(url, 8, 5)
    await runner.cleanup()
    assert sorted(noted) == [post.number for post in posts]
    assert report["answered"] == 40
    assert 0 < report["p50_ms"] <= report["p99_ms"]


async def test_a_closed_loop_ends_in_time() -> None:
    runner, url = await serve(200)
    posts = PostMaker(HOOKS, "run", 1).conversation(range(3), 2, 1)
    report = await Closed(iter(posts * 1_000_000), lambda *_: None).run(url, 4, 0.2)
    await runner.cleanup()
    assert 0.1 < report["seconds"] < 5


async def test_a_paced_load_keeps_its_rate() -> None:
    runner, url = await serve(200)
    posts = PostMaker(HOOKS, "run", 1).conversation(range(3), 2, 500)
    report = await Paced(iter(posts), lambda *_: None).run(url, 16, 0.5, 200)
    await runner.cleanup()
    assert 80 <= report["answered"] <= 101


async def test_any_other_answer_than_200_is_no_measurement() -> None:
    runner, url = await serve(503)
    posts = PostMaker(HOOKS, "run", 1).conversation(range(3), 2, 5)
    with pytest.raises(NotMeasured, match="503"):
        await Closed(iter(posts), lambda *_: None).run(url, 2, 5)
    await runner.cleanup()


async def test_no_server_is_no_measurement() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    with pytest.raises(NotMeasured, match="can't be reached"):
        await Closed(iter([]), lambda *_: None).run(f"http://127.0.0.1:{port}", 1, 1)
