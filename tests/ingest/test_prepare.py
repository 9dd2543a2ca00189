"""What a provider is asked before a webhook is judged and after it is stored, and how a forged one is answered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from aiohttp import ClientSession
from yarl import URL

from channels.errors import SignatureInvalid
from channels.http import HttpRequest
from channels.operations import Dialogue, Operations
from channels.outbound import Refused
from gateway.ingest.receive import Receiver
from gateway.settings import Settings
from gateway.store.pool import DatabaseUnavailable
from tests.conftest import Database, Tenant
from tests.ingest.posts import postmark, postmark_raw, text, unique, whatsapp
from tests.ingest.providers import Asked, asked_server, install
from tests.ingest.reading import messages, webhooks


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"allow_private": (ip_network("127.0.0.0/8"),)})


@pytest.fixture
async def asked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asked]:
    """A provider that has to be asked for the right credentials first, and waits for a confirmation after."""
    async with asked_server() as server:

        def prepare(_request: HttpRequest, credentials: object) -> Dialogue[object]:
            answer = yield HttpRequest("GET", f"{server.url}/certificate")
            return credentials if answer.status == 200 else Refused("no_certificate", "Not there.", retryable=True)

        install(monkeypatch, "whatsapp_cloud", operations=Operations(prepare=prepare))
        yield server


async def test_what_judging_takes_is_fetched_once(asked: Asked, client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    assert [await whatsapp(hook, [text(unique())]).send(client) for _ in range(3)] == [200, 200, 200]
    assert asked.paths == ["/certificate"]
    assert len(await messages(client, tenant)) == 3


async def test_many_at_once_fetch_it_once(asked: Asked, client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("whatsapp_cloud")
    asked.hold = asyncio.Event()
    posts = [asyncio.create_task(whatsapp(hook, [text(unique())]).send(client)) for _ in range(8)]
    while not asked.paths:
        await asyncio.sleep(0)
    asked.hold.set()
    assert await asyncio.gather(*posts) == [200] * 8
    assert asked.paths == ["/certificate"]


async def test_without_it_the_provider_is_told_to_come_again(
    asked: Asked, client: ClientSession, tenant: Tenant
) -> None:
    asked.status = 500
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
    async with client.post(post.path, data=post.body, headers=post.headers) as answer:
        assert answer.status == 503
        assert (await answer.json())["code"] == "provider_unreachable"
        assert int(answer.headers["Retry-After"]) > 0
    assert await webhooks(client, tenant) == []
    asked.status = 200
    assert await post.send(client) == 200
    assert len(await messages(client, tenant)) == 1


async def test_a_forged_webhook_is_refused_although_it_was_prepared(
    asked: Asked, client: ClientSession, tenant: Tenant
) -> None:
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())]).with_body(b"{}")
    assert await post.send(client) == 401
    assert asked.paths == ["/certificate"]


class Confirmed:
    """A provider whose posts ask for a confirmation."""

    def __init__(self, server: Asked, *, retryable: bool) -> None:
        self._server = server
        self._retryable = retryable

    def confirm(self, _request: HttpRequest, _credentials: object) -> Dialogue[Refused | None]:
        answer = yield HttpRequest("GET", f"{self._server.url}/confirm")
        return None if answer.status == 200 else Refused("not_confirmed", "No.", retryable=self._retryable)


@pytest.mark.parametrize(
    ("status", "retryable", "expected"), [(200, True, 200), (500, True, 503), (403, False, 200)], ids=str
)
async def test_a_stored_webhook_is_confirmed(
    monkeypatch: pytest.MonkeyPatch,
    client: ClientSession,
    tenant: Tenant,
    status: int,
    retryable: bool,
    expected: int,
) -> None:
    async with asked_server() as server:
        server.status = status
        confirm = Confirmed(server, retryable=retryable).confirm
        install(monkeypatch, "whatsapp_cloud", operations=Operations(confirm=confirm))
        post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
        assert await post.send(client) == expected
        assert server.paths == ["/confirm"]
        assert len(await messages(client, tenant)) == 1


async def test_what_is_not_genuine_is_never_confirmed(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    await database.fetch("UPDATE external_integrations SET report_only = true")
    async with asked_server() as server:
        install(monkeypatch, "whatsapp_cloud", operations=Operations(confirm=Confirmed(server, retryable=True).confirm))
        post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
        assert await post.with_body(post.body + b" ").send(client) == 200
        assert server.paths == []
        assert len(await webhooks(client, tenant)) == 1


async def test_a_faulty_operation_is_our_trouble(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant
) -> None:
    def prepare(_request: HttpRequest, _credentials: object) -> Dialogue[object]:
        yield HttpRequest("GET", "file:///etc/passwd")
        raise KeyError("a bug")

    install(monkeypatch, "whatsapp_cloud", operations=Operations(prepare=prepare))
    assert await whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())]).send(client) == 503


@pytest.mark.parametrize(("refused_status", "try_again"), [(401, False), (403, False), (401, True)], ids=str)
async def test_a_forged_webhook_is_answered_as_its_provider_needs_it(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant, refused_status: int, try_again: bool
) -> None:
    def verify(*_: object) -> None:
        raise SignatureInvalid("forged", "It is forged.", try_again=try_again)

    adapter = install(monkeypatch, "postmark", verify=verify, refused_status=refused_status)
    post = postmark(tenant.integration("postmark"))
    async with client.post(post.path, data=post.body, headers=post.headers) as answer:
        assert answer.status == adapter.status_of(SignatureInvalid("forged", "", try_again=try_again))
        problem = await answer.json()
    assert (problem["code"], problem["status"]) == ("signature_invalid", answer.status)
    async with client.get("/metrics") as metrics:
        line = f'postgate_webhooks_total{{provider="postmark",status="{answer.status}"}}'
        assert line in await metrics.text()


async def test_a_proof_counts_for_one_body(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    install(monkeypatch, "postmark", nonce=lambda request: request.headers.get("x-once") or None, deferred=False)
    hook = tenant.integration("postmark")

    async def send(post_body: bytes, once: str) -> int:
        made = postmark_raw(hook, post_body)
        async with client.post(made.path, data=made.body, headers={**made.headers, "X-Once": once}) as answer:
            return answer.status

    first, second = postmark(hook).body, postmark(hook).body
    assert [await send(first, "a"), await send(first, "a"), await send(second, "a")] == [200, 200, 200]
    assert len(await messages(client, tenant)) == 1
    assert [item["state"] for item in await webhooks(client, tenant)] == ["duplicate", "stored"]
    assert await send(second, "b") == 200
    assert await send(postmark(hook).body, "") == 200
    assert len(await messages(client, tenant)) == 3
    assert await database.value("SELECT count(*) FROM webhook_nonces") == 2


async def test_a_proof_counts_for_one_query_and_one_method(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant
) -> None:
    """What a GET says is all in its query."""
    install(monkeypatch, "twilio", nonce=lambda _request: "once", verify=lambda *_: None)
    path = urlsplit(tenant.integration("twilio")["hook_url"]).path

    async def send(method: str, text: str) -> int:
        url = URL(f"{path}?{urlencode({'MessageSid': 'SM1', 'Body': text})}", encoded=True)
        async with client.request(method, url) as answer:
            return answer.status

    assert await send("GET", "hi") == 200
    assert len(await webhooks(client, tenant)) == 1
    assert [await send("GET", "forged"), await send("POST", "hi")] == [200, 200]
    assert len(await webhooks(client, tenant)) == 1
    assert await send("GET", "hi") == 200
    assert len(await webhooks(client, tenant)) == 2


async def test_a_proof_is_forgotten_after_what_its_provider_needs(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    install(monkeypatch, "postmark", nonce=lambda _request: "once", nonce_kept=timedelta(hours=2), deferred=False)
    hook = tenant.integration("postmark")
    assert await postmark(hook).send(client) == 200
    for gone, left in (("1 hour 59 minutes", 1), ("2 minutes", 0)):
        await database.fetch("UPDATE webhook_nonces SET kept_until = kept_until - $1::text::interval", gone)
        await database.fetch("SELECT forget_nonces()")
        assert await database.value("SELECT count(*) FROM webhook_nonces") == left


class Held:
    """Stores as the gateway does, once it is let; then it can be made to fail."""

    def __init__(self) -> None:
        self.waiting = 0
        self.free = asyncio.Event()
        self.fails = False
        self._store = Receiver.store

    async def store(self, receiver: Receiver, *given: Any, **named: Any) -> None:
        self.waiting += 1
        await self.free.wait()
        if self.fails:
            raise DatabaseUnavailable("the webhook is not known to be stored")
        await self._store(receiver, *given, **named)

    async def until(self, waiting: int) -> None:
        async with asyncio.timeout(10):
            while self.waiting < waiting:
                await asyncio.sleep(0)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    install(monkeypatch, "postmark", nonce=lambda _request: "once", deferred=False)
    held = Held()

    async def store(receiver: Receiver, *given: Any, **named: Any) -> None:
        await held.store(receiver, *given, **named)

    monkeypatch.setattr(Receiver, "store", store)
    return held


async def test_of_many_at_once_under_one_proof_one_is_stored(held: Held, client: ClientSession, tenant: Tenant) -> None:
    hook = tenant.integration("postmark")
    posts = [postmark(hook) for _ in range(20)]
    first = asyncio.create_task(posts[0].send(client))
    await held.until(1)
    async with asyncio.timeout(10):
        assert await asyncio.gather(*(post.send(client) for post in posts[1:])) == [503] * 19
    again = asyncio.create_task(posts[0].send(client))
    await held.until(2)
    held.free.set()
    assert [await first, await again] == [200, 200]
    assert [await post.send(client) for post in posts[1:]] == [200] * 19
    assert held.waiting == 2
    assert len(await messages(client, tenant)) == 1


async def test_a_proof_is_free_when_the_last_that_holds_it_failed(
    held: Held, client: ClientSession, tenant: Tenant
) -> None:
    hook = tenant.integration("postmark")
    one, other = postmark(hook), postmark(hook)
    both = [asyncio.create_task(one.send(client)) for _ in range(2)]
    await held.until(2)
    held.fails = True
    held.free.set()
    assert await asyncio.gather(*both) == [503, 503]
    held.fails = False
    assert await other.send(client) == 200
    assert len(await messages(client, tenant)) == 1


async def test_a_proof_whose_holder_died_is_free_after_a_while(
    held: Held, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    hook = tenant.integration("postmark")
    dying = asyncio.create_task(postmark(hook).send(client))
    await held.until(1)
    other = postmark(hook)
    async with asyncio.timeout(10):
        assert await other.send(client) == 503
    await database.fetch("UPDATE webhook_nonces SET lease_until = now() - interval '1 second'")
    taking_over = asyncio.create_task(other.send(client))
    await held.until(2)
    held.free.set()
    assert [await dying, await taking_over] == [200, 200]
    assert await postmark(hook).send(client) == 200
    assert len(await messages(client, tenant)) == 2  # the first did not die, it was only slow: nothing is lost


async def test_a_proof_of_what_was_not_stored_stays_free(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant
) -> None:
    install(monkeypatch, "postmark", nonce=lambda _request: "once", deferred=False)
    hook = tenant.integration("postmark")
    store = Receiver.store

    async def fails(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("the webhook is not known to be stored")

    monkeypatch.setattr(Receiver, "store", fails)
    assert await postmark(hook).send(client) == 503
    monkeypatch.setattr(Receiver, "store", store)
    assert await postmark(hook).send(client) == 200
    assert len(await messages(client, tenant)) == 1


async def test_a_forged_webhook_takes_no_proof(
    monkeypatch: pytest.MonkeyPatch, client: ClientSession, tenant: Tenant, database: Database
) -> None:
    install(monkeypatch, "whatsapp_cloud", nonce=lambda _request: "once")
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique())])
    assert await post.with_body(b"{}").send(client) == 401
    assert await database.value("SELECT count(*) FROM webhook_nonces") == 0
