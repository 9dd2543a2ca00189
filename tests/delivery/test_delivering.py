"""Events reach the receivers that were registered for them: a real gateway, real receivers."""

import asyncio
from collections import Counter

import pytest
from aiohttp import web

from gateway.running import Running
from tests.api.rows import Rows
from tests.conftest import Database
from tests.delivery.conftest import Integrator
from tests.delivery.receiving import Receipt, Receiver, fine, receiving, verify

STATES = "SELECT seq, status, attempts, response_status_code AS code, error_kind FROM webhook_deliveries ORDER BY seq"


async def test_every_event_arrives_once_signed_and_in_a_chain(
    integrator: Integrator, receiver: Receiver, database: Database
) -> None:
    endpoint = await integrator.register(receiver, event_types=["label.*"])
    await integrator.happen(5)
    await receiver.wait_for_count(5)
    events = [verify(one, endpoint["secret"]) for one in receiver.receipts]
    log = await integrator.ask("GET", f"/events?after={endpoint['since_seq']}", 200)
    assert sorted(events, key=lambda event: event["seq"]) == log["data"]
    chain = {int(one.headers["postgate-seq"]): one.headers.get("postgate-previous-seq") for one in receiver.receipts}
    seqs = sorted(chain)
    assert [chain[seq] for seq in seqs] == [None, *map(str, seqs[:-1])]
    first = receiver.receipts[0]
    assert first.headers["webhook-id"] == first.event["id"]
    assert first.headers["postgate-attempt"] == "1"
    rows = await database.fetch(STATES)
    assert {(row["status"], row["attempts"]) for row in rows} <= {("SUCCESS", 1), ("PENDING", 0)}


async def test_only_what_an_endpoint_asked_for_arrives(integrator: Integrator, receiver: Receiver) -> None:
    async with receiving() as other:
        await integrator.register(receiver, event_types=["customer.*"])
        await integrator.register(other, event_types=["*"])
        await integrator.happen(2)
        customer = await integrator.ask("POST", "/customers", 201, {"name": "Dana"})
        await receiver.wait_for_count(1)
        await other.wait_for(lambda: "customer.created" in {one.event["type"] for one in other.receipts})
        assert [one.event["data"]["id"] for one in receiver.receipts] == [customer["id"]]
        assert {"label.updated", "customer.created"} <= {one.event["type"] for one in other.receipts}


async def test_what_fails_is_tried_again_and_told_of_when_it_is_given_up(
    integrator: Integrator, receiver: Receiver, database: Database
) -> None:
    async def refuse(receipt: Receipt) -> web.StreamResponse:
        return web.Response(status=500 if receipt.event["type"] == "label.updated" else 204, text="out of order")

    receiver.respond = refuse
    endpoint = await integrator.register(receiver, event_types=["*"], retry_seconds=[0, 0])
    async with receiving() as other:
        await integrator.register(other, event_types=["delivery.exhausted"])
        await integrator.happen()
        await receiver.wait_for_count(2)
        await other.wait_for_count(1)
    attempts = [one for one in receiver.receipts if one.event["type"] == "label.updated"]
    assert [one.headers["postgate-attempt"] for one in attempts] == ["1", "2"]
    assert attempts[0].headers["webhook-id"] == attempts[1].headers["webhook-id"]
    assert attempts[0].body == attempts[1].body
    told = other.receipts[0].event["data"]
    assert (told["endpoint_id"], told["status"], told["error_kind"]) == (endpoint["id"], "FAILED", "status")
    assert "delivery.exhausted" not in {one.event["type"] for one in receiver.receipts}
    kept = await database.fetch(
        "SELECT a.* FROM webhook_attempts a JOIN webhook_deliveries d ON d.id = a.delivery_id"
        " WHERE d.event_type = 'label.updated' AND d.attempts = 2 ORDER BY number"
    )
    assert [(row["number"], row["outcome"], row["status_code"], row["response_body"]) for row in kept] == [
        (1, "failure", 500, "out of order"),
        (2, "failure", 500, "out of order"),
    ]
    assert {row["address"] for row in kept} == {"127.0.0.1"}
    assert endpoint["secret"] not in str([dict(row) for row in kept])


