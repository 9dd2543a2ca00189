"""Webhooks over real sockets into a real database: what is accepted, refused, kept, and counted."""

import asyncio
import hashlib
import hmac
from itertools import permutations
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from gateway.running import Running
from tests.conftest import Database, MakeTenant, Tenant
from tests.ingest.posts import change, postmark, postmark_raw, status, text, twilio, unique, whatsapp, whatsapp_raw
from tests.ingest.reading import events, get, messages, until, webhooks
from tests.ledger import raw_webhooks


async def test_a_signed_webhook_becomes_a_message(client: ClientSession, tenant: Tenant) -> None:
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text("wamid.A", "Good morning")])
    assert await post.send(client) == 200
    [conversation] = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert conversation["customer"]["name"] == "Dana Reyes"
    assert conversation["unread_count"] == 1
    assert conversation["last_message"]["preview"] == "Good morning"
    [message] = await messages(client, tenant)
    assert (message["external_id"], message["text"], message["status"]) == ("wamid.A", "Good morning", "received")
    assert [e["type"] for e in await events(client, tenant)] == [
        "customer.created",
        "conversation.created",
        "message.created",
    ]


async def test_each_provider_is_stored(client: ClientSession, tenant: Tenant) -> None:
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())]).send(client) == 200
    assert await twilio(tenant.integration("twilio")).send(client) == 200
    assert await postmark(tenant.integration("postmark")).send(client) == 200
    found = await until(lambda: messages(client, tenant), lambda m: len(m) == 3)
    assert sorted(m["channel"] for m in found) == ["email", "sms", "whatsapp"]


async def test_what_the_log_says_of_a_new_message_is_what_the_api_shows(client: ClientSession, tenant: Tenant) -> None:
    image = {**text(unique()), "type": "image", "image": {"id": "9001", "mime_type": "image/jpeg", "caption": "A\t b"}}
    place = {**text(unique()), "type": "location", "location": {"latitude": 1.5, "longitude": -2, "name": "Quay"}}
    answer = {**text("wamid.Q2"), "context": {"from": "12025550100", "id": "wamid.Q1"}}
    hook = tenant.integration("whatsapp_cloud")
    await whatsapp(hook, statuses=[status("wamid.Q2", "read")]).send(client)
    await whatsapp(hook, [text("wamid.Q1"), image, place, answer]).send(client)
    await postmark(tenant.integration("postmark"), html_body="<p>Hi <b>there</b></p>").send(client)
    shown = {m["id"]: m for m in await until(lambda: messages(client, tenant), lambda m: len(m) == 5)}
    told = [e["data"] for e in await events(client, tenant) if e["type"] == "message.created"]
    assert len(told) == 5
    for message in told:
        conversation = message.pop("conversation")
        assert message == shown[message["id"]]
        assert conversation["id"] == message["conversation_id"]


async def test_the_same_webhook_fifty_times_at_once_is_one_message(client: ClientSession, tenant: Tenant) -> None:
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text("wamid.Same")])
    answers = await asyncio.gather(*(post.send(client) for _ in range(50)))
    assert answers == [200] * 50
    assert len(await messages(client, tenant)) == 1
    counts = [w["counts"] for w in await webhooks(client, tenant)]
    assert sum(c["received"] for c in counts) == 50
    assert sum(c["stored"] for c in counts) == 1
    assert sum(c["duplicate"] for c in counts) == 49


@pytest.mark.parametrize("header", [None, "sha256=" + "0" * 64, "sha256=zz", "sha1=abc", "sha256=é", ""])
async def test_a_wrong_signature_is_refused_and_leaves_nothing(
    client: ClientSession, tenant: Tenant, database: Database, header: str | None
) -> None:
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
    headers = {"Content-Type": "application/json"}
    if header is not None:
        headers["X-Hub-Signature-256"] = header
    async with client.post(post.path, data=post.body, headers=headers) as answer:
        assert answer.status == 401
        assert answer.content_type == "application/problem+json"
        problem = await answer.json()
        assert problem["code"] == "signature_invalid"
        assert post.headers["X-Hub-Signature-256"][7:] not in await answer.text()
    assert await database.value("SELECT count(*) FROM inbound_webhooks") == 0


async def test_a_changed_body_is_refused(client: ClientSession, tenant: Tenant) -> None:
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique(), "Send 10")])
    assert await post.with_body(post.body.replace(b"Send 10", b"Send 99")).send(client) == 401
    sms = twilio(tenant.integration("twilio"))
    assert await sms.with_body(sms.body + b"&Extra=1").send(client) == 401


