"""Receivers that do what they should not: each gets a right answer in time, little memory, and nothing stays behind."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.caller import MOST_BODY, MOST_HEADERS, Answer, Caller, Request
from tests.delivery.receivers import CHUNK, OK, Behaviour, Receiver, Visit, kind, receiving
from tests.outgoing.test_calls import LOOPBACK

#: What the kernel takes of a sender before anybody reads, and more than enough of it.
KERNEL = 16 * 1024 * 1024
LARGE = b"{" + b" " * 12_000_000 + b"}"
BOMB = gzip.compress(b"\0" * 10_000_000)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Caller(LOOPBACK) as opened:
        yield opened


async def post(caller: Caller, receiver: Receiver, body: bytes = b"{}", seconds: float = 5) -> Answer:
    return await caller.post(Request(receiver.url, {"content-type": "application/json"}, body, seconds))


async def says_nothing(visit: Visit) -> None:
    await visit.request()
    await visit.end()


async def takes_nothing(visit: Visit) -> None:
    await asyncio.sleep(0.5)
    await visit.end()


async def drips_headers(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    await visit.drip(b"x-a: b\r\n")


async def sends_headers_for_ever(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\n")
    await visit.flood(b"x-a: b\r\n" * 100)


async def sends_one_header_for_ever(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nx-a: ")
    await visit.flood(CHUNK)


async def goes_on_to_go_on(visit: Visit) -> None:
    await visit.flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


async def hints_for_ever(visit: Visit) -> None:
    await visit.drip(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")


async def talks_mail(visit: Visit) -> None:
    await visit.send(b"220 mail.test ESMTP\r\n")
    await visit.end()


async def talks_tls(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"\x15\x03\x01\x00\x02\x02\x46")
    await visit.end()


async def has_two_lengths(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok")
    await visit.end()


async def hangs_up(visit: Visit) -> None:
    await visit.request()


async def hangs_up_at_once(_visit: Visit) -> None:
    return


async def resets(visit: Visit) -> None:
    await visit.request()
    visit.reset()


async def resets_in_the_headers(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-")
    visit.reset()


@pytest.mark.parametrize(
    ("behave", "error_kind", "body"),
    [
        (says_nothing, "timeout", b"{}"),
        (takes_nothing, "timeout", LARGE),
        (drips_headers, "timeout", b"{}"),
        (hints_for_ever, "timeout", b"{}"),
        (sends_headers_for_ever, "too_many_headers", b"{}"),
        (sends_one_header_for_ever, "too_many_headers", b"{}"),
        (goes_on_to_go_on, "too_many_headers", b"{}"),
        (talks_mail, "protocol", b"{}"),
        (talks_tls, "protocol", b"{}"),
        (has_two_lengths, "protocol", b"{}"),
        (hangs_up, "reset", b"{}"),
        (hangs_up_at_once, "reset", b"{}"),
        (resets, "reset", b"{}"),
        (resets_in_the_headers, "reset", b"{}"),
    ],
)
async def test_who_does_not_answer_is_told_apart_and_left(
    caller: Caller, behave: Behaviour, error_kind: str, body: bytes
) -> None:
    before = asyncio.all_tasks()
    async with receiving(behave) as receiver:
        answer = await post(caller, receiver, body, seconds=0.3 if error_kind == "timeout" else 5)
        assert (answer.status, answer.error_kind) == (None, error_kind), answer
        assert answer.error
        assert answer.address == "127.0.0.1"
        await receiver.deserted()
        assert len(receiver.visits) == 1
        assert receiver.sent < KERNEL
    assert asyncio.all_tasks() == before


async def drips_a_body(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    await visit.drip(b"x")


async def sends_a_gigabyte(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    await visit.flood(CHUNK)


async def sends_chunks_for_ever(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await visit.flood(b"10000\r\n" + CHUNK + b"\r\n")


async def sends_broken_chunks(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
    await asyncio.sleep(0.02)
    await visit.send(b"nonsense\r\n")
    await visit.end()


async def promises_more(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")


async def resets_in_the_body(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
    await asyncio.sleep(0.02)
    visit.reset()


async def switches(visit: Visit) -> None:
    await visit.request()
    await visit.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nx")
    await visit.end()


def has_a_body_all_the_same(*parts: bytes) -> Behaviour:
    async def behave(visit: Visit) -> None:
        await visit.request()
        for part in parts:
            await visit.send(part)
            await asyncio.sleep(0.02)
        await visit.end()

    return behave


async def answers_too_early(visit: Visit) -> None:
    await visit.send(OK)
    await asyncio.sleep(0.1)
    await visit.end()


@pytest.mark.parametrize(
    ("behave", "status", "body"),
    [
        (drips_a_body, 200, b"{}"),
        (sends_a_gigabyte, 200, b"{}"),
        (sends_chunks_for_ever, 200, b"{}"),
        (sends_broken_chunks, 200, b"{}"),
        (promises_more, 200, b"{}"),
        (resets_in_the_body, 200, b"{}"),
        (switches, 101, b"{}"),
        (answers_too_early, 200, LARGE),
        (has_a_body_all_the_same(b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok"), 204, b"{}"),
        (has_a_body_all_the_same(b"HTTP/1.1 204 No\r\n\r\nok"), 204, b"{}"),
        (has_a_body_all_the_same(b"HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", b"ok"), 204, b"{}"),
        (has_a_body_all_the_same(b"HTTP/1.1 2", b"04 No\r\nContent-Length: 2\r\n\r", b"\nok"), 204, b"{}"),
        (has_a_body_all_the_same(b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 304 No\r\n\r\n<html>"), 304, b"{}"),
        (
            has_a_body_all_the_same(b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
            204,
            b"{}",
        ),
    ],
)
async def test_once_there_is_a_status_it_alone_counts(
    caller: Caller, behave: Behaviour, status: int, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.delivery.caller.BODY_SECONDS", 0.2)
    before = asyncio.all_tasks()
    async with receiving(behave) as receiver:
        answer = await post(caller, receiver, body)
        assert (answer.status, answer.error_kind) == (status, None), answer
        assert len(answer.body) <= MOST_BODY
        await receiver.deserted()
        assert len(receiver.visits) == 1
        assert receiver.sent < KERNEL
    assert asyncio.all_tasks() == before


async def test_a_bomb_is_not_unpacked(caller: Caller) -> None:
    async def bombs(visit: Visit) -> None:
        await visit.request()
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB)
        await visit.send(head + BOMB)
        await visit.end()

    async with receiving(bombs) as receiver:
        answer = await post(caller, receiver)
        assert (answer.status, answer.body) == (200, "")
        assert b"accept-encoding: identity" in receiver.visits[0].heads[0].lower()


async def test_nobody_is_led_elsewhere(caller: Caller) -> None:
    async with receiving(kind) as other:

        async def leads(visit: Visit) -> None:
            await visit.request()
            code = (b"301", b"302", b"303", b"307", b"308")[visit.number]
            to = b"http://169.254.169.254/" if visit.number % 2 else other.url.encode()
            await visit.send(b"HTTP/1.1 " + code + b" Go\r\nLocation: " + to + b"\r\nContent-Length: 0\r\n\r\n")

        async with receiving(leads) as receiver:
            statuses = []
            for _ in range(5):
                statuses.append((await post(caller, receiver)).status)
                await receiver.deserted()
        assert statuses == [301, 302, 303, 307, 308]
        assert not other.visits


async def test_who_hangs_up_after_each_answer_gets_every_request_once(caller: Caller) -> None:
    async def takes_one(visit: Visit) -> None:
        await visit.request()
        await visit.send(OK)

    async with receiving(takes_one) as receiver:
        for number in range(20):
            answer = await post(caller, receiver, b"%d" % number)
            assert answer.status == 200, answer
        assert [visit.bodies for visit in receiver.visits] == [[b"%d" % number] for number in range(20)]


async def test_who_gave_a_connection_up_is_asked_on_a_new_one(caller: Caller) -> None:
    async def takes_one_and_half(visit: Visit) -> None:
        await visit.request()
        await visit.send(OK)
        if visit.number == 0:
            await visit.request()

    async with receiving(takes_one_and_half) as receiver:
        assert (await post(caller, receiver, b"1")).status == 200
        answer = await post(caller, receiver, b"2")
        assert (answer.status, answer.error_kind) == (200, None)
        assert answer.connect_ms is not None
        assert [visit.bodies for visit in receiver.visits] == [[b"1", b"2"], [b"2"]]


async def test_an_answer_nobody_asked_for_is_nobodys(caller: Caller) -> None:
    told = asyncio.Event()

    async def talks_too_much(visit: Visit) -> None:
        await visit.request()
        await visit.send(OK)
        if visit.number == 0:
            await asyncio.sleep(0.01)
            await visit.send(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
            told.set()
        await visit.end()

    async with receiving(talks_too_much) as receiver:
        assert (await post(caller, receiver)).status == 200
        await told.wait()
        for _ in range(10):  # loopback is quick, but the caller has to look
            await asyncio.sleep(0)
        assert (await post(caller, receiver)).status == 200
        assert len(receiver.visits) == 2


async def test_of_many_headers_and_odd_bytes_a_little_is_kept(caller: Caller) -> None:
    headers = b"".join(b"x-%d: \xff\xc3\xa9\r\n" % number for number in range(100))

    async def odd(visit: Visit) -> None:
        await visit.request()
        await visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n" + headers + b"\r\na\0\xffb\xc3\xa9")
        await visit.end()

    async with receiving(odd) as receiver:
        answer = await post(caller, receiver)
        assert answer.body == "a\ufffdbé"
        assert len(answer.headers) == MOST_HEADERS
        assert answer.headers["x-0"] == "?é"


#: What answers are made of, and what they are not made of.
STARTS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.0 204\r\n",
        b"HTTP/1.1 999 ?\r\n",
        b"HTTP/9.9 200\r\n",
        b"HTTP/1.1 100 Go\r\n\r\n",
        b"",
    ]
)
FIELDS = st.sampled_from(
    [
        b"Content-Length: 2\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999999999\r\n", b"a: \0\r\n",
        b"Connection: close\r\n", b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n", b"Content-Encoding: br\r\n",
        b"Upgrade: h2c\r\n", b": \r\n", b" folded\r\n", b"\xff: \xff\r\n",
    ]
)  # fmt: skip
BODIES = (
    st.sampled_from([b"\r\n", b"\r\nok", b"\n\n", b"\r\n2\r\nok\r\n0\r\n\r\n", b"\r\nffffffffff\r\n"]) | st.binary()
)


@settings(max_examples=60)
@given(st.lists(STARTS, min_size=1, max_size=2), st.lists(FIELDS, max_size=2), BODIES)
async def test_whatever_is_said_is_an_answer_or_none(starts: list[bytes], fields: list[bytes], body: bytes) -> None:
    async def says(visit: Visit) -> None:
        await visit.request()
        await visit.send(b"".join([*starts, *fields, body]))

    async with Caller(LOOPBACK) as caller, receiving(says) as receiver:
        answer = await post(caller, receiver)
        assert (answer.status is None) == (answer.error_kind in {"reset", "protocol"}), answer
        assert answer.status is None or 101 <= answer.status <= 999


async def test_who_takes_no_connection_is_not_waited_for(caller: Caller) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        full = [socket.socket() for _ in range(4)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        answer = await caller.post(Request(url, {}, b"{}", 0.3))
        assert (answer.status, answer.error_kind) == (None, "connect_timeout"), answer
        assert answer.address == "127.0.0.1"
        for one in full:
            one.close()
    answer = await caller.post(Request(url, {}, b"{}", 0.3))
    assert (answer.status, answer.error_kind, answer.error) == (None, "connect", "no connection: connection refused")
