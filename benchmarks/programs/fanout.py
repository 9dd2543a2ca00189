"""Row 7: the whole gateway, told of commits that were none, and bare transports in the same process.

What a commit sets off is ``Live.announce``; it is called here with entries that only exist in memory, so that writing
them is not measured. The hub must not find out that its log does not reach that far: it looks at the heads hardly ever.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import uvloop

from benchmarks.client.http import HEAD_END
from benchmarks.machine import allow_many_sockets
from benchmarks.worker import obey
from gateway import parts as wiring
from gateway.live import protocol
from gateway.live.limits import Limits
from gateway.live.service import Live
from gateway.logs import configure_logs
from gateway.model.ids import new_id
from gateway.model.log import Entry
from gateway.running import BACKLOG, listen, run_gateway
from gateway.settings import Settings

SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
HARDLY_EVER = 24 * 3600.0


class ReachableLive(Live):
    """The live part, which the application keeps to itself, and which here can be got hold of."""

    running: Live

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "limits": Limits(poll_seconds=HARDLY_EVER)})
        ReachableLive.running = self


class BareSocket(asyncio.Protocol):
    """A connection that looks like a websocket to its client and is a transport and nothing more."""

    def __init__(self, transports: list[asyncio.WriteTransport]) -> None:
        self._transports = transports
        self._head = b""
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transports.append(transport)  # type: ignore[arg-type]  # a TCP connection's is one

    def data_received(self, data: bytes) -> None:
        """Greet; what the client says afterwards does not matter."""
        if self._greeted:
            return
        self._head += data
        if HEAD_END in self._head:
            self._greeted = True
            self._transports[-1].write(SWITCHED + protocol.hello(0, "", ""))


class Fanout:
    """The commands.

    Attributes:
        sample: type, conversation and data of an entry, as the database wrote it.
    """

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._transports: list[asyncio.WriteTransport] = []
        self._sample: tuple[str, UUID, str] = ("", UUID(int=0), "")

    async def begin(self, kind: str, conversation: str, data: str) -> dict[str, str]:
        """Serve; answers with both URLs."""
        configure_logs("warning")
        self._sample = (kind, UUID(conversation), data)
        vars(wiring)["Live"] = ReachableLive  # the application makes it by this name
        settings = Settings(port=0)  # the rest is in the environment
        running = await self._stack.enter_async_context(run_gateway(settings))
        listener = listen("127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: BareSocket(self._transports), sock=listener, backlog=BACKLOG)
        self._stack.callback(server.close)
        return {"gateway": running.url, "bare": f"http://127.0.0.1:{listener.getsockname()[1]}"}

    async def forget(self) -> None:
        """Cut all bare connections."""
        for transport in self._transports:
            transport.abort()
        self._transports.clear()

    async def through_hub(self, tenant: str, seq: int, frames: int) -> float:
        """Announce entries one by one; answers with the seconds until all sockets have taken all of them."""
        live = ReachableLive.running
        entries = self._entries(tenant, seq, frames)
        unsent = [session.wire.unsent for session in live.hub.sessions]
        started = time.perf_counter()
        for entry in entries:
            live.announce([entry])
            await asyncio.sleep(0)
        last, sessions = entries[-1].seq, list(live.hub.sessions)
        while any(session.seq < last for session in sessions):  # the hub hands them out in turns
            await asyncio.sleep(0)
        while any(left() for left in unsent):
            await asyncio.sleep(0)
        return time.perf_counter() - started

    async def bare(self, tenant: str, seq: int, frames: int) -> float:
        """Write the same bytes to bare transports; answers likewise."""
        written = [protocol.event(entry).websocket for entry in self._entries(tenant, seq, frames)]
        transports = list(self._transports)
        started = time.perf_counter()
        for frame in written:
            for transport in transports:
                transport.write(frame)
            await asyncio.sleep(0)
        while any(transport.get_write_buffer_size() for transport in transports):
            await asyncio.sleep(0)
        return time.perf_counter() - started

    async def end(self) -> None:
        """Stop serving."""
        await self.forget()
        await self._stack.aclose()

    def _entries(self, tenant: str, seq: int, frames: int) -> Sequence[Entry]:
        kind, conversation, data = self._sample
        now = datetime.now(UTC)
        return [
            Entry(UUID(tenant), seq + place, new_id(int(now.timestamp() * 1000)), kind, conversation, now, data)
            for place in range(1, frames + 1)
        ]


async def main() -> None:
    """Obey."""
    fanout = Fanout()
    names = ("begin", "forget", "through_hub", "bare", "end")
    await obey({name: getattr(fanout, name) for name in names})


if __name__ == "__main__":
    os.environ.pop("POSTGATE_PORT", None)
    allow_many_sockets()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
