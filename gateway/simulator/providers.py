"""All imitated providers: their paths, and what each does with a request."""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from multidict import CIMultiDict

from channels.http import Headers, HttpRequest, HttpResponse
from gateway.simulator.accounts import Account
from gateway.simulator.behaviour import Behaviour, Behaviours
from gateway.simulator.callbacks import Callbacks
from gateway.simulator.files import Files
from gateway.simulator.imitation import Desk, Imitation, Message, Rejected
from gateway.simulator.mailgun import IMITATION as MAILGUN
from gateway.simulator.postmark import IMITATION as POSTMARK
from gateway.simulator.sendgrid import IMITATION as SENDGRID
from gateway.simulator.twilio import IMITATION as TWILIO
from gateway.simulator.whatsapp_cloud import IMITATION as WHATSAPP_CLOUD

IMITATIONS: Mapping[str, Imitation] = {
    one.provider: one for one in (WHATSAPP_CLOUD, TWILIO, SENDGRID, POSTMARK, MAILGUN)
}

MOST_REMEMBERED = 1_000
HANG_SECONDS = 600.0
BUSY_SECONDS = 5

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that was taken, and when."""

    provider: str
    message: Message
    at: datetime


class Simulator:
    """All imitated providers, and what they remember: in memory alone, and not without end.

    Args:
        clock: the time, in UTC.
        callbacks: post the webhooks.
    """

    def __init__(self, clock: Callable[[], datetime], callbacks: Callbacks) -> None:
        self.behaviours = Behaviours()
        self.callbacks = callbacks
        self.taken: deque[Taken] = deque(maxlen=MOST_REMEMBERED)
        self._clock = clock
        self._files = {provider: Files() for provider in IMITATIONS}
        self._accounts: dict[str, list[Account]] = {provider: [] for provider in IMITATIONS}

    def know(self, accounts: Iterable[Account]) -> None:
        """Serve these accounts from now on, and no others; those at other providers are left out."""
        known: dict[str, list[Account]] = {provider: [] for provider in IMITATIONS}
        for account in accounts:
            if account.provider in known:
                known[account.provider].append(account)
        self._accounts = known

    def accounts(self, provider: str) -> list[Account]:
        """Return the accounts at a provider."""
        return self._accounts[provider]

    def mount(self, app: web.Application) -> None:
        """Add the paths of all providers to an application."""
        for imitation in IMITATIONS.values():
            for path in imitation.sends:
                app.router.add_post(path, self._taking(imitation))
            for (method, path), ask in imitation.asks.items():
                app.router.add_route(method, path, self._asking(imitation, ask))

    def _taking(self, imitation: Imitation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            asked = await _value_of(request)
            try:
                found = imitation.take(asked, self._desk(imitation))
            except Rejected as rejected:
                return _answer(rejected.answer)
            if isinstance(found, HttpResponse):
                return _answer(found)
            if self.callbacks.full:
                return _answer(imitation.refuse("busy", BUSY_SECONDS))
            return await self._treat(request, imitation, found)

        return handle

    async def _treat(self, request: web.Request, imitation: Imitation, message: Message) -> web.StreamResponse:
        """Do with a good message what the provider is told to."""
        behaviour = self.behaviours.of(imitation.provider, message.recipient)
        await asyncio.sleep(behaviour.delay)
        if behaviour.lose:
            return _closed(request)
        if behaviour.refuse is not None:
            return _answer(imitation.refuse(behaviour.refuse, behaviour.retry_after))
        self.taken.append(Taken(imitation.provider, message, self._clock()))
        await self._begin(imitation, message, behaviour)
        match behaviour.answer:
            case "hang":
                await asyncio.sleep(HANG_SECONDS)
            case "close":
                return _closed(request)
        return _answer(imitation.accept(message, self._clock()))

    async def _begin(self, imitation: Imitation, message: Message, behaviour: Behaviour) -> None:
        if not behaviour.early:
            self.callbacks.follow(imitation, message, behaviour)
            return
        await self.callbacks.tell_all(imitation, message, behaviour)
        if behaviour.replies and behaviour.fail is None:
            self.callbacks.answer(imitation, message)

    def _asking(self, imitation: Imitation, ask: Callable[[HttpRequest, Desk], HttpResponse]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            asked = await _value_of(request)
            try:
                return _answer(ask(asked, self._desk(imitation)))
            except Rejected as rejected:
                return _answer(rejected.answer)

        return handle

    def _desk(self, imitation: Imitation) -> Desk:
        provider = imitation.provider
        return Desk(self._accounts[provider], self._files[provider], new_id)


def new_id() -> str:
    """Make an id that nobody had before."""
    return secrets.token_hex(16)


async def _value_of(request: web.Request) -> HttpRequest:
    headers = Headers.of(request.headers)
    return HttpRequest(
        request.method, f"{request.scheme}://{request.host}{request.raw_path}", headers, await request.read()
    )


def _answer(response: HttpResponse) -> web.Response:
    return web.Response(status=response.status, body=response.body, headers=CIMultiDict(response.headers.as_dict()))


def _closed(request: web.Request) -> web.Response:
    """Close the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
