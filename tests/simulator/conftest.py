"""A simulator with an account at each provider, and a gateway that only notes what it is posted."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from channels.adapter import Adapter
from channels.events import ChannelEvent
from channels.http import Headers, HttpRequest
from channels.outbound import OutboundMessage, Refused, SendResult
from channels.refusals import unanswered
from channels.registry import ADAPTERS
from gateway.demo import tenant as demo_tenant
from gateway.outgoing.base_url import moved
from gateway.outgoing.http import Calls
from gateway.simulator.accounts import Account, accounts_of
from gateway.simulator.server import Serving, serve_simulator
from tests.conftest import new_id

PHONE, MAILBOX = "+12025550142", "dana@example.org"
PATIENCE = 10.0
PUBLIC_URL = "http://gateway.test"

#: Which address of ours a provider's messages are sent from in these tests.
KINDS = {"whatsapp_cloud": "whatsapp", "twilio": "sms", "sendgrid": "email", "postmark": "email", "mailgun": "email"}


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass
class Hooks:
    """What was posted to the gateway: each verified, and read by the provider's adapter."""

    accounts: Sequence[Account] = ()
    posts: list[tuple[str, HttpRequest]] = field(default_factory=list)
    events: list[tuple[str, ChannelEvent]] = field(default_factory=list)
    refuse_next: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: web.Request) -> web.Response:
        """Take a webhook as the gateway would."""
        account = next(one for one in self.accounts if one.hook_url.endswith(request.path))
        adapter = ADAPTERS[account.provider]
        url = PUBLIC_URL + request.raw_path
        hook = HttpRequest(request.method, url, Headers.of(request.headers), await request.read())
        if self.refuse_next:
            self.refuse_next -= 1
            return web.Response(status=503)
        adapter.verify(hook, adapter.credentials.model_validate(account.credentials), now())
        async with self.changed:
            self.posts.append((account.provider, hook))
            self.events += [(account.provider, event) for event in adapter.parse(hook, {})]
            self.changed.notify_all()
        return web.Response()

    async def until(self, enough: Callable[[list[Any]], Any]) -> list[Any]:
        """Wait until what was told is enough; returns it."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: enough([event for _, event in self.events]))
            return [event for _, event in self.events]


@dataclass(frozen=True)
class Stage:
    """A simulator, its accounts, and a client for each way to use it."""

    serving: Serving
    hooks: Hooks
    calls: Calls
    client: ClientSession

    def account(self, provider: str) -> Account:
        """Return the account at a provider."""
        return next(one for one in self.hooks.accounts if one.provider == provider)

    def message(self, provider: str, **fields: Any) -> OutboundMessage:
        """Return a message that the account at a provider may send."""
        account, kind = self.account(provider), fields.pop("channel", KINDS[provider])
        sender = next(address for known, address in account.addresses if known == kind)
        mail = {"subject": "Re: Chairs", "reference": "msg-1@demo.postgate.test"} if kind == "email" else {}
        values: dict[str, Any] = {
            "reference": "msg_1",
            "sender": sender,
            "recipient": MAILBOX if kind == "email" else PHONE,
            "text": "Would Friday do?",
            "channel": kind,
            "callback_url": account.hook_url,
            "sent_at": now(),
            **mail,
        }
        return OutboundMessage(**{**values, **fields})

    def credentials(self, provider: str, **other: Any) -> Any:
        """Return the credentials of the account at a provider, some of them changed."""
        adapter = ADAPTERS[provider]
        return adapter.credentials.model_validate({**self.account(provider).credentials, **other})

    async def call(self, request: HttpRequest) -> Any:
        """Make a request that was meant for the provider."""
        return await self.calls.send(moved(request, {"base_url": self.serving.url}))

    async def send(self, provider: str, credentials: Any = None, **fields: Any) -> SendResult:
        """Send a message as the gateway would; returns what its adapter says of the answer."""
        adapter: Adapter = ADAPTERS[provider]
        request = adapter.build(self.message(provider, **fields), credentials or self.credentials(provider))
        response = await self.call(request)
        return unanswered(response) or adapter.read(response)

    async def refused(self, provider: str, credentials: Any = None, **fields: Any) -> Refused:
        """Send a message that is not to be taken."""
        result = await self.send(provider, credentials, **fields)
        assert isinstance(result, Refused), result
        return result

    async def tell(self, provider: str | None = None, recipient: str | None = None, **behaviour: Any) -> None:
        """Tell the simulator how to behave."""
        order = {"provider": provider, "recipient": recipient, "behaviour": behaviour}
        async with self.client.post("/simulator/behaviour", json=order) as answer:
            assert answer.status == 200, await answer.text()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A simulator that waits for nothing."""
    hooks = Hooks()
    app = web.Application()
    app.router.add_route("*", "/hooks/{id}", hooks.receive)
    gateway = TestServer(app)
    await gateway.start_server()
    base_url = str(gateway.make_url("")).rstrip("/")
    hooks.accounts = accounts_of(demo_tenant.ready(demo_tenant.make(new_id, "demo"), base_url, "", PUBLIC_URL))
    async with (
        serve_simulator(now, scale=0, names={PHONE: "Dana Reyes"}) as serving,
        Calls([ip_network("127.0.0.0/8")], total_seconds=5) as calls,
        ClientSession(serving.url) as client,
    ):
        serving.simulator.know(hooks.accounts)
        yield Stage(serving, hooks, calls, client)
    await gateway.close()


@pytest.fixture(scope="session")
def accounts() -> list[Account]:
    """An account at each provider."""
    return accounts_of(demo_tenant.ready(demo_tenant.make(new_id, "demo"), "http://127.0.0.1:9", "", PUBLIC_URL))
