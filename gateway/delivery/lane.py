"""One endpoint as its worker sees it: what waits, how much may be under way, and how well it is. Pure.

All times are seconds since 1970, given by the caller.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from gateway.delivery.verdict import Outcome, Verdict
from gateway.model.latencies import BUCKETS, bucket_of

NEVER = float("inf")
LONG_AGO = float("-inf")
#: So many failures without a success in between, and the endpoint is left alone for a while.
TRIP = 5
FIRST_BACKOFF = 5.0
LONGEST_BACKOFF = 600.0
#: Pings go beside everything else.
PINGS = 4
#: What is loaded ahead, as a multiple of what may be under way; and the most at once.
AHEAD = 4
MOST_AT_ONCE = 128
#: An endpoint with nothing to do is kept for so long: more may come at any moment.
IDLE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that is due.

    Attributes:
        tries: how many attempts of this round were made.
        attempts: how many were made ever.
        secret_id: the one secret that is to sign it; None: all of them.
        happened_at: when the event was written.
        body: the bytes that are signed and sent.
    """

    id: UUID
    kind: str
    event_id: UUID
    event_type: str
    seq: int | None
    previous_seq: int | None
    conversation_sequence: int | None
    tries: int
    attempts: int
    secret_id: str | None
    happened_at: float
    body: bytes


@dataclass(slots=True)
class Terms:
    """What an endpoint's owner asked for.

    Attributes:
        version: of the endpoint.
        serves: False while it is disabled; pings go to it all the same.
        gone: whether it was deleted.
        steps: the retry schedule, in seconds.
        max_in_flight: the most attempts at a time.
        per_second: the most attempts in a second; None: as many as it takes.
        ordered: whether a conversation's events are to come one after the other.
    """

    version: int
    serves: bool
    gone: bool
    steps: tuple[int, ...]
    max_in_flight: int
    per_second: float | None
    ordered: bool


@dataclass(slots=True)
class Health:
    """What was learnt of an endpoint; it outlives the worker.

    Attributes:
        cap: how many attempts may be under way.
        failures: since the last success.
        backoff_until: it is left alone until then.
        failing_since: the first failure after the last success; None: it is well.
    """

    cap: float
    failures: int
    backoff_until: float
    failing_since: float | None


@dataclass(slots=True)
class Tally:
    """What happened since it was last written down."""

    succeeded: int = 0
    failed: int = 0
    latencies: list[int] = field(default_factory=lambda: [0] * BUCKETS)


