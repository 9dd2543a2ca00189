"""The websocket on a real socket and a real database."""

import asyncio
import random
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from gateway.access import token_hash
from gateway.live.limits import Limits
from gateway.live.logins import recheck
from gateway.store import sessions
from gateway.store.pool import tenant_tx
from tests.conftest import Database, MakeTenant, Tenant
from tests.live.clients import Reader
from tests.live.serving import Serve, Served

CONVERSATION = "cnv_0198c0de00007000800000000000000a"


async def test_a_client_is_greeted_with_the_head_of_the_log(served: Served, tenant: Tenant, database: Database) -> None:
    await served.commit(tenant, 3)
    reader = await served.reader(tenant)
    epoch = await database.value("SELECT epoch::text FROM tenant_heads WHERE tenant_id = $1", tenant.id)
    assert (reader.hello["seq"], reader.hello["epoch"]) == (3, epoch)
    assert reader.hello["session"].startswith("ses_")
    await served.announce(tenant)
    assert await reader.until_seq(4) == [4]


async def test_an_event_looks_the_same_live_and_pulled(served: Served, tenant: Tenant) -> None:
    reader = await served.reader(tenant)
    await served.announce(tenant, data='{"text" : "Grüße ✓"}')
    live = (await reader.until("event"))["event"]
    async with served.client.get("/api/v1/events", headers=tenant.auth) as answer:
        assert (await answer.json())["data"] == [live]


async def test_a_client_resumes_after_its_position(served: Served, tenant: Tenant) -> None:
    await served.announce(tenant, 1200)
    reader = await served.reader(tenant, 7)
    assert await reader.until_seq(1200) == list(range(8, 1201))


async def test_nothing_is_lost_or_doubled_over_reconnects_while_others_write(served: Served, tenant: Tenant) -> None:
    chance = random.Random(20260101)
    writers = [asyncio.create_task(write(served, tenant, 40, random.Random(n))) for n in range(3)]
    readers = [
        asyncio.create_task(read_with_cuts(served, tenant, 120, random.Random(chance.random()))) for _ in range(6)
    ]
    await asyncio.gather(*writers)
    for seqs in await asyncio.gather(*readers):
        assert seqs == list(range(1, 121))


async def write(served: Served, tenant: Tenant, count: int, chance: random.Random) -> None:
    """Commit one by one; one in five is never announced, some are announced late."""
    late = []
    for _ in range(count):
        entries = await served.commit(tenant)
        match chance.randrange(5):
            case 0:
                continue
            case 1:
                late.append(entries)
            case _:
                served.live.announce(entries)
    for entries in late:
        served.live.announce(entries)


async def read_with_cuts(served: Served, tenant: Tenant, last: int, chance: random.Random) -> list[int]:
    """Read the whole log over connections that are cut again and again."""
    seqs: list[int] = []
    while not seqs or seqs[-1] < last:
        reader = await served.reader(tenant, seqs[-1] if seqs else 0)
        await reader.until_seq(min(last, (seqs[-1] if seqs else 0) + chance.randint(1, 40)))
        seqs += reader.seqs
        await reader.websocket.close()
    return seqs


async def test_a_missed_echo_is_healed_by_the_next_one(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(poll_seconds=600))
    reader = await served.reader(tenant)
    await served.commit(tenant)
    await served.announce(tenant)
    assert await reader.until_seq(2) == [1, 2]


async def test_a_missed_echo_is_healed_by_the_poll(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(poll_seconds=0.05))
    reader = await served.reader(tenant)
    await served.commit(tenant)
    assert await reader.until_seq(1) == [1]


async def test_another_tenants_log_is_never_seen(served: Served, tenant: Tenant, make_tenant: MakeTenant) -> None:
    other = await make_tenant("other")
    reader, stranger = await served.reader(tenant, 0), await served.reader(other, 0)
    await served.announce(other, 2, '{"secret" : 1}')
    await served.announce(tenant, 1)
    assert await reader.until_seq(1) == [1]
    assert await stranger.until_seq(2) == [1, 2]


