"""From the click to the provider and back, over real sockets."""

import asyncio
import socket
from typing import Any

import orjson
import pytest
from aiohttp import web

from gateway.model.ids import public
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Database
from tests.ingest.posts import twilio, whatsapp
from tests.sending.conftest import HURRY, MOVE, SECONDS, Desk, MakeDesk, external_id, move, refuses

END_LEASES = "UPDATE sends SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL"


async def test_a_message_is_sent_once_and_gets_its_ticks(desk: Desk) -> None:
    key = await desk.write("Good morning")
    message = await desk.until(key, "sent")
    [sent] = desk.provider.sent
    assert (sent["to"], sent["text"]["body"]) == ("+12025550142", "Good morning")
    assert message["external_id"] == external_id(sent)
    await desk.told(message["external_id"], "delivered")
    await desk.told(message["external_id"], "read", 1767225800)
    message = await desk.message(key)
    assert (message["status"], set(message["status_at"])) == ("read", {"queued", "sent", "delivered", "read"})
    assert await desk.events() == [
        ("message.created", "queued"),
        ("message.status_changed", "sent"),
        ("message.status_changed", "delivered"),
        ("message.status_changed", "read"),
    ]


async def test_statuses_that_come_before_the_answer_count_once_it_is_there(desk: Desk) -> None:
    desk.provider.plan = [desk.provider.hangs]
    key = await desk.write("Good morning")
    await desk.until_sent(1)
    await desk.told(external_id(desk.provider.sent[0]), "read", ref=desk.provider.sent[0]["biz_opaque_callback_data"])
    assert (await desk.message(key))["status"] == "queued"
    desk.provider.released.set()
    message = await desk.until(key, "read")
    assert set(message["status_at"]) == {"queued", "sent", "read"}
    assert await desk.database.value("SELECT count(*) FROM messages WHERE direction = 'outbound'") == 1


async def test_messages_of_a_conversation_go_out_in_their_order(desk: Desk) -> None:
    desk.provider.plan = [desk.provider.hangs]
    keys = [await desk.write(f"Word {number}") for number in range(6)]
    await desk.until_sent(1)
    desk.provider.released.set()
    for key in keys:
        await desk.until(key, "sent")
    assert desk.provider.texts == [f"Word {number}" for number in range(6)]


async def test_what_the_provider_refuses_has_failed_with_its_reason(desk: Desk) -> None:
    desk.provider.plan = [refuses(400, 131026)]
    keys = [await desk.write("One"), await desk.write("Two")]
    message = await desk.until(keys[0], "failed")
    assert message["error"]["code"] == "131026"
    assert message["error"]["message"]
    assert message["error"]["retryable"] is False
    await desk.until(keys[1], "sent")  # what follows does not wait for ever


