"""The load client as the measurements use it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.worker import Worker


@dataclass(frozen=True, slots=True)
class Driven:
    """What posting gave: answers with 200, seconds until the last one, latencies in milliseconds."""

    answered: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds


@dataclass(frozen=True, slots=True)
class Paced(Driven):
    """The same at a given rate; also from a post to its frame, and the share of frames that came before the 200."""

    p95_ms: float
    push_p50_ms: float
    push_p95_ms: float
    push_p99_ms: float
    before_answer: float


@dataclass(frozen=True, slots=True)
class Flooded:
    """What a flood gave: seconds of its second half, what was stored in them, and each status that came in all."""

    seconds: float
    stored: int
    answers: Mapping[str, int]

    @property
    def rate(self) -> float:
        """Stored webhooks per second."""
        return self.stored / self.seconds

    def __str__(self) -> str:
        return ", ".join(f"{count:,} times {status}" for status, count in sorted(self.answers.items()))


@dataclass(frozen=True, slots=True)
class Population:
    """Whose messages are posted: these tenants, with so many customers each."""

    tenants: range
    senders: int


class Load:
    """One client process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @classmethod
    @asynccontextmanager
    async def started(cls, hooks: Path, run: str, seed: int) -> AsyncIterator["Load"]:
        """Run a client.

        Args:
            hooks: the file of the tenants.
            run: makes its messages unlike those of other clients and runs.
            seed: of what is left to chance.
        """
        worker = await Worker.start("client")
        try:
            await worker.do("begin", file=str(hooks), run=run, seed=seed)
            yield cls(worker)
        finally:
            await worker.stop()

    async def introduce(self, url: str, who: Population, connections: int) -> Driven:
        """Have every customer write once, so that they and their conversations are known."""
        count = await self._do("introduce", first=who.tenants.start, last=who.tenants.stop, senders=who.senders)
        return await self.drive(url, connections, seconds=count)  # more time than it can need

    async def prepare(self, who: Population, count: int, repeat_every: int = 0) -> None:
        """Sign posts beforehand; what is left of earlier ones is thrown away.

        Args:
            who: writes them.
            count: how many.
            repeat_every: so-manieth posts are there twice, one right after the other; 0 for none.
        """
        await self._do(
            "prepare", first=who.tenants.start, last=who.tenants.stop, senders=who.senders, count=count,
            repeat_every=repeat_every,
        )  # fmt: skip

    async def drive(self, url: str, connections: int, seconds: float, *, recycle: bool = False) -> Driven:
        """Post what was prepared, each connection as fast as it is answered.

        Args:
            url: of the server.
            connections: how many.
            seconds: for how long, or until all is posted.
            recycle: post the same again and again and use nothing up: for a server that keeps nothing.
        """
        return Driven(**await self._do("drive", url=url, connections=connections, seconds=seconds, recycle=recycle))

    async def pace(self, url: str, connections: int, seconds: float, rate: float) -> Paced:
        """Post at a rate to tenants that this client follows."""
        return Paced(**await self._do("pace", url=url, connections=connections, seconds=seconds, rate=rate))

    async def flood(self, url: str, connections: int, seconds: float, rate: float) -> Flooded:
        """Post what was prepared at a rate, as far as connections are free, whatever is answered."""
        return Flooded(**await self._do("flood", url=url, connections=connections, seconds=seconds, rate=rate))

    async def follow(self, url: str, tenants: Sequence[int], *, record: bool = False) -> list[int]:
        """Open a websocket for each of some tenants; returns where their logs are.

        Args:
            url: of the server.
            tenants: may hold one tenant many times.
            record: remember when each message came, for ``pace``.
        """
        heads: list[int] = await self._do("follow", url=url, tenants=list(tenants), record=record)
        return heads

    async def wait_for(self, heads: Sequence[int]) -> bool:
        """Wait until the sockets have got so far; tells whether they have."""
        there: bool = await self._do("wait_for", heads=list(heads))
        return there

    async def unfollow(self) -> list[dict[str, int]]:
        """Close the websockets; returns what each saw (see ``Socket``)."""
        seen: list[dict[str, int]] = await self._do("unfollow")
        return seen

    async def acknowledged(self) -> list[str]:
        """Return the external ids of all posts that were answered 200, as often as they were."""
        ids: list[str] = await self._do("acknowledged")
        return ids

    async def _do(self, command: str, **arguments: Any) -> Any:
        return await self._worker.do(command, **arguments)
