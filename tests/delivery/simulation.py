"""Days of deliveries in moments: the board, the lanes and the rules are the real ones; the clock, the receivers and the
database are played."""

import heapq
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from gateway.delivery.board import Board
from gateway.delivery.caller import Answer
from gateway.delivery.lane import LONG_AGO, NEVER, Health, Lane, Owed, Terms
from gateway.delivery.recorder import Ended, row_of
from gateway.delivery.verdict import judge

START = 1_800_000_000.0
STEPS = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


@dataclass
class Behaviour:
    """How a receiver answers: seconds until it does, and what; given the time since the start."""

    name: str
    answer: Callable[[float, random.Random], tuple[float, int | None, str | None]]


TIMEOUT = 15.0
HEALTHY = Behaviour("healthy", lambda _t, chance: (0.01 + chance.random() * 0.05, 200, None))
SLOW = Behaviour("slow", lambda _t, chance: (2 + chance.random() * 3, 200, None))
HANGING = Behaviour("hanging", lambda _t, _chance: (TIMEOUT, None, None))
FLAPPING = Behaviour(
    "flapping",
    lambda t, chance: (0.02, 200 if int(t / 60) % 2 else 500, None) if chance.random() > 0.1 else (0.1, None, None),
)
LIMITING = Behaviour("limiting", lambda t, _chance: (0.02, 429, "20") if int(t / 30) % 2 else (0.02, 200, None))


@dataclass
class Row:
    """A delivery in the database."""

    owed: Owed
    conversation: int
    status: str = "PENDING"
    due: float | None = START
    tries: int = 0
    attempts: int = 0


@dataclass
class Played:
    """One endpoint: its receiver, what it is owed, and what arrived there."""

    behaviour: Behaviour
    lane: Lane
    rows: dict[UUID, Row]
    arrived: list[tuple[float, Row]] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0