async def stopped(_sent: dict[str, Any]) -> web.Response:
    """Answer as Twilio does when the customer wrote STOP."""
    said = {"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}
    return web.json_response(said, status=400)


async def test_a_refusal_for_an_opt_out_is_one_until_the_customer_says_otherwise(desk: Desk) -> None:
    await move(desk.database, desk.tenant, "twilio", desk.provider)
    connection = desk.tenant.integration("twilio")
    assert await twilio(connection).send(desk.client) == 200
    conversation = await desk.database.value("SELECT id FROM conversations ORDER BY created_at DESC LIMIT 1")
    path = f"/api/v1/conversations/{public('cnv', conversation)}/messages"
    desk.provider.plan = [stopped]
    await desk.post(path, {"text": "One"}, 201)

    async def opt_outs() -> list[tuple[str, str, str]]:
        async with desk.client.get("/api/v1/customers", headers=desk.tenant.auth) as answer:
            found = [out for one in (await answer.json())["data"] for out in one["opt_outs"]]
        return [(one["channel_id"], one["address"], one["category"]) for one in found]

    async with asyncio.timeout(SECONDS):
        while not await opt_outs():
            await asyncio.sleep(0.02)  # between two looks
    assert await opt_outs() == [(connection["channels"][0]["id"], "+12025550143", "all")]
    last = "SELECT type, data FROM events WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 2"
    updated, failed = await desk.database.fetch(last, desk.tenant.id)
    assert (failed["type"], orjson.loads(failed["data"])["error"]["code"]) == ("message.status_changed", "21610")
    assert (updated["type"], len(orjson.loads(updated["data"])["opt_outs"])) == ("customer.updated", 1)
    assert (await desk.post(path, {"text": "Two"}, 409))["code"] == "opted_out"

    assert await twilio(connection, Body=" yes ").send(desk.client) == 200
    assert await opt_outs() == []
    await desk.post(path, {"text": "Three"}, 201)


async def test_an_opt_out_of_one_kind_of_messages_stops_no_others(desk: Desk) -> None:
    desk.provider.plan = [refuses(400, 131050)]
    await desk.until(await desk.write("One"), "failed")
    told = "SELECT data -> 'opt_outs' -> 0 ->> 'category' FROM events WHERE type = 'customer.updated'"
    assert await desk.database.value(told) == "marketing_messages"
    await desk.until(await desk.write("Two"), "sent")


async def test_trouble_that_passes_is_tried_again(desk: Desk) -> None:
    desk.provider.plan = [refuses(400, 130429), refuses(400, 130429)]
    key = await desk.write("One")
    for attempts in (1, 2):
        await desk.until_waits(attempts)
        await desk.hurry()
    await desk.until(key, "sent")
    assert len(desk.provider.sent) == 3
    assert [kind for kind, _ in await desk.events()] == ["message.created", "message.status_changed"]


async def test_what_is_never_taken_fails_after_some_tries(desk: Desk) -> None:
    desk.provider.always = refuses(400, 130429)
    key = await desk.write("One")
    for attempts in range(1, 7):
        await desk.until_waits(attempts)
        await desk.hurry()
    message = await desk.until(key, "failed")
    assert (message["error"]["code"], message["error"]["retryable"]) == ("130429", True)
    assert len(desk.provider.sent) == 7


async def test_too_many_requests_slow_the_whole_channel_as_long_as_the_provider_asks(desk: Desk) -> None:
    desk.provider.plan = [refuses(429, 80007, **{"Retry-After": "40"})]
    await desk.write("One")
    await desk.until_waits(1)
    slowed = "SELECT extract(epoch FROM slowed_until - now())::float FROM send_lanes"
    assert 30 < await desk.database.value(slowed) < 60


async def test_a_call_without_an_answer_leaves_the_message_unknown_and_it_is_never_resent(desk: Desk) -> None:
    desk.provider.plan = [desk.provider.breaks]
    keys = [await desk.write("One"), await desk.write("Two")]
    message = await desk.until(keys[0], "unknown")
    assert message["error"]["code"] == "no_answer"
    await desk.until(keys[1], "sent")
    await desk.hurry()
    await desk.write("Three")
    await desk.until_sent(3)
    assert desk.provider.texts == ["One", "Two", "Three"]


@pytest.mark.parametrize("before", [True, False], ids=["a status before", "a status after"])
async def test_an_unknown_message_is_found_by_its_reference_in_a_status(desk: Desk, before: bool) -> None:
    desk.provider.plan = [desk.provider.hangs]
    key = await desk.write("One")
    await desk.until_sent(1)
    reference = desk.provider.sent[0]["biz_opaque_callback_data"]
    if before:
        await desk.told("wamid.later", "delivered", ref=reference)
    await desk.database.fetch(END_LEASES)  # as if the worker had died in its call
    if not before:
        await desk.until(key, "unknown")
        await desk.told("wamid.later", "delivered", ref=reference)
    message = await desk.until(key, "delivered")
    assert (message["external_id"], message["error"]) == ("wamid.later", None)
    assert set(message["status_at"]) == {"queued", "sent", "delivered"}
    desk.provider.released.set()  # the late answer is nobody's any more
    await desk.told("wamid.later", "read", 1767225900, ref=reference)
    assert (await desk.message(key))["status"] == "read"
    assert await desk.database.value("SELECT count(*) FROM sends WHERE state = 'sent'") == 1


async def test_a_connection_that_nobody_takes_up_is_tried_again(desk: Desk, database: Database) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    connection = await database.value(
        "SELECT id FROM external_integrations WHERE tenant_id = $1 AND provider = 'whatsapp_cloud'", desk.tenant.id
    )
    await database.fetch(MOVE, desk.tenant.id, connection, orjson.dumps({"base_url": nobody}).decode())
    key = await desk.write("One")
    await desk.until_waits(1)
    await database.fetch(MOVE, desk.tenant.id, connection, orjson.dumps({"base_url": desk.provider.url}).decode())
    await desk.hurry()
    await desk.until(key, "sent")
    assert len(desk.provider.sent) == 1


async def test_a_provider_that_hangs_holds_up_nobody_else(make_desk: MakeDesk) -> None:
    stuck, well = await make_desk("stuck"), await make_desk("well")
    stuck.provider.always = stuck.provider.hangs
    for number in range(3):
        await stuck.write(f"Stuck {number}")
    keys = [await well.write(f"Well {number}") for number in range(5)]
    for key in keys:
        await well.until(key, "sent")
    assert len(stuck.provider.sent) == 1  # and what waits behind it in its conversation waits
    stuck.provider.released.set()


async def test_a_login_that_is_refused_shows_at_the_connection_until_it_works(desk: Desk) -> None:
    status_of = "SELECT status, error_message FROM external_integrations WHERE tenant_id = $1 AND provider = $2"
    desk.provider.plan = [refuses(401, 190)]
    key = await desk.write("One")
    message = await desk.until(key, "failed")
    [row] = await desk.database.fetch(status_of, desk.tenant.id, "whatsapp_cloud")
    assert tuple(row) == ("error", message["error"]["message"])
    await desk.post(f"/api/v1/messages/{key}/retry", {}, 200)
    await desk.until(key, "sent")
    [row] = await desk.database.fetch(status_of, desk.tenant.id, "whatsapp_cloud")
    assert tuple(row) == ("active", None)


async def test_what_is_told_of_the_first_sending_does_not_count_for_the_second(desk: Desk) -> None:
    key = await desk.write("One")
    first = (await desk.until(key, "sent"))["external_id"]
    await desk.told(first, "failed")
    assert (await desk.message(key))["status"] == "failed"
    again = await desk.post(f"/api/v1/messages/{key}/retry", {}, 200)
    assert (again["status"], again["external_id"], again["error"]) == ("queued", None, None)
    second = (await desk.until(key, "sent"))["external_id"]
    assert second != first
    await desk.told(first, "read", 1767225900)
    assert (await desk.message(key))["status"] == "sent"
    await desk.told(second, "delivered", 1767225950)
    assert (await desk.message(key))["status"] == "delivered"


async def test_an_echo_that_was_here_first_becomes_the_message_itself(desk: Desk) -> None:
    desk.provider.plan = [desk.provider.hangs]
    key = await desk.write("One")
    await desk.until_sent(1)
    connection = desk.tenant.integration("whatsapp_cloud")
    echo = {
        "from": "12025550110", "to": "12025550142", "id": external_id(desk.provider.sent[0]),
        "timestamp": "1767225700", "type": "text", "text": {"body": "One"},
    }  # fmt: skip
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": connection["channels"][0]["address"], "display_phone_number": "12025550110"},
        "message_echoes": [echo],
    }
    post = whatsapp(connection, changes=[{"field": "smb_message_echoes", "value": value}])
    assert await post.send(desk.client) == 200
    desk.provider.released.set()
    message = await desk.until(key, "sent")
    assert message["external_id"] == external_id(desk.provider.sent[0])
    shown = await desk.database.fetch(
        "SELECT id FROM messages WHERE direction = 'outbound' AND deleted_at IS NULL AND tenant_id = $1", desk.tenant.id
    )
    assert [f"msg_{row['id'].hex}" for row in shown] == [key]
    assert ("message.deleted", "sent") in await desk.events()


async def test_the_window_is_looked_at_again_when_it_is_sent(desk: Desk) -> None:
    desk.provider.plan = [refuses(400, 130429)]
    key = await desk.write("One")
    await desk.until_waits(1)
    await desk.database.script(f"UPDATE conversations SET window_expires_at = now(); {HURRY}")
    message = await desk.until(key, "failed")
    assert message["error"] == {
        "code": "window_closed",
        "message": "WhatsApp's 24-hour window is closed. Send a template instead.",
        "retryable": False,
    }
    assert len(desk.provider.sent) == 1


async def test_another_process_sends_what_this_one_queues(desk: Desk, settings: Settings) -> None:
    """Two processes share the work, and none of it is done twice."""
    async with run_gateway(settings):
        keys = [await desk.write(f"Word {number}") for number in range(12)]
        for key in keys:
            await desk.until(key, "sent")
    assert desk.provider.texts == [f"Word {number}" for number in range(12)]