class Lane:
    """An endpoint that this worker holds the lease of.

    Args:
        tenant_id: its tenant.
        endpoint_id: its id.
        token: of the lease.
        health: as it was left.
        terms: see there.
    """

    __slots__ = (
        "_begun", "_eased_at", "_idle_since", "_paced_until", "_threshold", "_tripped_at", "after", "endpoint_id",
        "health", "hungry", "in_flight", "known", "next_due", "pings", "pings_in_flight", "tally", "tenant_id", "terms",
        "token", "waiting", "written_backoff",
    )  # fmt: skip

    def __init__(self, tenant_id: UUID, endpoint_id: UUID, token: UUID, health: Health, terms: Terms) -> None:
        self.tenant_id = tenant_id
        self.endpoint_id = endpoint_id
        self.token = token
        self.health = health
        health.cap = min(health.cap, float(terms.max_in_flight))
        self.terms = terms
        #: Until when the endpoint is left alone, as the database has it.
        self.written_backoff = health.backoff_until
        self.tally = Tally()
        self.waiting: deque[Owed] = deque()
        self.pings: deque[Owed] = deque()
        self.in_flight = 0
        self.pings_in_flight = 0
        #: Loaded, and not yet written down.
        self.known: set[UUID] = set()
        #: Whether something may be due that was not loaded.
        self.hungry = True
        self.next_due = NEVER
        #: The conversation after which the next look goes on, where order is kept.
        self.after: UUID | None = None
        self._begun: dict[UUID, float] = {}
        self._threshold = float(terms.max_in_flight)
        self._eased_at = LONG_AGO
        self._tripped_at = LONG_AGO
        self._paced_until = LONG_AGO
        self._idle_since = LONG_AGO

    # What there is to do.

    def wants(self, now: float) -> int:
        """Tell how many deliveries should be loaded now; 0: none."""
        if now >= self.next_due:
            self.hungry, self.next_due = True, NEVER
        if not self.hungry or self.terms.gone:
            return 0
        ahead = min(max(AHEAD * self._allowed(now), PINGS), MOST_AT_ONCE)
        return ahead if len(self.waiting) * 2 < ahead else 0

    def only_pings(self, now: float) -> bool:
        """Tell whether nothing but pings may go."""
        return not self.terms.serves or now < self.health.backoff_until

    def asked(self) -> None:
        """Note that somebody looks for what is due; what comes meanwhile makes it hungry again."""
        self.hungry = False

    def load(self, owed: Iterable[Owed], wanted: int, next_due: float, *, only_pings: bool = False) -> None:
        """Take what was found due; fewer than were wanted is all that there was when it was looked for.

        Args:
            owed: in the order in which they are to go.
            wanted: how many were asked for.
            next_due: when more will be due.
            only_pings: whether nothing else was looked for.
        """
        found = [one for one in owed if one.id not in self.known]
        for one in found:
            self.known.add(one.id)
            (self.pings if one.kind == "ping" else self.waiting).append(one)
        self.hungry = self.hungry or len(found) >= wanted
        self.next_due = min(self.next_due, next_due)
        if only_pings and self.terms.serves:
            self.next_due = min(self.next_due, self.health.backoff_until)

    def went_to(self, after: UUID | None) -> None:
        """Note after which conversation to go on; None: all were looked at."""
        self.after = after
        self.hungry = self.hungry or after is not None

    def startable(self, now: float) -> bool:
        """Tell whether an attempt may begin now."""
        return self._ping_goes() or self._event_goes(now)

    def start(self, now: float) -> Owed:
        """Begin the next attempt; there must be one."""
        if self._ping_goes():
            self.pings_in_flight += 1
            return self.pings.popleft()
        self.in_flight += 1
        if self.terms.per_second is not None:
            self._paced_until = max(self._paced_until, now - 1 / self.terms.per_second) + 1 / self.terms.per_second
        owed = self.waiting.popleft()
        self._begun[owed.id] = now
        return owed

    def wakes_at(self, now: float) -> float:
        """Tell when something may begin, or is to be loaded, that may not now."""
        wakes = self.next_due
        if self.waiting or self.hungry:
            for held in (self.health.backoff_until, self._paced_until):
                if now < held:
                    wakes = min(wakes, held)
        return wakes

    @property
    def free(self) -> bool:
        """Whether nothing is under way, or not yet written down."""
        return len(self.known) == len(self.waiting) + len(self.pings)

    # What became of it.

    def ended(self, owed: Owed, verdict: Verdict, now: float) -> None:
        """Note how an attempt went."""
        if owed.kind == "ping":
            self.pings_in_flight -= 1
            return
        self.in_flight -= 1
        begun = self._begun.pop(owed.id)
        if verdict.outcome is Outcome.SUCCESS:
            self.tally.succeeded += 1
            self._succeeded()
            return
        self.tally.failed += 1
        health = self.health
        if health.failing_since is None:
            health.failing_since = now
        if verdict.outcome is Outcome.LIMITED:
            self._ease(begun, now)
            health.backoff_until = max(health.backoff_until, now + verdict.wait)
            return
        if verdict.slow:
            self._ease(begun, now)
        if begun < self._tripped_at:
            return  # it was under way when the endpoint was given up for now: nothing new
        health.failures += 1
        if health.failures >= TRIP:
            self._tripped_at = now
            rest = min(FIRST_BACKOFF * 2 ** min(health.failures - TRIP, 20), LONGEST_BACKOFF)
            health.backoff_until = max(health.backoff_until, now + rest)

    def measured(self, milliseconds: float) -> None:
        """Count how long an answer took."""
        self.tally.latencies[bucket_of(milliseconds)] += 1

    def recorded(self, delivery_id: UUID) -> None:
        """Note that what became of a delivery is written down, or is somebody else's business."""
        self.known.discard(delivery_id)
        if self.terms.ordered:
            self.hungry = True  # the next of its conversation may go

    def later(self, moment: float) -> None:
        """Note that something will be due."""
        self.next_due = min(self.next_due, moment)

    def told_backoff(self, until: float, before: float, now: float) -> None:
        """Take what the database says: less than was written there means that somebody wants the endpoint tried now.

        Args:
            until: what it says.
            before: what was written there before it was asked.
            now: the clock.
        """
        if until < before:
            self.written_backoff = until
            self.health.backoff_until = min(self.health.backoff_until, now)

    def changed(self, terms: Terms) -> None:
        """Take new terms; what was loaded under the old ones and may not go any more is forgotten."""
        if terms.serves and not self.terms.serves:
            self.health = Health(1.0, 0, LONG_AGO, None)
        self.terms = terms
        self._threshold = float(terms.max_in_flight)
        self.health.cap = min(self.health.cap, float(terms.max_in_flight))
        self.forget_waiting()

    def forget_waiting(self) -> None:
        """Forget what was loaded and not begun: it is still owed, and is loaded again when its turn comes."""
        self.known -= {one.id for one in self.waiting}
        self.waiting.clear()
        self.hungry = True

    def idle(self, now: float) -> bool:
        """Tell whether there was nothing to do for so long that the endpoint may be given back."""
        held = (not self.terms.serves or self.terms.gone or now + IDLE_SECONDS < self.health.backoff_until) and not (
            self.pings or self.hungry
        )
        if not self.free or not (held or self._nothing_to_do(now)):
            self._idle_since = LONG_AGO
            return False
        if self._idle_since == LONG_AGO:
            self._idle_since = now
        return held or now - self._idle_since >= IDLE_SECONDS

    def _nothing_to_do(self, now: float) -> bool:
        return not (self.waiting or self.pings or self.hungry) and now + IDLE_SECONDS < self.next_due

    def _ping_goes(self) -> bool:
        return bool(self.pings) and self.pings_in_flight < PINGS and not self.terms.gone

    def _event_goes(self, now: float) -> bool:
        return bool(self.waiting) and self.in_flight < self._allowed(now) and now >= self._paced_until

    def _allowed(self, now: float) -> int:
        """Return how many may be under way: one to try with, if the last ones all failed."""
        health = self.health
        if now < health.backoff_until or not self.terms.serves:
            return 0
        return 1 if health.failures >= TRIP else int(health.cap) or 1

    def _succeeded(self) -> None:
        health = self.health
        health.failures, health.failing_since = 0, None
        most = float(self.terms.max_in_flight)
        health.cap = min(most, health.cap + (1.0 if health.cap < self._threshold else 1 / health.cap))

    def _ease(self, begun: float, now: float) -> None:
        """Halve what may be under way; once for all attempts that were under way together."""
        if begun < self._eased_at:
            return
        self._eased_at = now
        self.health.cap = self._threshold = max(1.0, self.health.cap / 2)