async def test_a_position_of_another_log_is_refused(served: Served, tenant: Tenant) -> None:
    await served.commit(tenant, 3)
    reader = Reader(await served.open(tenant))
    await reader.resume(2, "0198c0de-0000-7000-8000-0000000000ee")
    assert await reader.next() == {"type": "resync", "reason": "epoch"}
    await reader.resume(99)
    assert await reader.next() == {"type": "resync", "reason": "epoch"}


async def test_a_position_before_the_floor_is_refused(served: Served, tenant: Tenant, database: Database) -> None:
    await served.commit(tenant, 5)
    await cut_off(database, tenant, 3)
    reader = Reader(await served.open(tenant))
    await reader.resume(2)
    assert await reader.next() == {"type": "resync", "reason": "retention"}
    await reader.resume(3)
    assert await reader.until_seq(5) == [4, 5]


async def cut_off(database: Database, tenant: Tenant, floor: int) -> None:
    """Do what retention does."""
    await database.fetch("DELETE FROM events WHERE tenant_id = $1 AND seq <= $2", tenant.id, floor)
    await database.fetch("UPDATE tenant_heads SET floor_seq = $2 WHERE tenant_id = $1", tenant.id, floor)


async def test_a_client_too_far_behind_is_asked_to_load_afresh(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(replay_entries=10))
    await served.commit(tenant, 11)
    reader = Reader(await served.open(tenant))
    await reader.resume(0)
    assert await reader.next() == {"type": "resync", "reason": "behind"}
    await reader.resume(1)
    assert await reader.until_seq(11) == list(range(2, 12))


async def test_a_replaced_log_is_told_to_those_who_watch(serve: Serve, tenant: Tenant, database: Database) -> None:
    served = await serve(Limits(poll_seconds=0.05))
    reader = await served.reader(tenant)
    await database.fetch("UPDATE tenant_heads SET epoch = gen_random_uuid() WHERE tenant_id = $1", tenant.id)
    assert await reader.until("resync") == {"type": "resync", "reason": "epoch"}


async def test_a_slow_reader_is_hung_up_and_the_others_do_not_wait(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(unsent_bytes=64 * 1024, slow_seconds=1, close_seconds=20))
    slow, quick = await served.reader(tenant), await served.reader(tenant)
    [stalled] = [session for session in served.live.hub.sessions if session.id == slow.hello["session"]]
    transport_of(slow).pause_reading()
    big = '"' + "x" * 60_000 + '"'
    for last in range(25, 201, 25):
        await served.announce(tenant, 25, big)
        assert (await quick.until_seq(last))[-25:] == list(range(last - 24, last + 1))
    async with asyncio.timeout(10):
        while not stalled.closing:
            await asyncio.sleep(0.02)
    transport_of(slow).resume_reading()
    with pytest.raises(AssertionError, match="closed: 1013"):
        await slow.until_seq(200)
    assert slow.seqs == list(range(1, len(slow.seqs) + 1))
    again = await served.reader(tenant, slow.seqs[-1])
    assert (slow.seqs + await again.until_seq(200)) == list(range(1, 201))


def transport_of(reader: Reader) -> asyncio.Transport:
    """Return the client's own end: only there can it be kept from reading."""
    connection = reader.websocket._response.connection
    assert connection is not None
    assert connection.transport is not None
    return connection.transport


async def test_a_page_of_another_site_gets_no_socket(served: Served, tenant: Tenant) -> None:
    cookie = {"Cookie": f"postgate_session={await served.log_in(tenant)}"}
    for headers in ({**cookie, "Origin": "https://evil.test"}, cookie, {**cookie, "Origin": "null"}):
        with pytest.raises(WSServerHandshakeError) as refused:
            await served.client.ws_connect("/api/v1/stream", headers=headers)
        assert refused.value.status == 403


