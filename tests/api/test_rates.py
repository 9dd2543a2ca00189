"""How many requests a caller may make: counted here, together with other processes, and told with each answer."""

import asyncio

import pytest
from aiohttp import ClientSession

from gateway.problems import TooManyRequests
from gateway.rates import MOST_KEYS, Rate, Rates, headers
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Tenant
from tests.live.clients import ORIGIN
from tests.valkey import running_valkey

LIST = "/api/v1/labels"


class Clock:
    """A clock that is set; its minutes begin at multiples of 60."""

    def __init__(self) -> None:
        self.now = 6000.0

    def __call__(self) -> float:
        return self.now


def taken(rate: Rate, times: int, key: str = "key") -> int:
    """Ask so many times; returns how often that was allowed."""
    allowed = 0
    for _ in range(times):
        try:
            rate.require(key)
        except TooManyRequests:
            continue
        rate.take(key)
        allowed += 1
    return allowed


def waits(rate: Rate) -> int | None:
    with pytest.raises(TooManyRequests) as refused:
        rate.require("key")
    return refused.value.retry_after


def test_a_minute_slides_and_a_wait_is_long_enough() -> None:
    clock = Clock()
    rate = Rate("caller", 10, clock)
    assert taken(rate, 12) == 10
    wait = waits(rate)
    assert wait == 61  # ten of the last minute count for less than ten as soon as the next one has begun
    clock.now += 45
    assert waits(rate) == 16
    clock.now += 16
    assert taken(rate, 2) == 1
    clock.now += 29.5  # half of the ten count still
    assert taken(rate, 10) == 5
    again = waits(rate)
    assert again is not None
    clock.now += again
    assert taken(rate, 1) == 1
    clock.now += 600
    assert taken(rate, 20) == 10


def test_what_others_counted_counts() -> None:
    clock = Clock()
    one, two = Rate("caller", 10, clock), Rate("caller", 10, clock)
    assert taken(one, 6) == taken(two, 6) == 6
    for rate in (one, two):
        [(key, window, own)] = rate.unshared()
        assert (key, own) == ("key", 6)
        rate.learn(key, window, own, 12)
    assert one.unshared() == []
    assert taken(one, 1) == taken(two, 1) == 0
    assert taken(one, 3, "another") == 3
    clock.now += 75
    assert taken(one, 10) == 1  # three quarters of the twelve count still
    one.learn("key", 100, 6, 0)  # too late: of the minute before
    assert taken(one, 10) == 0


def test_the_number_of_callers_is_bounded() -> None:
    rate = Rate("caller", 1, Clock())
    for number in range(MOST_KEYS + 1):
        rate.take(str(number))
    assert len(rate.unshared()) == MOST_KEYS
    assert taken(rate, 1, "0") == 1


def test_an_answer_tells_policies_and_what_is_left() -> None:
    standings = Rates(10, 100, 0, Clock()).take("key", "tenant")
    assert headers(standings) == {
        "RateLimit-Policy": '"caller";q=10;w=60, "tenant";q=100;w=60',
        "RateLimit": '"caller";r=9;t=60, "tenant";r=99;t=60',
    }


def test_what_the_tenants_limit_refuses_costs_its_caller_nothing() -> None:
    rates = Rates(10, 4, 0, Clock())
    for _ in range(4):
        rates.take("program", "tenant")
    with pytest.raises(TooManyRequests):
        rates.take("agent", "tenant")
    assert [(one.limit, one.left) for one in rates.standings("agent", "tenant")] == [("caller", 10), ("tenant", 0)]


async def test_two_gateways_limit_callers_together(settings: Settings, tenant: Tenant) -> None:
    async with running_valkey() as valkey:
        told = {**settings.model_dump(), "redis_url": valkey.url, "caller_rate": 20, "socket_rate": 1}
        limited = Settings.model_validate(told)
        async with (
            run_gateway(limited) as one,
            run_gateway(limited) as two,
            ClientSession(one.url, headers=tenant.auth) as here,
            ClientSession(two.url, headers=tenant.auth) as there,
        ):
            login = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
            async with here.post("/api/v1/login", json=login, headers={"Authorization": ""}) as answer:
                cookie = answer.cookies["postgate_session"].value
            for place in range(18):
                async with (here, there)[place % 2].get(LIST) as answer:
                    assert answer.status == 200
            assert answer.headers["RateLimit-Policy"] == '"caller";q=20;w=60, "tenant";q=60000;w=60'
            await until_refused(here)
            async with here.get(LIST) as answer:
                problem = await answer.json()
                assert (answer.status, problem["code"]) == (429, "too_many_requests")
                assert 1 <= int(answer.headers["Retry-After"]) <= 61
                assert answer.headers["RateLimit"].startswith('"caller";r=0;t=')
            await until_refused(there)
            async with here.get("/healthz") as answer:
                assert answer.status == 200

            browser = {"Cookie": f"postgate_session={cookie}", **ORIGIN}
            async with ClientSession(one.url, headers=browser) as window:
                async with window.ws_connect("/api/v1/stream"):
                    pass
                async with window.get("/api/v1/stream") as answer:
                    assert answer.status == 429


async def until_refused(client: ClientSession) -> None:
    """Ask until too many were counted, by this process and the other."""
    async with asyncio.timeout(30):
        while True:
            async with client.get(LIST) as answer:
                if answer.status == 429:
                    return
            await asyncio.sleep(0.05)
