"""The log page by page, and as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientTimeout

from gateway.live.limits import Limits
from tests.conftest import Database, MakeTenant, Tenant
from tests.live.serving import Serve, Served

STREAM = {"Accept": "text/event-stream"}


async def page(served: Served, tenant: Tenant, query: str = "") -> dict[str, Any]:
    async with served.client.get(f"/api/v1/events?{query}", headers=tenant.auth) as answer:
        assert answer.status == 200, await answer.text()
        body: dict[str, Any] = await answer.json()
        return body


def seqs(body: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in body["data"]]


async def test_pages_follow_each_other_without_hole_or_double(served: Served, tenant: Tenant) -> None:
    await served.commit(tenant, 250)
    found: list[int] = []
    after = 0
    while True:
        body = await page(served, tenant, f"after={after}&limit=100")
        after = body["next_after"]
        assert body["head"] == 250
        if not body["data"]:
            break
        found += seqs(body)
    assert found == list(range(1, 251))


async def test_a_page_never_goes_beyond_its_head_and_lacks_nothing(served: Served, tenant: Tenant) -> None:
    writing = asyncio.create_task(write(served, tenant, 60))
    after = 0
    while after < 60:
        body = await page(served, tenant, f"after={after}")
        assert seqs(body) == list(range(after + 1, body["head"] + 1))
        after = body["head"]
    await writing


async def write(served: Served, tenant: Tenant, count: int) -> None:
    for _ in range(count):
        await served.commit(tenant)


async def test_an_empty_log_has_an_empty_page(served: Served, tenant: Tenant, database: Database) -> None:
    epoch = await database.value("SELECT epoch::text FROM tenant_heads WHERE tenant_id = $1", tenant.id)
    assert await page(served, tenant) == {"data": [], "next_after": 0, "head": 0, "epoch": epoch}


async def test_one_tenant_pulls_nothing_of_another(served: Served, tenant: Tenant, make_tenant: MakeTenant) -> None:
    await served.commit(await make_tenant("other"), 3)
    assert (await page(served, tenant))["data"] == []


async def test_a_page_without_a_position_starts_at_the_oldest_entry(
    served: Served, tenant: Tenant, database: Database
) -> None:
    await served.commit(tenant, 5)
    await database.fetch("DELETE FROM events WHERE tenant_id = $1 AND seq <= 3", tenant.id)
    await database.fetch("UPDATE tenant_heads SET floor_seq = 3 WHERE tenant_id = $1", tenant.id)
    assert seqs(await page(served, tenant)) == [4, 5]


@pytest.mark.parametrize(
    "query",
    ["after=2", "after=6", "after=4&epoch=0198c0de-0000-7000-8000-0000000000ee"],
    ids=["floor", "head", "epoch"],
)
@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_a_position_that_cannot_be_followed_is_gone(
    served: Served, tenant: Tenant, database: Database, query: str, accept: str
) -> None:
    await served.commit(tenant, 5)
    await database.fetch("DELETE FROM events WHERE tenant_id = $1 AND seq <= 3", tenant.id)
    await database.fetch("UPDATE tenant_heads SET floor_seq = 3 WHERE tenant_id = $1", tenant.id)
    headers = {**tenant.auth, "Accept": accept}
    async with served.client.get(f"/api/v1/events?{query}", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (410, "application/problem+json")
        assert (await answer.json())["code"] == "resync"


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=-1",
        "limit=0",
        "limit=1001",
        "limit=1.5",
        "after=1&after=2",
        "since=1",
        "after=99999999999999999999",
        "wait=61",
        "wait=-1",
        "wait=1.0",
    ],
)
async def test_a_bad_parameter_is_named(served: Served, tenant: Tenant, query: str) -> None:
    async with served.client.get(f"/api/v1/events?{query}", headers=tenant.auth) as answer:
        assert (answer.status, answer.content_type) == (422, "application/problem+json")
        assert (await answer.json())["errors"][0]["pointer"] == f"/{query.split('=', maxsplit=1)[0]}"


async def test_nobody_reads_without_a_login(served: Served) -> None:
    for headers in ({}, STREAM):
        async with served.client.get("/api/v1/events", headers=headers) as answer:
            assert answer.status == 401


async def fields(answer: ClientResponse) -> AsyncIterator[dict[str, str]]:
    """Read server-sent events as https://html.spec.whatwg.org/multipage/server-sent-events.html says."""
    event: dict[str, str] = {}
    async for line in answer.content:
        text = line.decode().rstrip("\n")
        if text == "" and event:
            yield event
            event = {}
        elif text:
            name, _, value = text.partition(":")
            event[name or "comment"] = value.removeprefix(" ")


