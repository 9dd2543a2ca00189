"""Delivering as a whole: what the application starts, tells of commits and changes, and stops."""

import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from gateway.delivery.caller import Caller
from gateway.delivery.dispatcher import Dispatcher
from gateway.delivery.engine import Engine, Surroundings
from gateway.delivery.keeper import Keeper
from gateway.delivery.oauth import Tokens
from gateway.delivery.position import Position
from gateway.delivery.recorder import Recorder
from gateway.keys import Keyring
from gateway.model.log import Entry
from gateway.outgoing.egress import Network
from gateway.outgoing.http import Calls
from gateway.people.letters import Post

#: Tells that an endpoint is owed something; and that it was changed, or is to be tried now.
OWED = "postgate_deliveries"
CHANGED = "postgate_endpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What delivering takes.

    Attributes:
        hook_pool: of the role ``hook``.
        app_pool: of the role ``app``.
        keyring: opens secrets.
        allowed: networks inside that may be called.
        announce: told new log entries after their commit.
        tell: tells all processes that listen to a channel.
        clock: the time, in UTC.
        chance: a random number from 0 to 1.
        new_id: makes an id of this moment.
        post: sends a letter; None when there is no mail server.
        public_url: of this gateway.
    """

    hook_pool: asyncpg.Pool
    app_pool: asyncpg.Pool
    keyring: Keyring
    allowed: Sequence[Network]
    announce: Callable[[Sequence[Entry]], None]
    tell: Callable[[str, str], None]
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    new_id: Callable[[], UUID]
    post: Post | None
    public_url: str


class Delivery:
    """Dispatcher and engine, running together; an ``async with`` starts and stops them.

    The jobs that send again are a worker of their own (``Recoverer``), started like the others in ``gateway/app.py``.
    """

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._stack = AsyncExitStack()
        caller = Caller(outside.allowed)
        self._calls = Calls(outside.allowed)
        keeper = Keeper(
            outside.app_pool,
            outside.announce,
            self.change,
            outside.clock,
            outside.new_id,
            outside.post,
            outside.public_url,
        )
        around = Surroundings(
            pool=outside.hook_pool,
            keyring=outside.keyring,
            caller=caller,
            tokens=Tokens(lambda request, limit: self._calls.send(request, limit=limit), time.monotonic),
            keeper=keeper,
            recorder=Recorder(outside.hook_pool, outside.clock, outside.announce),
            clock=outside.clock,
            chance=outside.chance,
            tell=lambda endpoint_id: outside.tell(OWED, endpoint_id.hex),
        )
        self._caller = caller
        self._keeper = keeper
        self.engine = Engine(around)
        self.position = Position(outside.hook_pool, outside.clock)
        self._dispatcher = Dispatcher(outside.hook_pool, outside.clock, self.engine.owed)

    async def __aenter__(self) -> "Delivery":
        await self._stack.enter_async_context(self._caller)
        await self._stack.enter_async_context(self._calls)
        self._stack.push_async_callback(self._keeper.stop)
        self.engine.start()
        self._stack.push_async_callback(self.engine.stop)
        self.position.start()
        self._stack.push_async_callback(self.position.stop)
        self._dispatcher.start()
        self._stack.push_async_callback(self._dispatcher.stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def grown(self, entries: Sequence[Entry]) -> None:
        """Note log entries that were committed by this process."""
        self._dispatcher.grown(entries)

    def told_grown(self, tenant_id: UUID) -> None:
        """Note that another process wrote to a tenant's log."""
        self._dispatcher.written({tenant_id})

    def change(self, endpoint_id: UUID) -> None:
        """Note, and tell all processes, that an endpoint was changed, or is to be tried now."""
        self.engine.changed(endpoint_id)
        self._dispatcher.changed()
        self._outside.tell(CHANGED, endpoint_id.hex)

    def owe(self, endpoint_id: UUID) -> None:
        """Note, or tell whoever serves it, that an endpoint is owed more; one that is left alone stays so."""
        if not self.engine.more(endpoint_id):
            self._outside.tell(OWED, endpoint_id.hex)

    def told_changed(self, told: str) -> None:
        """Note what another process told of an endpoint that was changed."""
        self.engine.changed(UUID(told))
        self._dispatcher.changed()

    def told_owed(self, told: str) -> None:
        """Note what another process told of an endpoint that is owed something."""
        self.engine.more(UUID(told))