async def test_a_disabled_endpoint_is_held_and_drained_in_order(
    integrator: Integrator, receiver: Receiver, database: Database
) -> None:
    endpoint = await integrator.register(receiver, event_types=["label.*"])
    path = f"/webhook-endpoints/{endpoint['id']}"
    await integrator.ask("PATCH", path, 200, {"status": "disabled"})
    await integrator.happen(6)
    ping = await integrator.ask("POST", f"{path}/ping", 202)
    await receiver.wait_for_count(1)
    assert [one.headers["postgate-delivery"] for one in receiver.receipts] == [ping["id"]]
    assert receiver.receipts[0].event["type"] == "webhook_endpoint.ping"
    await _until(database, "SELECT count(*) = 6 FROM webhook_deliveries WHERE kind = 'event'")
    held = await integrator.ask("GET", f"/deliveries?endpoint_id={endpoint['id']}", 200)
    assert {one["held_reason"] for one in held["data"] if one["kind"] == "event"} == {"endpoint_disabled"}
    await integrator.ask("PATCH", path, 200, {"status": "enabled"})
    await receiver.wait_for_count(7)
    assert receiver.seqs()[0] == min(receiver.seqs())
    assert len(set(receiver.seqs())) == 6


async def test_a_receiver_that_is_gone_is_disabled_and_keeps_what_it_is_owed(
    integrator: Integrator, receiver: Receiver, database: Database
) -> None:
    async def leave(_receipt: Receipt) -> web.StreamResponse:
        return web.Response(status=410)

    receiver.respond = leave
    endpoint = await integrator.register(receiver, event_types=["label.*"])
    async with receiving() as other:
        await integrator.register(other, event_types=["webhook_endpoint.updated"])
        await integrator.happen()
        await other.wait_for(lambda: any(one.event["data"]["status"] == "disabled" for one in other.receipts))
    shown = await integrator.ask("GET", f"/webhook-endpoints/{endpoint['id']}", 200)
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "gone")
    assert [row["status"] for row in await database.fetch(STATES)].count("FAILED") == 0


async def test_a_conversation_stays_in_order_while_others_go_on(
    integrator: Integrator, receiver: Receiver, database: Database
) -> None:
    """A receiver that refuses the first event of one conversation once gets it again before the second."""
    refused: list[str] = []

    async def refuse_once(receipt: Receipt) -> web.StreamResponse:
        name = receipt.event["data"]["conversation_id"]
        if name not in refused:
            refused.append(name)
            return web.Response(status=503)
        return web.Response(status=204)

    receiver.respond = refuse_once
    endpoint = await integrator.register(
        receiver, event_types=["note.created"], ordering="conversation", retry_seconds=[0, 0, 0, 0, 0]
    )
    rows = Rows(database, integrator.tenant)
    conversations = [await rows.conversation() for _ in range(2)]
    for number in range(4):
        for conversation in conversations:
            await integrator.ask("POST", f"/conversations/{conversation}/notes", 201, {"text": f"Note {number}"})
    await receiver.wait_for_count(10)
    for conversation in conversations:
        arrived = [one for one in receiver.receipts if one.event["conversation_id"] == conversation]
        numbers = [int(one.headers["postgate-conversation-sequence"]) for one in arrived]
        assert numbers == [1, 1, 2, 3, 4]
    assert verify(receiver.receipts[-1], endpoint["secret"])
    await _until(database, "SELECT count(*) = 8 FROM webhook_deliveries WHERE status = 'SUCCESS'")


