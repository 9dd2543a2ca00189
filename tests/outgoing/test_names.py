"""Names and who asks for them: those that hang take nobody else's places, and are not waited for again and again."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest

from gateway.delivery.caller import Caller, Request
from gateway.outgoing import names
from gateway.outgoing.egress import Guard
from gateway.outgoing.names import KEEP_SECONDS, LATE_PLACES, PAUSE_SECONDS, STALE_SECONDS, Names, NotLookedUp
from gateway.outgoing.resolver import GuardedResolver

THREADS = 3


@dataclass
class NameServer:
    """Stands in for ``getaddrinfo``: names that begin with ``hangs`` wait until they may go on."""

    meanings: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    may_go_on: Event = field(default_factory=Event)
    now: float = 1000.0

    def answer(self, host: str, port: int, *_: object) -> list[Any]:
        self.asked.append(host)
        if host.startswith("hangs"):
            assert self.may_go_on.wait(30)
        if host not in self.meanings:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.meanings[host], port))]

    def clock(self) -> float:
        return self.now


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    made = NameServer({"good.test": "1.1.1.1"})
    monkeypatch.setattr(socket, "getaddrinfo", made.answer)
    monkeypatch.setattr(names, "LATE_SECONDS", 0.05)
    yield made
    made.may_go_on.set()


@pytest.fixture
async def known(server: NameServer) -> AsyncIterator[Names]:
    opened = Names(THREADS, server.clock)
    yield opened
    await opened.close()


async def look(known: Names, host: str) -> str:
    return str((await known.find(host, socket.AF_INET))[0][-1][0])


def ask(known: Names, *hosts: str) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(look(known, host)) for host in hosts]


async def until_asked(server: NameServer, times: int) -> None:
    async with asyncio.timeout(20):
        while len(server.asked) < times:
            await asyncio.sleep(0)


async def late(known: Names, host: str) -> None:
    """Wait until a name that hangs is known to."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with asyncio.timeout(0.01):
                    await look(known, host)
            except NotLookedUp:
                return
            except TimeoutError:
                continue


async def test_names_that_hang_hold_up_no_others(known: Names, server: NameServer) -> None:
    hanging = [f"hangs{number}.test" for number in range(THREADS * (1 + LATE_PLACES) - 1)]
    waiting = ask(known, *hanging)
    await until_asked(server, THREADS)
    assert await look(known, "good.test") == "1.1.1.1"
    for host in hanging:
        await late(known, host)
    assert sorted(server.asked) == sorted([*hanging, "good.test"])
    server.meanings |= dict.fromkeys(hanging, "8.8.8.8")
    server.may_go_on.set()
    assert set(await asyncio.gather(*waiting)) == {"8.8.8.8"}, "who waits long enough is answered"
    assert await look(known, hanging[0]) == "8.8.8.8"


async def test_a_name_that_was_late_is_left_alone_longer_each_time(known: Names, server: NameServer) -> None:
    for times, pause in enumerate((PAUSE_SECONDS, 2 * PAUSE_SECONDS), 1):
        server.may_go_on.clear()
        [waiting] = ask(known, "hangs.test")
        await late(known, "hangs.test")
        server.now += 1000  # its thread is still busy
        with pytest.raises(NotLookedUp):
            await look(known, "hangs.test")
        server.may_go_on.set()
        with pytest.raises(socket.gaierror):
            await waiting
        server.now += pause - 1
        with pytest.raises(NotLookedUp):
            await look(known, "hangs.test")
        assert server.asked == ["hangs.test"] * times
        server.now += 1
    server.meanings["hangs.test"] = "8.8.8.8"
    assert await look(known, "hangs.test") == "8.8.8.8"


async def test_a_good_answer_outlives_a_server_that_hangs(known: Names, server: NameServer) -> None:
    server.may_go_on.set()
    server.meanings["hangs.test"] = "8.8.8.8"
    assert await look(known, "hangs.test") == "8.8.8.8"
    server.now += KEEP_SECONDS - 1
    assert await look(known, "hangs.test") == "8.8.8.8"
    assert server.asked == ["hangs.test"]
    server.now += 1
    server.may_go_on.clear()
    assert [await look(known, "hangs.test") for _ in range(3)] == ["8.8.8.8"] * 3
    assert server.asked == ["hangs.test"] * 2
    server.now += STALE_SECONDS
    with pytest.raises(NotLookedUp):
        await look(known, "hangs.test")


async def test_an_older_answer_does_while_no_place_is_free(
    known: Names, server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "LATE_SECONDS", 60)
    assert await look(known, "good.test") == "1.1.1.1"
    server.now += KEEP_SECONDS
    waiting = ask(known, *(f"hangs{number}.test" for number in range(THREADS)))
    await until_asked(server, 1 + THREADS)
    assert await look(known, "good.test") == "1.1.1.1"
    assert len(server.asked) == 1 + THREADS, "it is not asked yet"
    server.may_go_on.set()
    assert all(isinstance(one, socket.gaierror) for one in await asyncio.gather(*waiting, return_exceptions=True))


async def test_only_so_many_names_are_kept(known: Names, server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MOST_NAMES", 2)
    server.meanings |= {"b.test": "8.8.8.8", "c.test": "9.9.9.9"}
    for host in ("good.test", "b.test", "good.test", "c.test", "good.test", "b.test"):
        await look(known, host)
    assert server.asked == ["good.test", "b.test", "c.test", "b.test"]


async def test_the_guard_looks_at_kept_answers_as_well(server: NameServer) -> None:
    resolver = GuardedResolver(Guard(), clock=server.clock)
    server.meanings["inside.test"] = "10.0.0.1"
    for _ in range(2):
        with pytest.raises(OSError, match="must not be called"):
            await resolver.resolve("inside.test", 443)
    assert [one["port"] for port in (443, 8443) for one in await resolver.resolve("good.test", port)] == [443, 8443]
    assert server.asked == ["inside.test", "good.test"]
    await resolver.close()


async def test_who_delivers_to_a_name_that_hangs_is_told_at_once(server: NameServer) -> None:
    async with Caller(clock=server.clock) as caller:
        for seconds in (0.2, 60):
            answer = await caller.post(Request("https://hangs.test/", {}, b"{}", seconds))
            assert (answer.error_kind, answer.error) == ("dns", "the name was not looked up in time")
        assert server.asked == ["hangs.test"]
        server.may_go_on.set()
