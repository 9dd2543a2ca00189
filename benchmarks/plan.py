"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How much a tenant has."""

    conversations: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run.

    Attributes:
        rounds: of each pair.
        seconds: of one side of a round under load.
        tenants: among whom the load is spread.
        senders: customers of each tenant.
        watched: how many of the tenants have a browser open.
        notifications: samples of the bare notification in one round.
        fanouts: numbers of sockets to write to.
        bursts: how often a frame storm is sent in one round.
        idle_sockets: whose memory is measured.
        small: a tenant that is quick to ask.
        large: one that should be as quick.
    """

    rounds: int
    seconds: float
    tenants: int = 1000
    senders: int = 5
    watched: int = 50
    notifications: int = 2000
    fanouts: tuple[int, ...] = (1000, 5000)
    bursts: int = 10
    idle_sockets: int = 2000
    small: Size = Size(10_000, 100_000)
    large: Size = Size(100_000, 1_000_000)

    @property
    def memory_rounds(self) -> int:
        """Rounds of a figure that hardly varies and needs fresh processes."""
        return min(self.rounds, 3)


FULL = Plan(rounds=5, seconds=3.0)
QUICK = Plan(rounds=2, seconds=1.0, senders=2, notifications=400, bursts=5, idle_sockets=500, small=Size(1000, 10_000),
    large=Size(10_000, 100_000),
)  # fmt: skip
#: The large tenant of row 12 as the goal has it.
WHOLE = Size(1_000_000, 10_000_000)