class Simulation:
    """Plays a worker with endpoints of several tenants.

    Args:
        seed: of all chance.
        endpoints: tenant number, behaviour, whether order is kept, and how many deliveries of how many conversations.
    """

    def __init__(self, seed: int, endpoints: Sequence[tuple[int, Behaviour, bool, int, int]]) -> None:
        self.chance = random.Random(seed)
        self.now = START
        self.board = Board()
        self.played: dict[UUID, Played] = {}
        self.records: Counter[UUID] = Counter()
        self._ends: list[tuple[float, int, Played, Row, Owed, float, int | None, str | None]] = []
        self._count = itertools.count()
        for tenant, behaviour, ordered, deliveries, conversations in endpoints:
            self._add(UUID(int=tenant + 1), behaviour, ordered, deliveries, conversations)

    def _add(self, tenant: UUID, behaviour: Behaviour, ordered: bool, deliveries: int, conversations: int) -> None:
        endpoint = UUID(int=10_000 + len(self.played))
        terms = Terms(1, True, False, STEPS, 16, None, ordered)
        lane = Lane(tenant, endpoint, UUID(int=1), Health(4.0, 0, LONG_AGO, None), terms)
        rows = {}
        for seq in range(1, deliveries + 1):
            key = UUID(int=self.chance.getrandbits(128))
            owed = Owed(
                key, "event", key, "message.created", seq, None, seq if ordered else None, 0, 0, None, START, b""
            )
            rows[key] = Row(owed, self.chance.randrange(conversations))
        self.played[endpoint] = Played(behaviour, lane, rows)
        self.board.add(lane, self.now)

    def run(self, seconds: float) -> None:
        """Let time go by."""
        until = self.now + seconds
        while True:
            self._settle()
            coming = min(self._ends[0][0] if self._ends else NEVER, self.board.next_tick())
            if coming > until:
                self.now = until
                return
            self.now = max(self.now, coming)
            while self._ends and self._ends[0][0] <= self.now:
                self._end(*heapq.heappop(self._ends)[2:])

    def _settle(self) -> None:
        """Do all that there is to do at this moment."""
        self.board.tick(self.now)
        self._begin()
        while hungry := self.board.hungry(self.now):
            for lane, wanted in hungry:
                self._load(lane, wanted)
            self._begin()

    def _load(self, lane: Lane, wanted: int) -> None:
        played = self.played[lane.endpoint_id]
        undone = [row for row in played.rows.values() if row.due is not None]
        first: dict[int, int] = {}
        for row in undone:
            first[row.conversation] = min(first.get(row.conversation, row.owed.seq or 0), row.owed.seq or 0)
        only_pings = lane.only_pings(self.now)
        due = [
            row
            for row in undone
            if row.due is not None
            and row.due <= self.now
            and row.owed.id not in lane.known
            and not only_pings
            and (not lane.terms.ordered or row.owed.seq == first[row.conversation])
        ]
        due.sort(key=lambda row: (row.due, row.owed.seq))
        later = min((row.due for row in undone if row.due is not None and row.due > self.now), default=NEVER)
        lane.load([self._fresh(row) for row in due[:wanted]], wanted, later, only_pings=only_pings)
        self.board.note(lane, self.now)

    def _fresh(self, row: Row) -> Owed:
        one = row.owed
        return Owed(
            one.id, one.kind, one.event_id, one.event_type, one.seq, None, one.conversation_sequence, row.tries,
            row.attempts, None, START, b"",
        )  # fmt: skip

    def _begin(self) -> None:
        for lane, owed in self.board.turns(self.now):
            played = self.played[lane.endpoint_id]
            row = played.rows[owed.id]
            assert row.due is not None, "what is done is not sent again"
            played.arrived.append((self.now, row))
            played.at_once += 1
            played.most_at_once = max(played.most_at_once, played.at_once)
            seconds, status, retry_after = played.behaviour.answer(self.now - START, self.chance)
            heapq.heappush(
                self._ends,
                (self.now + seconds, next(self._count), played, row, owed, self.now, status, retry_after),
            )

    def _end(
        self, played: Played, row: Row, owed: Owed, begun: float, status: int | None, retry_after: str | None
    ) -> None:
        moment = datetime.fromtimestamp(self.now, UTC)
        kind = None if status is not None else "timeout"
        verdict = judge(status, kind, kind, retry_after, moment)
        lane = played.lane
        played.at_once -= 1
        lane.ended(owed, verdict, self.now)
        self.board.freed(lane, owed, self.now)
        answer = Answer(total_ms=(self.now - begun) * 1000, status=status, error_kind=kind)
        begun_at = datetime.fromtimestamp(begun, UTC)
        ended = Ended(lane, owed, verdict, answer, begun_at, "", "{}", self.chance.random())
        written = row_of(ended, self.now)
        row.status, row.due = written.status, None if written.next_at is None else written.next_at.timestamp()
        row.attempts += 1
        row.tries += written.counts
        self.records[owed.id] += written.status in {"SUCCESS", "FAILED"}
        lane.recorded(owed.id)
        if row.due is not None:
            lane.later(row.due)
        self.board.note(lane, self.now)

    # What is asked of it.

    def waits(self, name: str) -> list[float]:
        """Return how long first attempts at receivers of a kind waited, in seconds."""
        return sorted(
            moment - START
            for played in self.played.values()
            if played.behaviour.name == name
            for moment, row in {id(row): (moment, row) for moment, row in reversed(played.arrived)}.values()
        )

    def of(self, name: str) -> list[Played]:
        """Return the endpoints of a kind."""
        return [played for played in self.played.values() if played.behaviour.name == name]


def orders(played: Played) -> dict[int, list[int]]:
    """Return the order in which deliveries of each conversation arrived, each as often as it did."""
    found: dict[int, list[int]] = defaultdict(list)
    for _, row in played.arrived:
        found[row.conversation].append(row.owed.seq or 0)
    return found
