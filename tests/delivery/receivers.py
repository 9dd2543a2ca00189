"""Receivers of all kinds, on real sockets, who count what they get to send."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNK = b"x" * 65536


class Visit:
    """One connection, as the receiver sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self._reader = reader
        self._writer = writer
        self.number = number
        self.sent = 0
        self.bodies: list[bytes] = []
        self.heads: list[bytes] = []

    async def request(self) -> bytes:
        """Read one request; returns its body."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        [length] = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
        self.heads.append(head)
        self.bodies.append(await self._reader.readexactly(length))
        return self.bodies[-1]

    async def send(self, data: bytes) -> None:
        """Send, as fast as somebody takes it."""
        self._writer.write(data)
        await self._writer.drain()
        self.sent += len(data)

    async def flood(self, data: bytes) -> None:
        """Send the same for ever."""
        while True:
            await self.send(data)

    async def drip(self, data: bytes) -> None:
        """Send the same for ever, slowly."""
        while True:
            await self.send(data)
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        """Wait until the caller hangs up."""
        while await self._reader.read(65536):
            pass

    def reset(self) -> None:
        """Break the connection."""
        self._writer.transport.abort()


Behaviour = Callable[[Visit], Awaitable[None]]


class Receiver:
    """Behaves to each who comes as it was told."""

    def __init__(self, behave: Behaviour) -> None:
        self._behave = behave
        self._gone = asyncio.Condition()
        self.visits: list[Visit] = []
        self.over = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def sent(self) -> int:
        return sum(visit.sent for visit in self.visits)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(reader, writer, len(self.visits))
        self.visits.append(visit)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._behave(visit)
        finally:
            writer.close()
            async with self._gone:
                self.over += 1
                self._gone.notify_all()

    async def deserted(self) -> None:
        """Wait until all who came have gone."""
        async with asyncio.timeout(10), self._gone:
            await self._gone.wait_for(lambda: self.over == len(self.visits))


@contextlib.asynccontextmanager
async def receiving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Serve as long as it lasts."""
    receiver = Receiver(behave)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


async def kind(visit: Visit) -> None:
    """Take request after request."""
    while True:
        await visit.request()
        await visit.send(OK)