async def test_a_pause_that_a_receiver_asked_for_ends_only_when_somebody_wants_it_tried(
    integrator: Integrator, receiver: Receiver, database: Database
) -> None:
    async def pause(receipt: Receipt) -> web.StreamResponse:
        if receipt.event["type"] == "webhook_endpoint.ping":
            return web.Response(status=204)
        return web.Response(status=429, headers={"Retry-After": "3600"})

    receiver.respond = pause
    endpoint = await integrator.register(receiver, event_types=["label.*"], max_in_flight=1)
    path = f"/webhook-endpoints/{endpoint['id']}"
    await integrator.happen(3)
    await receiver.wait_for_count(1)
    await _until(database, "SELECT count(*) = 1 FROM webhook_deliveries WHERE status = 'RETRYING'")
    await integrator.ask("PATCH", path, 200, {"description": "Paused"})
    await integrator.ask("POST", f"{path}/ping", 202)
    await receiver.wait_for_count(2)
    assert [one.event["type"] for one in receiver.receipts] == ["label.updated", "webhook_endpoint.ping"]
    [tried] = (await integrator.ask("GET", "/deliveries?status=RETRYING", 200))["data"]
    receiver.respond = fine
    await integrator.ask("POST", f"/deliveries/{tried['id']}/redeliver", 202)
    await receiver.wait_for_count(5)


async def test_a_receiver_that_repeats_our_login_is_not_quoted(
    integrator: Integrator, receiver: Receiver, database: Database
) -> None:
    async def repeat(receipt: Receipt) -> web.StreamResponse:
        login = receipt.headers["Authorization"]
        text = f"{'.' * 2000} {login} {'.' * 2034} {login}"  # of the last one only the beginning is kept
        return web.Response(status=400, text=text, headers={"X-Echo": login})

    receiver.respond = repeat
    auth = {"type": "basic", "username": "postgate", "password": "hunter2-hunter2"}
    await integrator.register(receiver, event_types=["label.*"], auth=auth)
    await integrator.happen()
    await _until(database, "SELECT count(*) = 1 FROM webhook_attempts")
    [row] = await database.fetch(
        "SELECT response_body, response_headers::text AS answered, request_headers::text AS asked FROM webhook_attempts"
    )
    sent = receiver.receipts[0].headers["Authorization"].removeprefix("Basic ")
    assert row["response_body"].count("[hidden]") == 1
    assert all(sent[:8] not in text for text in row.values())


async def test_an_endpoint_that_leads_to_the_gateway_itself_makes_no_loop(
    integrator: Integrator, gateway: Running, database: Database
) -> None:
    auth = {"type": "bearer", "token": integrator.tenant.auth["Authorization"].removeprefix("Bearer ")}
    body = {"url": f"{gateway.url}/api/v1/labels", "auth": auth, "retry_seconds": [0]}
    endpoint = await integrator.ask("POST", "/webhook-endpoints", 201, body)
    own = f"{gateway.url}/api/v1/webhook-endpoints/{endpoint['id']}/ping"
    await integrator.ask("PATCH", f"/webhook-endpoints/{endpoint['id']}", 200, {"url": own, "auth": auth})
    await integrator.ask("POST", f"/webhook-endpoints/{endpoint['id']}/ping", 202)
    await _until(database, "SELECT count(*) = 1 FROM webhook_deliveries WHERE kind = 'ping' AND status = 'FAILED'")
    assert await database.value("SELECT count(*) FROM webhook_deliveries WHERE kind = 'ping'") == 1
    assert await database.value("SELECT bool_and(status_code = 403) FROM webhook_attempts")


async def test_more_endpoints_than_a_process_holds_take_turns(
    integrator: Integrator, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.delivery.engine.MOST_LANES", 2)
    monkeypatch.setattr("gateway.delivery.lane.IDLE_SECONDS", 3600.0)  # none is given back for having nothing to do
    for _ in range(5):
        await integrator.register(receiver, event_types=["label.*"])
    await integrator.happen(3)
    await receiver.wait_for_count(15)
    assert Counter(receiver.seqs()) == dict.fromkeys(receiver.seqs(), 5)


async def _until(database: Database, question: str) -> None:
    """Wait until the database answers a question with yes."""
    async with asyncio.timeout(20):
        while not await database.value(question):
            await asyncio.sleep(0.02)  # between two looks at what the worker writes
