"""The simulator as a server: one port for all providers, whose paths differ, and ``/simulator`` to tell it things."""

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from gateway.protocol_errors import Runner
from gateway.simulator.admin import add_routes
from gateway.simulator.callbacks import Callbacks, Pace
from gateway.simulator.providers import Simulator, new_id

LARGEST_BODY = 100 * 1024 * 1024
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Serving:
    """A simulator that serves."""

    simulator: Simulator
    port: int

    @property
    def url(self) -> str:
        """Where: what a connection has as its ``base_url``."""
        return f"http://{LOOPBACK}:{self.port}"


@asynccontextmanager
async def serve_simulator(
    clock: Callable[[], datetime], *, port: int = 0, scale: float = 1.0, names: Mapping[str, str] | None = None
) -> AsyncIterator[Serving]:
    """Serve a simulator on this machine's own address inside the ``async with``.

    Args:
        clock: the time, in UTC.
        port: 0 takes a free one.
        scale: how long its pauses are, 1 for as long as people would find natural.
        names: of customers, by address.

    Raises:
        OSError: when the port is taken.
    """
    chance = random.Random()  # noqa: S311 - it varies pauses
    async with AsyncExitStack() as stack:
        callbacks = Callbacks(clock, chance, new_id, Pace(scale), dict(names or {}))
        simulator = Simulator(clock, await stack.enter_async_context(callbacks))
        app = web.Application(client_max_size=LARGEST_BODY)
        simulator.mount(app)
        add_routes(app, simulator)
        runner = Runner(app, access_log=None, handle_signals=False, handler_cancellation=True)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield Serving(simulator, runner.addresses[0][1])