async def read_stream(
    served: Served, tenant: Tenant, count: int, query: str = "", **headers: str
) -> list[dict[str, str]]:
    """Open a stream, and close it after some events."""
    found: list[dict[str, str]] = []
    options = {**tenant.auth, **STREAM, **headers}
    async with served.client.get(f"/api/v1/events?{query}", headers=options, timeout=ClientTimeout(20)) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        async for event in fields(answer):
            found.append(event)
            if len(found) == count:
                break
    return found


async def test_a_stream_goes_on_from_a_position_and_then_lives(served: Served, tenant: Tenant) -> None:
    await served.commit(tenant, 3)
    reading = asyncio.create_task(read_stream(served, tenant, 4, "after=1"))
    async with asyncio.timeout(10):
        while not any(session.live for session in served.live.hub.sessions):
            await asyncio.sleep(0.01)
    await served.announce(tenant, 2)
    events = await reading
    assert [event["id"] for event in events] == ["2", "3", "4", "5"]
    assert {event["event"] for event in events} == {"message.created"}
    assert [json.loads(event["data"])["seq"] for event in events] == [2, 3, 4, 5]


async def test_the_last_event_id_counts_before_the_parameter(served: Served, tenant: Tenant) -> None:
    await served.commit(tenant, 5)
    events = await read_stream(served, tenant, 2, "after=0", **{"Last-Event-ID": "3"})
    assert [event["id"] for event in events] == ["4", "5"]


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "9" * 30])
async def test_a_last_event_id_that_is_none_is_refused(served: Served, tenant: Tenant, text: str) -> None:
    headers = {**tenant.auth, **STREAM, "Last-Event-ID": text}
    async with served.client.get("/api/v1/events", headers=headers) as answer:
        assert answer.status == 422


async def test_a_quiet_stream_is_kept_alive(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(heartbeat_seconds=0.05))
    assert await read_stream(served, tenant, 2) == [{"comment": "still here"}] * 2


async def test_a_stream_whose_client_went_is_forgotten(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(heartbeat_seconds=0.05))
    await read_stream(served, tenant, 1)
    async with asyncio.timeout(10):
        while served.live.hub.watched:
            await asyncio.sleep(0.02)


async def test_a_replaced_log_ends_the_stream(serve: Serve, tenant: Tenant, database: Database) -> None:
    served = await serve(Limits(poll_seconds=0.05))
    reading = asyncio.create_task(read_stream(served, tenant, 99))
    async with asyncio.timeout(10):
        while not any(session.live for session in served.live.hub.sessions):
            await asyncio.sleep(0.01)
    await database.fetch("UPDATE tenant_heads SET epoch = gen_random_uuid() WHERE tenant_id = $1", tenant.id)
    assert await reading == [{"event": "resync", "data": '{"reason":"epoch"}'}]


async def test_a_stop_ends_streams_cleanly(served: Served, tenant: Tenant) -> None:
    await served.commit(tenant, 1)
    reading = asyncio.create_task(read_stream(served, tenant, 99, "after=0"))
    async with asyncio.timeout(10):
        while not any(session.live for session in served.live.hub.sessions):
            await asyncio.sleep(0.01)
    await served.live.stop()
    assert [event["id"] for event in await reading] == ["1"]
