"""The client for Python against a gateway that runs, and a receiver that it posts to."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from channels.standard_webhooks import sign
from gateway.running import Running
from postgate_client import ApiError, Cursor, NotReached, Postgate, Resync, SignatureInvalid, verify
from postgate_client.models import Event
from tests.conftest import Tenant
from tests.delivery.receiving import Receipt, Receiver
from tests.ingest.posts import text, unique, whatsapp

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLKSw"
LONG_AGO = "2026-01-01T00:00:00Z"


async def refuse(_receipt: Receipt) -> web.StreamResponse:
    return web.Response(status=500)


async def test_endpoints_and_their_deliveries(postgate: Postgate, receiver: Receiver, gateway: Running) -> None:
    made = await postgate.create_endpoint(receiver.url, event_types=["label.*"], retry_seconds=[0])
    assert [one["id"] for one in await postgate.endpoints()] == [made["id"]]
    changed = await postgate.change_endpoint(made["id"], description="Orders", max_in_flight=2)
    assert (await postgate.endpoint(made["id"]))["description"] == changed["description"] == "Orders"
    ping = await postgate.ping(made["id"])
    await receiver.wait_for_count(1)
    assert verify(receiver.receipts[0].headers, receiver.receipts[0].body, made["secret"]) == ping["event_id"]
    rotated = await postgate.rotate_secret(made["id"], overlap_seconds=0, probe=True)
    await receiver.wait_for_count(2)
    last = receiver.receipts[1]
    with pytest.raises(SignatureInvalid):
        verify(last.headers, last.body, made["secret"])
    assert rotated["probe"] is not None
    assert verify(last.headers, last.body, made["secret"], rotated["secret"]) == rotated["probe"]["event_id"]
    async with asyncio.timeout(20):
        while (await postgate.delivery(ping["id"]))["status"] != "SUCCESS":
            await asyncio.sleep(0.02)
    assert [one["outcome"] async for one in postgate.attempts(ping["id"])] == ["success"]
    assert {one["id"] async for one in postgate.deliveries(endpoint_id=made["id"], status=["SUCCESS", "PENDING"])} == {
        ping["id"], rotated["probe"]["id"],
    }  # fmt: skip
    await postgate.remove_endpoint(made["id"])
    with pytest.raises(ApiError) as caught:
        await postgate.endpoint(made["id"])
    assert (caught.value.status, caught.value.code) == (404, "not_found")
    with pytest.raises(ApiError) as caught:
        await postgate.create_endpoint("https://integrator.example.org", event_types=["nothing.at.all"])
    assert (caught.value.status, caught.value.errors[0]["pointer"]) == (422, "/event_types/0")
    async with Postgate(gateway.url, "pgk_unknown") as nobody:
        with pytest.raises(ApiError, match="401"):
            await nobody.endpoints()


async def test_what_failed_is_sent_again(
    postgate: Postgate, receiver: Receiver, client: ClientSession, tenant: Tenant
) -> None:
    receiver.respond = refuse
    made = await postgate.create_endpoint(receiver.url, event_types=["label.*"], retry_seconds=[0])
    async with client.post("/api/v1/labels", json={"name": "one", "color": "blue"}, headers=tenant.auth) as answer:
        assert answer.status == 201
    async with asyncio.timeout(20):
        while not (failed := [one async for one in postgate.deliveries(endpoint_id=made["id"], status=["FAILED"])]):
            await asyncio.sleep(0.02)
    assert (failed[0]["error_kind"], failed[0]["response_status_code"]) == ("status", 500)
    job = await postgate.recover(made["id"], LONG_AGO)
    *_, last = [one async for one in postgate.progress(job["id"], every=0.02)]
    assert (last["status"], last["progress"]["queued"]) == ("done", 1)
    again = await postgate.redeliver(failed[0]["id"])
    assert (again["id"], again["status"]) == (failed[0]["id"], "PENDING")
    replayed = await postgate.replay(made["id"], from_seq=1, event_types=["team.*"])
    assert (await postgate.recovery(replayed["id"]))["kind"] == "replay"


async def test_events_are_followed_and_answered(postgate: Postgate, client: ClientSession, tenant: Tenant) -> None:
    cursor = await postgate.head()
    start = Cursor(cursor.after, cursor.epoch)
    following = postgate.follow(cursor, types=["message.created"], wait=60)
    first = asyncio.create_task(take(following))
    async with asyncio.timeout(20):
        assert (
            await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique(), "Hello", at=int(time.time()))]).send(
                client
            )
            == 200
        )
        event = await first
        assert (event["type"], event["data"]["text"]) == ("message.created", "Hello")
        [conversation] = [one async for one in postgate.conversations(status=["open"], unread=True)]
        assert conversation["id"] == event["conversation_id"]
        sent = [
            await postgate.send_message(conversation["id"], text="We are on it.", idempotency_key="1") for _ in "ab"
        ]
        assert sent[0]["id"] == sent[1]["id"]
        assert (await anext(following))["data"]["id"] == sent[0]["id"]
    assert cursor.after == event["seq"]  # the second one was not done with
    page = await postgate.events(start.after, epoch=start.epoch)
    assert [one["seq"] for one in page["data"]] == list(range(start.after + 1, page["head"] + 1))
    with pytest.raises(ValueError, match="wait"):
        await anext(postgate.follow(cursor, wait=0))
    with pytest.raises(Resync):
        await anext(postgate.follow(Cursor(10**6, start.epoch)))


async def take(following: AsyncIterator[Event]) -> Event:
    return await anext(following)


async def test_a_busy_gateway_is_asked_again_where_that_does_no_harm() -> None:
    asked: list[str] = []
    pauses: list[float] = []

    async def busy(request: web.Request) -> web.Response:
        asked.append(request.method)
        if len(asked) == 1:
            return web.Response(status=502, text="not a gateway")
        problem = {"type": "x", "title": "x", "status": 503, "code": "overloaded", "detail": "later"}
        return web.json_response(problem, status=503, content_type="application/problem+json",
            headers={"Retry-After": "7"})  # fmt: skip

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", busy)
    async with TestServer(app) as server, Postgate(str(server.make_url("/")), "pgk_x", pause=pause) as client:
        with pytest.raises(ApiError) as caught:
            await client.delivery("dlv_1")
        with pytest.raises(ApiError):
            await client.redeliver("dlv_1")
    assert (caught.value.code, caught.value.retry_after) == ("overloaded", 7)
    assert (asked, pauses) == (["GET", "GET", "GET", "POST"], [0.5, 7.0])
    async with Postgate("http://127.0.0.1:1", "pgk_x", pause=pause) as client:
        with pytest.raises(NotReached):
            await client.endpoints()


@given(body=st.binary(max_size=50), spoilt=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_webhook_is_verified(body: bytes, spoilt: int, bit: int) -> None:
    now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    headers = sign("evt_1", now, body, [SECRET.encode()])
    moment = now.timestamp()
    assert verify(headers, body, SECRET, now=moment) == "evt_1"
    assert verify({name.title(): one for name, one in headers.items()}, body, "whsec_AAAA", SECRET, now=moment)
    other = bytearray(body or b"x")
    other[spoilt % len(other)] ^= 1 << bit
    refused: list[Callable[[], object]] = [
        lambda: verify(headers, bytes(other), SECRET, now=moment),
        lambda: verify(headers, body, "whsec_AAAA", now=moment),
        lambda: verify(headers, body, SECRET, now=moment + 301),
        lambda: verify({**headers, "webhook-timestamp": "x"}, body, SECRET, now=moment),
        lambda: verify({**headers, "webhook-signature": "v1,é v1a,x"}, body, SECRET, now=moment),
        lambda: verify({}, body, SECRET, now=moment),
        lambda: verify(headers, body, now=moment),
    ]
    for wrong in refused:
        with pytest.raises(SignatureInvalid):
            wrong()


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_é"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    headers = sign("evt_1", datetime.now(UTC), b"", [SECRET.encode()])
    with pytest.raises(ValueError, match="secret"):
        verify(headers, b"", secret)