async def test_another_tenants_connection_refuses_ours(
    client: ClientSession, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    other = await make_tenant("other")
    ours = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
    assert await ours.to(other.integration("whatsapp_cloud")["hook_url"]).send(client) == 401
    assert await messages(client, tenant) == []
    assert await messages(client, other) == []


@pytest.mark.parametrize("hook", ["int_" + "0" * 32, "int_x", "whk_" + "0" * 32, "apps/app_" + "0" * 32, "%00"])
async def test_an_unknown_url_is_404(client: ClientSession, tenant: Tenant, hook: str) -> None:
    async with client.post(f"/hooks/{hook}", data=b"{}") as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"


async def test_too_large_a_body_is_413_whether_announced_or_not(client: ClientSession, tenant: Tenant) -> None:
    async def chunks() -> object:
        for _ in range(5):
            yield b"x" * 1024 * 1024

    path = whatsapp(tenant.integration("whatsapp_cloud")).path
    async with client.post(path, data=b"x" * (4 * 1024 * 1024 + 1)) as answer:
        assert answer.status == 413
    async with client.post(path, data=chunks()) as answer:
        assert answer.status == 413


async def test_bodies_that_never_come_take_no_room(client: ClientSession, gateway: Running, tenant: Tenant) -> None:
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
    address = urlsplit(gateway.url)
    sockets = [await asyncio.open_connection(address.hostname, address.port) for _ in range(40)]
    for place, (_, writer) in enumerate(sockets):
        size = "Transfer-Encoding: chunked" if place % 2 else f"Content-Length: {4 * 1024 * 1024}"
        writer.write(f"POST {post.path} HTTP/1.1\r\nHost: gateway.test\r\n{size}\r\n\r\n".encode())
        await writer.drain()
    assert await post.send(client) == 200
    for _, writer in sockets:
        writer.close()


async def test_genuine_bytes_that_nobody_can_read_are_kept_and_can_be_replayed(
    client: ClientSession, tenant: Tenant
) -> None:
    assert await whatsapp_raw(tenant.integration("whatsapp_cloud"), b'{"object": nonsense').send(client) == 200
    assert await postmark_raw(tenant.integration("postmark"), b"\xff\xfe").send(client) == 200
    found = await until(
        lambda: webhooks(client, tenant), lambda w: [x["state"] for x in w] == ["quarantined", "quarantined"]
    )
    whole = await get(client, tenant, f"/api/v1/webhooks/{found[-1]['id']}")
    assert whole["body_base64"] == "eyJvYmplY3QiOiBub25zZW5zZQ=="
    async with client.post(f"/api/v1/webhooks/{found[-1]['id']}/replay", headers=tenant.auth) as answer:
        assert answer.status == 200
        assert (await answer.json())["state"] == "quarantined"


async def test_what_an_unknown_address_held_back_is_stored_after_a_replay(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    hook = tenant.integration("whatsapp_cloud")
    known, unknown = change("106000000000001", [text("wamid.K")]), change("777", [text("wamid.U")])
    assert await whatsapp(hook, changes=[known, unknown]).send(client) == 200
    assert [m["external_id"] for m in await messages(client, tenant)] == ["wamid.K"]
    [webhook] = await webhooks(client, tenant)
    assert webhook["state"] == "partial"
    assert webhook["counts"] == {"received": 2, "stored": 1, "duplicate": 0, "ignored": 0, "quarantined": 1}

    await database.fetch("UPDATE channels SET address = '777' WHERE kind = 'whatsapp' AND provider = 'whatsapp_cloud'")
    async with client.post(f"/api/v1/webhooks/{webhook['id']}/replay", headers=tenant.auth) as answer:
        replayed = await answer.json()
    assert sorted(m["external_id"] for m in await messages(client, tenant)) == ["wamid.K", "wamid.U"]
    assert replayed["counts"]["stored"] == 2


async def test_one_bad_item_does_not_take_its_neighbours_with_it(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    post = whatsapp(hook, changes=[change(hook["channels"][0]["address"], [text("wamid.G1")])])
    body = post.body.replace(b'"messages":[', b'"messages":[{"type":"text"},"nonsense",null,')
    assert await whatsapp_raw(hook, body).send(client) == 200
    assert [m["external_id"] for m in await messages(client, tenant)] == ["wamid.G1"]
    [webhook] = await webhooks(client, tenant)
    counts = webhook["counts"]
    assert counts["stored"] == 1
    assert counts["quarantined"] == 3
    assert counts["received"] == counts["stored"] + counts["duplicate"] + counts["ignored"] + counts["quarantined"]


@pytest.mark.parametrize("nul", ["A\0B", "\0"])
async def test_text_that_postgres_refuses_is_stored_without_it(client: ClientSession, tenant: Tenant, nul: str) -> None:
    hook = tenant.integration("whatsapp_cloud")
    assert await whatsapp(hook, [text(unique(), nul)]).send(client) == 200
    [message] = await messages(client, tenant)
    assert message["text"] == nul.replace("\0", "")


async def test_statuses_in_every_order_around_their_message_end_the_same(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    ends = []
    for number, order in enumerate(permutations(["message", "sent", "delivered", "read"])):
        external_id = f"wamid.P{number}"
        for step in order:
            if step == "message":
                post = whatsapp(hook, [text(external_id)])
            else:
                post = whatsapp(hook, statuses=[status(external_id, step, 1767225700 + len(step))])
            assert await post.send(client) == 200
            assert await post.send(client) == 200  # and each of them twice
    for message in await messages(client, tenant):
        ends.append((message["status"], sorted(message["status_at"].items())))
    assert len(ends) == 24
    assert len({repr(end) for end in ends}) == 1
    assert ends[0][0] == "read"
    assert [word for word, _ in ends[0][1]] == ["delivered", "read", "sent"]


async def test_a_status_and_its_message_at_the_same_moment_always_meet(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    posts = []
    for number in range(40):
        posts.append(whatsapp(hook, [text(f"wamid.R{number}")]))
        posts.append(whatsapp(hook, statuses=[status(f"wamid.R{number}", "delivered")]))
    assert set(await asyncio.gather(*(p.send(client) for p in posts))) == {200}
    found = await messages(client, tenant)
    assert len(found) == 40
    assert {m["status"] for m in found} == {"delivered"}


async def test_a_shared_app_gives_each_tenant_its_own_part_only(
    client: ClientSession, make_tenant: MakeTenant, database: Database, master_key: str, shared_app: object
) -> None:
    one, two = await make_tenant("one"), await make_tenant("two")
    path, secret = await shared_app({"300001": one, "300002": two})  # type: ignore[operator]  # a fixture's function
    post = whatsapp(
        {**one.integration("whatsapp_cloud"), "credentials": {"app_secret": secret}},
        changes=[
            change("300001", [text("wamid.One", "for one")]),
            change("300002", [text("wamid.Two", "for two")]),
            change("300003", [text("wamid.Three", "for nobody")]),
        ],
    )
    digest = hmac.new(secret.encode(), post.body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
    async with client.post(path, data=post.body, headers=headers) as answer:
        assert answer.status == 200
    assert [m["text"] for m in await messages(client, one)] == ["for one"]
    assert [m["text"] for m in await messages(client, two)] == ["for two"]
    for tenant, own in ((one, b"for one"), (two, b"for two")):
        [raw] = [one for one in await raw_webhooks(database, master_key) if one.tenant_id == tenant.id]
        assert own in raw.body
        assert b"for nobody" not in raw.body
        assert (b"for two" if own == b"for one" else b"for one") not in raw.body
    assert b"for nobody" in await database.value("SELECT body FROM unrouted_webhooks")
    wrong = {**headers, "X-Hub-Signature-256": "sha256=" + "0" * 64}
    async with client.post(path, data=post.body, headers=wrong) as answer:
        assert answer.status == 401


async def test_a_handshake_is_answered_with_its_challenge(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    path = whatsapp(hook).path
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "wrong"}
    async with client.get(path, params=query) as answer:
        assert answer.status == 403
    query["hub.verify_token"] = hook["credentials"]["verify_token"]
    async with client.get(path, params=query) as answer:
        assert (answer.status, await answer.text()) == (200, "1158201444")
    query["hub.challenge"] = "<script>alert(document.domain)</script>"  # a tenant's owner may send anybody there
    async with client.get(path, params=query) as answer:
        assert answer.content_type == "text/plain"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "Server" not in answer.headers


async def test_twilio_gets_twiml(client: ClientSession, tenant: Tenant) -> None:
    post = twilio(tenant.integration("twilio"))
    async with client.post(post.path, data=post.body, headers=post.headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/xml"
        assert b"<Response/>" in await answer.read()


async def test_report_only_accepts_a_wrong_signature_and_flags_it(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    await database.fetch("UPDATE external_integrations SET report_only = true WHERE tenant_id = $1", tenant.id)
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text("wamid.RO")])
    unsigned = {"Content-Type": "application/json"}
    async with client.post(post.path, data=post.body, headers=unsigned) as answer:
        assert answer.status == 200
    [message] = await messages(client, tenant)
    assert message["extra"]["unverified"] is True
    [webhook] = await webhooks(client, tenant)
    assert webhook["report_only"] is True


async def test_mails_of_one_thread_meet_in_one_conversation_in_any_order(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("postmark")
    answer = postmark(
        hook, message_id="b@x.test", headers=[("In-Reply-To", "<a@x.test>"), ("References", "<a@x.test>")]
    )
    third = postmark(hook, message_id="c@x.test", headers=[("References", "<a@x.test> <b@x.test>")])
    assert await answer.send(client) == 200
    assert await third.send(client) == 200
    assert await postmark(hook, message_id="a@x.test").send(client) == 200
    await until(lambda: messages(client, tenant), lambda m: len(m) == 3)
    assert len((await get(client, tenant, "/api/v1/conversations"))["data"]) == 1


async def test_a_stranger_who_names_a_threads_id_does_not_get_into_it(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("postmark")
    assert await postmark(hook, message_id="s1@x.test").send(client) == 200
    await until(lambda: messages(client, tenant), lambda m: len(m) == 1)
    stranger = postmark(
        hook, message_id="s2@y.test", sender="mallory@example.net", headers=[("In-Reply-To", "<s1@x.test>")]
    )
    assert await stranger.send(client) == 200
    await until(lambda: messages(client, tenant), lambda m: len(m) == 2)
    assert len((await get(client, tenant, "/api/v1/conversations"))["data"]) == 2


async def test_a_number_is_one_customer_on_sms_and_whatsapp(client: ClientSession, tenant: Tenant) -> None:
    await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique(), sender="12025550177")]).send(client)
    await twilio(tenant.integration("twilio"), From="+12025550177").send(client)
    conversations = (await get(client, tenant, "/api/v1/conversations"))["data"]
    assert len(conversations) == 2
    assert len({c["customer"]["id"] for c in conversations}) == 1


async def test_the_log_has_no_holes_under_parallel_posts(client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    posts = [whatsapp(hook, [text(unique(), sender=f"1202555{n % 20:04d}")]) for n in range(200)]
    assert set(await asyncio.gather(*(p.send(client) for p in posts))) == {200}
    found = await events(client, tenant)
    assert [e["seq"] for e in found] == list(range(1, len(found) + 1))
    assert sum(e["type"] == "message.created" for e in found) == 200


async def test_a_post_of_very_many_items_is_stored_whole_and_counted(
    client: ClientSession, tenant: Tenant, database: Database
) -> None:
    integration = tenant.integration("whatsapp_cloud")
    many = [text(f"wamid.M{n}", f"number {n}", sender=f"1202{n:07d}") for n in range(600)]
    news = [status(f"wamid.M{n}", "delivered") for n in range(100)]
    assert await whatsapp(integration, many[:50]).send(client) == 200
    assert await whatsapp(integration, many, news).send(client) == 200
    assert await database.value("SELECT count(*) FROM messages") == 600
    assert await database.value("SELECT count(*) FROM messages WHERE status = 'delivered'") == 100
    [first, second] = await database.fetch("SELECT * FROM inbound_webhooks ORDER BY received_at")
    assert (first["received"], first["stored"], first["duplicate"]) == (50, 50, 0)
    assert (second["received"], second["stored"], second["duplicate"]) == (700, 650, 50)
    log = await database.fetch("SELECT seq FROM events ORDER BY seq")
    assert [row["seq"] for row in log] == list(range(1, len(log) + 1))


@pytest.mark.parametrize(
    "spoiled",
    [
        {"from": "9" * 10_000},
        {"id": "\u4f60" * 900},
        {"id": "\0"},
        {"from": "\0"},
        {"context": {"id": "x" * 10_000}},
    ],
    ids=["a long sender", "a long id", "an empty id", "an empty sender", "a long reference"],
)
async def test_an_item_that_no_index_can_hold_costs_no_neighbour(
    client: ClientSession, tenant: Tenant, database: Database, spoiled: dict[str, object]
) -> None:
    good, bad = [text(unique()), text(unique())], {**text(unique()), **spoiled}
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [good[0], bad, good[1]]).send(client) == 200
    stored = {message["external_id"] for message in await messages(client, tenant)}
    assert {good[0]["id"], good[1]["id"]} <= stored
    [webhook] = await database.fetch("SELECT * FROM inbound_webhooks")
    assert (webhook["received"], webhook["stored"] + webhook["quarantined"]) == (3, 3)
    assert webhook["error_code"] is None


async def test_the_earlier_time_of_the_same_news_counts_in_any_order(client: ClientSession, tenant: Tenant) -> None:
    integration = tenant.integration("whatsapp_cloud")
    for order in permutations((1767225720, 1767225710, 1767225730)):
        wamid = unique()
        for moment in order:
            assert await whatsapp(integration, statuses=[status(wamid, "delivered", moment)]).send(client) == 200
        assert await whatsapp(integration, [text(wamid)]).send(client) == 200
        [message] = [m for m in await messages(client, tenant) if m["external_id"] == wamid]
        assert message["status_at"] == {"delivered": "2026-01-01T00:01:50.000Z"}
