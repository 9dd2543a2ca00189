"""What a measurement yields: rounds, their summary, and how it compares with the goal."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Round:
    """One pair, measured one right after the other."""

    ours: float
    limit: float

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the limit."""
        return self.ours / self.limit


@dataclass(frozen=True, slots=True)
class Goal:
    """Which ratio is to be reached."""

    ratio: float
    at_least: bool = True

    def met_by(self, ratio: float) -> bool:
        """Tell whether a ratio reaches it."""
        return ratio >= self.ratio if self.at_least else ratio <= self.ratio

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.ratio:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the result.

    Attributes:
        row: its number; those from 100 on have no goal and explain another row.
        unit: of ``ours`` and ``limit``.
        rounds: what each round gave; for row 13 the counts themselves.
        note: what else was seen.
    """

    row: int
    name: str
    unit: str
    ours: float
    limit: float
    ratio: float
    goal: Goal | None
    rounds: Sequence[Mapping[str, Any]]
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        return None if self.goal is None else self.goal.met_by(self.ratio)

    def as_json(self) -> dict[str, Any]:
        """Return what the JSON file says of this line."""
        return {
            "row": self.row,
            "name": self.name,
            "unit": self.unit,
            "ours": self.ours,
            "limit": self.limit,
            "ratio": self.ratio,
            "goal": None if self.goal is None else self.goal.ratio,
            "goal_is": None if self.goal is None else ("at least" if self.goal.at_least else "at most"),
            "met": self.met,
            "rounds": list(self.rounds),
            "note": self.note,
        }


def compared(
    row: int, name: str, unit: str, rounds: Sequence[Round], goal: Goal | None, *, quiet: bool = False, note: str = ""
) -> Line:
    """Summarise rounds: each side by itself, then their ratio.

    Args:
        row: its number.
        name: in words.
        unit: of both sides.
        rounds: at least one.
        goal: whether much or little is good comes from here.
        quiet: take each side's best round (what the machine does while nobody else uses it), not the median.
        note: see ``Line``.
    """
    best = max if goal is None or goal.at_least else min
    ours, limit = [r.ours for r in rounds], [r.limit for r in rounds]
    summary = Round(best(ours), best(limit)) if quiet else Round(statistics.median(ours), statistics.median(limit))
    pairs = [{"ours": r.ours, "limit": r.limit, "ratio": r.ratio} for r in rounds]
    return Line(
        row=row, name=name, unit=unit, ours=summary.ours, limit=summary.limit, ratio=summary.ratio, goal=goal,
        rounds=pairs, note=note,
    )  # fmt: skip


def counted(row: int, name: str, unit: str, counts: Sequence[Mapping[str, int]], faults: int, note: str) -> Line:
    """Report a number that has to be nought; it stands for the ratio too."""
    return Line(
        row=row, name=name, unit=unit, ours=faults, limit=0, ratio=faults, goal=Goal(0, at_least=False),
        rounds=counts, note=note,
    )  # fmt: skip
