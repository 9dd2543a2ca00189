"""What goes wrong in a drill, and when: drawn from a seed, so that the same seed gives the same plan. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

#: What can be done to what, the kind of process first. ``kill`` is SIGKILL, ``stop`` what its operator would do,
#: ``pause`` SIGSTOP and after a while SIGCONT, ``crash`` SIGKILL for one of Postgres' own processes: it then recovers.
HARMS: Sequence[tuple[str, str]] = (
    ("gateway", "kill"),
    ("gateway", "stop"),
    ("gateway", "pause"),
    ("worker", "kill"),
    ("worker", "stop"),
    ("worker", "pause"),
    ("postgres", "kill"),
    ("postgres", "stop"),
    ("postgres", "pause"),
    ("postgres", "crash"),
    ("valkey", "kill"),
    ("valkey", "pause"),
)
#: What also can be done to a gateway that has workers of its own: ``crash`` kills one of them, ``roll`` replaces all,
#: one after the other, as for another version.
TO_WORKERS: Sequence[tuple[str, str]] = (("gateway-1", "crash"), ("gateway-1", "roll"))
#: Those of which there are several, and how many.
SEVERAL = {"gateway": 2, "worker": 2}
#: How an integrator's endpoint may misbehave.
MOODS = ("hang", "reset", "error", "busy")

#: One fault in so many seconds of a long run; a short one has as many as there are harms to half of them.
FAULT_EVERY = 7.0
FEWEST_FAULTS = 7
MOOD_EVERY = 15.0
#: After this part of the run nothing is broken any more.
QUIET_FROM = 0.9
SHORTEST_SECONDS, LONGEST_SECONDS = 0.3, 6.0
#: Leases of endpoints last 15 seconds: whoever sleeps longer wakes up to find that others did the work.
SLEEP_SECONDS = (16.0, 25.0)
SLEEP_CHANCE = 1 / 3
#: A run has to be so long that such a sleep is a part of it only.
SLEEP_FROM = 100.0
#: An endpoint that fails for longer is left alone for minutes.
LONGEST_MOOD = 6.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is done to a part of the installation.

    Attributes:
        at: seconds after the load began.
        target: gateway-1, worker-2, postgres, valkey …
        kind: kill, stop, pause, crash or roll.
        seconds: until it is brought back.
    """

    at: float
    target: str
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Mood:
    """A while in which an endpoint misbehaves.

    Attributes:
        at: seconds after the load began.
        tenant: whose endpoint.
        endpoint: its name.
        kind: one of ``MOODS``.
        seconds: how long.
    """

    at: float
    tenant: str
    endpoint: str
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in one run, in the order of time."""

    faults: Sequence[Fault]
    moods: Sequence[Mood]


def draw(seed: int, seconds: float, endpoints: Sequence[tuple[str, str]], *, workers: bool = False) -> Plan:
    """Draw the plan of a run.

    Args:
        seed: decides everything.
        seconds: how long the load lasts.
        endpoints: those that may misbehave, as tenant and name.
        workers: whether the first gateway has workers of its own.
    """
    chance = random.Random(f"{seed}/plan")
    harms = _dealt([*HARMS, *(TO_WORKERS if workers else ())], chance)
    faults = [_fault(at, *next(harms), seconds, chance) for at in _moments(seconds, FAULT_EVERY, FEWEST_FAULTS, chance)]
    longest = min(LONGEST_MOOD, seconds / 4)
    moods = [
        Mood(at, *chance.choice(endpoints), chance.choice(MOODS), round(chance.uniform(longest / 4, longest), 2))
        for at in _moments(seconds, MOOD_EVERY, len(MOODS), chance)
        if endpoints
    ]
    return Plan(faults, moods)


def _moments(seconds: float, every: float, fewest: int, chance: random.Random) -> list[float]:
    """Return when something happens: once in each of as many equal parts of the run."""
    count = max(fewest, round(seconds * QUIET_FROM / every))
    part = seconds * QUIET_FROM / count
    return [round((place + chance.random()) * part, 2) for place in range(count)]


def _dealt(harms: Sequence[tuple[str, str]], chance: random.Random) -> Iterator[tuple[str, str]]:
    """Deal the harms like cards: all of them in some order, then all again."""
    while True:
        yield from chance.sample(harms, len(harms))


def _fault(at: float, part: str, kind: str, seconds: float, chance: random.Random) -> Fault:
    target = f"{part}-{chance.randint(1, SEVERAL[part])}" if part in SEVERAL else part
    if kind == "pause" and part in SEVERAL and seconds >= SLEEP_FROM and chance.random() < SLEEP_CHANCE:
        away = chance.uniform(*SLEEP_SECONDS)
    else:
        away = chance.uniform(SHORTEST_SECONDS, min(LONGEST_SECONDS, seconds / 4))
    return Fault(at, target, kind, round(away, 2))