async def test_a_socket_needs_the_version_of_http_that_has_them(served: Served, tenant: Tenant) -> None:
    head = (
        "GET /api/v1/stream HTTP/1.0", "Host: gateway.test", f"Authorization: {tenant.auth['Authorization']}",
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )  # fmt: skip
    async with served.client.get("/api/v1/stream") as answer:
        reader, writer = await asyncio.open_connection(answer.url.host, answer.url.port)
    writer.write("\r\n".join((*head, "", "")).encode())
    assert b" 400 " in await asyncio.wait_for(reader.readline(), 20)
    writer.close()


async def test_nobody_gets_in_without_a_login(served: Served) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await served.client.ws_connect("/api/v1/stream")
    assert refused.value.status == 401


async def test_an_api_key_needs_no_origin_and_no_origin_harms_it(served: Served, tenant: Tenant) -> None:
    headers = {**tenant.auth, "Origin": "https://integrator.example.org"}
    reader = Reader(await served.client.ws_connect("/api/v1/stream", headers=headers))
    await reader.resume()
    assert reader.hello["seq"] == 0


async def test_a_plain_request_is_told_what_this_address_speaks(served: Served, tenant: Tenant) -> None:
    async with served.client.get("/api/v1/stream", headers=tenant.auth) as answer:
        assert (answer.status, answer.content_type) == (400, "application/problem+json")


async def test_a_logout_closes_the_sockets_of_that_login(served: Served, tenant: Tenant) -> None:
    ending, staying = await served.log_in(tenant), await served.log_in(tenant)
    first, second = Reader(await served.open_as_browser(ending)), Reader(await served.open_as_browser(staying))
    await first.resume()
    await second.resume()
    served.live.end_login(token_hash(ending))
    assert await first.closed() == 1008
    await served.announce(tenant)
    assert await second.until_seq(1) == [1]


async def test_a_login_that_ended_elsewhere_is_found_out(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(recheck_seconds=0.05))
    cookie = await served.log_in(tenant)
    reader = Reader(await served.open_as_browser(cookie))
    await reader.resume()
    async with tenant_tx(served.pool, tenant.id) as tx:
        await sessions.end(tx, token_hash(cookie))
    assert await reader.closed() == 1008


async def test_a_revoked_api_key_loses_its_sockets(served: Served, tenant: Tenant, database: Database) -> None:
    reader = await served.reader(tenant)
    await recheck(served.live.hub)
    await served.announce(tenant)
    assert await reader.until_seq(1) == [1]
    await database.fetch("UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1", tenant.id)
    await recheck(served.live.hub)
    assert await reader.closed() == 1008


async def test_a_malformed_frame_is_answered_and_the_socket_stays(served: Served, tenant: Tenant) -> None:
    reader = await served.reader(tenant)
    for text in ("{", '{"type":"dance"}'):
        await reader.websocket.send_str(text)
        problem = (await reader.until("error"))["problem"]
        assert problem["status"] == 400
        assert problem["detail"]
    await reader.websocket.send_bytes(b"\x00")
    await reader.until("error")
    await reader.websocket.send_json({"type": "ping"})
    assert await reader.next() == {"type": "pong"}


async def test_too_many_malformed_frames_end_the_socket(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(malformed_frames=3))
    reader = await served.reader(tenant)
    for _ in range(3):
        await reader.websocket.send_str("nonsense")
    assert await reader.closed() == 1002


async def test_a_frame_that_is_too_big_ends_the_socket(served: Served, tenant: Tenant) -> None:
    reader = await served.reader(tenant)
    await reader.websocket.send_str('{"type":"ping","more":"' + "x" * 65_536 + '"}')
    assert await reader.closed() == 1009


async def test_a_client_that_says_nothing_is_hung_up(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(first_frame_seconds=0.1))
    silent = Reader(await served.open(tenant))
    assert await silent.closed() == 1002


