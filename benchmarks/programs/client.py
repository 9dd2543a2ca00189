"""The load client: posts webhooks and follows tenants, as it is told."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.client import hooks
from benchmarks.client.drives import Closed, Paced
from benchmarks.client.floods import Flood
from benchmarks.client.posts import Post, PostMaker
from benchmarks.client.sockets import Socket, open_sockets
from benchmarks.errors import NotMeasured
from benchmarks.machine import allow_many_sockets
from benchmarks.percentiles import percentile
from benchmarks.worker import obey

SETTLE_SECONDS = 20.0
POLL_SECONDS = 0.02


class Client:
    """The commands, and what they need to remember.

    Each of them is described where it is called, in ``benchmarks.load``.
    """

    def __init__(self) -> None:
        self._hooks: list[hooks.Hook] = []
        self._maker = PostMaker([], "", 0)
        self._stock: list[Post] = []
        self._used: Iterator[Post] = iter(())
        self._sockets: list[Socket] = []
        self._acknowledged: list[int] = []
        self._spans: dict[bytes, tuple[float, float]] = {}
        self._frames: dict[bytes, float] = {}

    async def begin(self, file: str, run: str, seed: int) -> None:
        """Learn the tenants."""
        self._hooks = hooks.read(Path(file))
        self._maker = PostMaker(self._hooks, run, seed)

    async def introduce(self, first: int, last: int, senders: int) -> int:
        """Stock one post of each customer of some tenants."""
        self._put_in_stock(self._maker.introductions(range(first, last), senders), 0)
        return len(self._stock)

    async def prepare(self, first: int, last: int, senders: int, count: int, repeat_every: int) -> None:
        """Stock posts of customers of some tenants; each so-manieth one twice in a row."""
        self._put_in_stock(self._maker.conversation(range(first, last), senders, count), repeat_every)

    async def drive(self, url: str, connections: int, seconds: float, recycle: bool) -> dict[str, Any]:
        """Post in a closed loop; with ``recycle`` the stock stays as it is, and nothing counts as acknowledged."""
        if recycle:
            return await Closed(itertools.cycle(self._stock), _forget).run(url, connections, seconds)
        return await Closed(self._used, self._note).run(url, connections, seconds)

    async def pace(self, url: str, connections: int, seconds: float, rate: float) -> dict[str, Any]:
        """Post at a rate while following tenants, and match frames with posts."""
        self._spans.clear()
        self._frames.clear()
        report = await Paced(self._used, self._note_span).run(url, connections, seconds, rate)
        deadline = time.monotonic() + SETTLE_SECONDS
        while len(self._frames) < len(self._spans) and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
        missing = len(self._spans.keys() - self._frames.keys())
        if missing:
            raise NotMeasured(f"{missing} of {len(self._spans)} frames never came")
        pushes = [self._frames[key] - started for key, (started, _) in self._spans.items()]
        before = sum(self._frames[key] < answered for key, (_, answered) in self._spans.items())
        return report | {
            "p95_ms": percentile([answered - started for started, answered in self._spans.values()], 0.95) * 1000,
            "push_p50_ms": percentile(pushes, 0.5) * 1000,
            "push_p95_ms": percentile(pushes, 0.95) * 1000,
            "push_p99_ms": percentile(pushes, 0.99) * 1000,
            "before_answer": before / len(self._spans),
        }

    async def flood(self, url: str, connections: int, seconds: float, rate: float) -> dict[str, Any]:
        """Post at a rate, whatever is answered."""
        return await Flood(self._used, self._note).run(url, connections, seconds, rate)

    async def follow(self, url: str, tenants: list[int], record: bool) -> list[int]:
        """Open a socket for each of some tenants; answers with the heads of their logs."""
        seen = self._frames.__setitem__ if record else None
        self._sockets = await open_sockets(url, [self._hooks[tenant] for tenant in tenants], seen)
        return [socket.first for socket in self._sockets]

    async def received(self) -> list[int]:
        """Answer with the number of entries that each socket was sent."""
        return [socket.entries for socket in self._sockets]

    async def wait_for(self, heads: list[int], seconds: float = SETTLE_SECONDS) -> bool:
        """Wait until the sockets have got as far as the logs; tells whether they have."""
        deadline = time.monotonic() + seconds
        while any(socket.seq < head for socket, head in zip(self._sockets, heads, strict=True)):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(POLL_SECONDS / 10)
        return True

    async def unfollow(self) -> list[dict[str, int]]:
        """Close all sockets; answers with what each of them saw."""
        seen = [
            {"first": s.first, "seq": s.seq, "entries": s.entries, "messages": s.messages, "holes": s.holes,
             "repeats": s.repeats, "faults": s.faults}
            for s in self._sockets
        ]  # fmt: skip
        for socket in self._sockets:
            socket.close()
        self._sockets = []
        return seen

    async def acknowledged(self) -> list[str]:
        """Answer with the external ids of all posts that were answered 200, as often as they were."""
        return [self._maker.external_id(number) for number in self._acknowledged]

    def _put_in_stock(self, posts: list[Post], repeat_every: int) -> None:
        self._stock = [
            copy
            for place, post in enumerate(posts)
            for copy in ([post, post] if repeat_every and place % repeat_every == 0 else [post])
        ]
        self._used = iter(self._stock)

    def _note(self, post: Post, _started: float, _answered: float) -> None:
        self._acknowledged.append(post.number)

    def _note_span(self, post: Post, started: float, answered: float) -> None:
        self._acknowledged.append(post.number)
        self._spans[self._maker.external_id(post.number).encode()] = (started, answered)


def _forget(_post: Post, _started: float, _answered: float) -> None:
    """Leave no trace."""


async def main() -> None:
    """Obey."""
    client = Client()
    names = ("begin", "introduce", "prepare", "drive", "pace", "flood", "follow", "received", "wait_for", "unfollow",
             "acknowledged")  # fmt: skip
    await obey({name: getattr(client, name) for name in names})


if __name__ == "__main__":
    allow_many_sockets()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
