"""What failed, or came before there was an endpoint, reaches its receiver after all: a real gateway and receiver."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from aiohttp import web

from tests.delivery.conftest import Integrator
from tests.delivery.receiving import Receipt, Receiver, fine, receiving, verify


async def test_what_failed_is_recovered_and_what_was_missed_is_replayed(
    integrator: Integrator, receiver: Receiver
) -> None:
    async def refuse(_receipt: Receipt) -> web.StreamResponse:
        return web.Response(status=500)

    since = datetime.now(UTC) - timedelta(hours=1)
    await integrator.happen(3, "Early")
    receiver.respond = refuse
    endpoint = await integrator.register(receiver, event_types=["label.*"], retry_seconds=[0])
    path = f"/webhook-endpoints/{endpoint['id']}"
    async with receiving() as other:
        await integrator.register(other, event_types=["delivery.exhausted"])
        await integrator.happen(4, "Late")
        await other.wait_for_count(4)
    failed = (await integrator.ask("GET", "/deliveries?status=FAILED", 200))["data"]
    assert len(failed) == 4
    why = await integrator.ask("GET", f"{path}/why?event_id={failed[0]['event_id']}", 200)
    assert (why["verdict"], why["delivery"]["id"]) == ("failed", failed[0]["id"])

    receiver.respond = fine
    for status in ("disabled", "enabled"):  # and is tried at once
        await integrator.ask("PATCH", path, 200, {"status": status})
    await integrator.ask("POST", f"{path}/recover", 202, {"since": since.isoformat()})
    await receiver.wait_for_count(8)
    ids = Counter(one.headers["webhook-id"] for one in receiver.receipts)
    assert ids == Counter({one["event_id"]: 2 for one in failed})
    assert {one.headers["postgate-attempt"] for one in receiver.receipts[4:]} == {"2"}
    assert {one.headers["postgate-delivery"] for one in receiver.receipts} == {one["id"] for one in failed}
    why = await integrator.ask("GET", f"{path}/why?event_id={failed[0]['event_id']}", 200)
    assert why["verdict"] in {"delivered", "waiting"}  # written down, or just being

    log = (await integrator.ask("GET", "/events?after=0&types=label.updated", 200))["data"]
    early = log[0]["seq"]
    assert (await integrator.ask("GET", f"{path}/why?seq={early}", 200))["verdict"] == "before_endpoint"
    job = await integrator.ask("POST", f"{path}/replay", 202, {"from_seq": early, "missing_only": True})
    await receiver.wait_for_count(11)
    names = {verify(one, endpoint["secret"])["data"]["name"] for one in receiver.receipts[8:]}
    assert names == {"Early 0", "Early 1", "Early 2"}
    assert job["progress"]["total"] >= 7
    one = failed[0]["id"]
    await integrator.ask("POST", f"/deliveries/{one}/redeliver", 202)
    await receiver.wait_for_count(12)
    assert receiver.receipts[11].headers["postgate-delivery"] == one


async def test_a_job_leaves_a_receiver_alone_that_asks_for_it(integrator: Integrator, receiver: Receiver) -> None:
    async def pause(_receipt: Receipt) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": "3600"})

    receiver.respond = pause
    await integrator.happen(20)
    endpoint = await integrator.register(receiver, event_types=["label.*"], max_in_flight=1)
    body = {"from_seq": 1, "per_second": 10}
    job = await integrator.ask("POST", f"/webhook-endpoints/{endpoint['id']}/replay", 202, body)
    async with asyncio.timeout(20):
        while job["status"] == "running":
            await asyncio.sleep(0.1)
            job = await integrator.ask("GET", f"/recoveries/{job['id']}", 200)
    assert job["progress"]["queued"] == 20
    assert 1 <= len(receiver.receipts) <= 2  # once more at the job's beginning, perhaps