async def test_a_client_that_only_pings_is_hung_up(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(first_frame_seconds=0.1))
    reader = Reader(await served.open(tenant))
    await reader.websocket.send_json({"type": "ping"})
    assert await reader.closed() == 1002


async def test_a_chatterbox_is_read_slowly(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(client_frames=5))
    reader = await served.reader(tenant)
    started = asyncio.get_running_loop().time()
    for _ in range(15):
        await reader.websocket.send_json({"type": "ping"})
    for _ in range(15):
        await reader.until("pong")
    assert asyncio.get_running_loop().time() - started > 1


async def test_a_client_that_does_not_answer_pings_is_hung_up(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(heartbeat_seconds=0.2))
    websocket = await served.client.ws_connect("/api/v1/stream", headers=tenant.auth, autoping=False)
    await websocket.send_json({"type": "resume"})
    assert (await websocket.receive()).type is WSMsgType.TEXT
    assert (await websocket.receive()).type is WSMsgType.PING
    async with asyncio.timeout(5):
        while served.live.hub.watched:
            await asyncio.sleep(0.02)


async def test_events_pings_and_answers_share_a_socket_unharmed(serve: Serve, tenant: Tenant) -> None:
    served = await serve(Limits(heartbeat_seconds=0.5, client_frames=1000))
    reader = await served.reader(tenant)
    reading = asyncio.create_task(reader.until_seq(28))
    for size in (10, 120, 200, 20_000, 33_000, 70_000, 10):
        await served.announce(tenant, 4, '"' + "é" * size + '"')
        await reader.websocket.send_json({"type": "ping"})
        await reader.websocket.ping()
    assert await reading == list(range(1, 29))


async def test_a_stop_sends_everybody_elsewhere(serve: Serve, tenant: Tenant) -> None:
    served = await serve()
    readers = [await served.reader(tenant) for _ in range(5)]
    await served.announce(tenant)
    await asyncio.gather(served.live.stop(), *(expect_restart(reader) for reader in readers))


async def expect_restart(reader: Reader) -> None:
    assert await reader.closed() == 1012
    assert reader.seqs == []


async def test_a_full_house_takes_no_more(serve: Serve, tenant: Tenant) -> None:
    served = await serve(replace(Limits(), sessions_per_tenant=1))
    first = await served.reader(tenant)
    assert await Reader(await served.open(tenant)).closed() == 1013
    await served.announce(tenant)
    assert await first.until_seq(1) == [1]


async def test_typing_is_passed_on_inside_the_tenant_only(
    served: Served, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    writer, colleague = await served.reader(tenant), await served.reader(tenant)
    stranger = await served.reader(await make_tenant("other"))
    await writer.websocket.send_json({"type": "typing", "conversation_id": CONVERSATION})
    told = await colleague.next()
    assert (told["type"], told["conversation_id"], told["session"]) == ("typing", CONVERSATION, writer.hello["session"])
    await stranger.websocket.send_json({"type": "ping"})
    assert await stranger.next() == {"type": "pong"}


async def test_viewers_of_a_conversation_know_of_each_other(served: Served, tenant: Tenant) -> None:
    first, second = await served.reader(tenant), await served.reader(tenant)
    await first.websocket.send_json({"type": "subscribe", "conversation_id": CONVERSATION})
    assert names(await first.until("presence")) == {first.hello["session"]}
    await second.websocket.send_json({"type": "subscribe", "conversation_id": CONVERSATION})
    both = {first.hello["session"], second.hello["session"]}
    assert names(await first.until("presence")) == names(await second.until("presence")) == both
    await second.websocket.close()
    assert names(await first.until("presence")) == {first.hello["session"]}
    await first.websocket.send_json({"type": "presence"})
    assert names(await first.until("presence")) == {first.hello["session"]}


def names(frame: dict[str, list[dict[str, str]]]) -> set[str]:
    """Return the sessions in a presence frame."""
    return {viewer["session"] for viewer in frame["viewers"]}
