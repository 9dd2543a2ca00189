"""Whatever happens in whatever order: every client gets each entry once, in order, and all of them in the end."""

import asyncio
import json
import random
from dataclasses import dataclass, replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.live.cursor import Cursor
from gateway.live.hub import Hub
from gateway.live.session import Session
from gateway.model.log import Entry
from tests.live.fakes import TENANT, FakeLog, FakeWire, session
from tests.live.hubs import hub_over, until


@dataclass
class Client:
    """A client, and the position it gave; None: from now."""

    wire: FakeWire
    session: Session
    after: int | None
    opening: asyncio.Task[None]


class Play:
    """The steps; each may happen at any time."""

    def __init__(self, hub: Hub, log: FakeLog, chance: random.Random) -> None:
        self.hub = hub
        self.log = log
        self.chance = chance
        self.clients: list[Client] = []
        self.gone: list[Client] = []
        self.unannounced: list[Entry] = []
        self.tasks: list[asyncio.Task[None]] = []

    def commit(self) -> None:
        self.unannounced.append(self.log.commit())

    def offer(self) -> None:
        if self.unannounced:
            self.hub.offer([self.unannounced.pop(0)])

    def offer_out_of_order(self) -> None:
        if self.unannounced:
            self.hub.offer([self.unannounced.pop(self.chance.randrange(len(self.unannounced)))])

    def offer_without_data(self) -> None:
        if self.unannounced:
            entry = replace(self.unannounced.pop(0), data=None)  # type: ignore[arg-type] # as ingest does
            self.hub.offer([entry])

    def offer_again(self) -> None:
        if self.log.entries:
            self.hub.offer([self.chance.choice(self.log.entries)])

    def lose(self) -> None:
        if self.unannounced:
            self.unannounced.pop(self.chance.randrange(len(self.unannounced)))

    def wake(self) -> None:
        self.hub.wake(TENANT, self.log.head.last_seq + self.chance.randrange(2))

    def poll(self) -> None:
        self.tasks.append(asyncio.create_task(self.hub.poll()))

    def join(self) -> None:
        self._enter(None)

    def resume(self) -> None:
        self._enter(self.chance.randint(0, self.log.head.last_seq))

    def leave(self) -> None:
        client = self._any()
        if client and client.opening.done():
            self.hub.leave(client.session)
            self.clients.remove(client)
            self.gone.append(client)

    def stall(self) -> None:
        if client := self._any():
            client.wire.stalled = True

    def recover(self) -> None:
        if client := self._any():
            client.wire.stalled = False

    def _any(self) -> Client | None:
        return self.chance.choice(self.clients) if self.clients else None

    def _enter(self, after: int | None) -> None:
        wire = FakeWire()
        joined = session(wire, f"ses_{len(self.clients) + len(self.gone)}")
        self.hub.join(joined)
        opening = asyncio.create_task(self.hub.open(joined, Cursor(after)))
        self.clients.append(Client(wire, joined, after, opening))

    async def settle(self) -> None:
        """Let everything come to rest: every client reads, the heads are looked at once."""
        for client in self.clients:
            client.wire.stalled = False
        await asyncio.gather(*self.tasks)
        await asyncio.gather(*(client.opening for client in self.clients))
        await self.hub.poll()
        await until(self._at_rest)

    def _at_rest(self) -> bool:
        head = self.log.head.last_seq
        return all(client.session.live and client.session.seq == head for client in self.clients)


STEPS = [name for name in vars(Play) if not name.startswith("_") and name != "settle"]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*STEPS, "turn", "turn"]), min_size=5, max_size=120),
    st.randoms(use_true_random=False),
)
def test_no_order_of_things_makes_a_hole_or_a_double(steps: list[str], chance: random.Random) -> None:
    asyncio.run(play(steps, chance))


async def play(steps: list[str], chance: random.Random) -> None:
    """Run the steps, the hub's own tasks running in between; let everything settle, and look."""
    log = FakeLog.empty()
    async with hub_over(log) as hub:
        running = Play(hub, log, chance)
        for step in steps:
            if step == "turn":
                await asyncio.sleep(0)
            else:
                getattr(running, step)()
        await running.settle()
        for client in running.clients:
            got_everything(client, log)
        for client in running.gone:
            assert all(second == first + 1 for first, second in pairwise(client.wire.seqs))


def got_everything(client: Client, log: FakeLog) -> None:
    """From its position, or from wherever the log was when it was greeted."""
    assert client.wire.resyncs == []
    head = log.head.last_seq
    seqs = client.wire.seqs
    greeted_at = json.loads(client.wire.said[0][2:])["seq"]
    after = greeted_at if client.after is None else client.after
    assert seqs == list(range(after + 1, head + 1))
