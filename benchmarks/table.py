"""The result as people read it."""

from collections.abc import Sequence

from benchmarks.results import Line

HEAD = ("row", "name", "unit", "ours", "limit", "ratio", "goal", "met", "ratio of each round")
WORDS = {True: "yes", False: "NO", None: ""}
NUMBERS = frozenset({0, 3, 4, 5})


def table(lines: Sequence[Line]) -> str:
    """Write aligned columns, and the notes below them."""
    cells = [HEAD, *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(HEAD))]
    written = ["  ".join(_padded(row, widths)).rstrip() for row in cells]
    written.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{line.row}: {line.note}" for line in lines if line.note]
    return "\n".join([*written, "", *notes]).rstrip() + "\n"


def number(value: float) -> str:
    """Write a figure with about three digits that mean something."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _cells(line: Line) -> tuple[str, ...]:
    goal = "" if line.goal is None else str(line.goal)
    ratios = " ".join(number(r["ratio"]) for r in line.rounds if "ratio" in r)
    figures = (number(line.ours), number(line.limit), number(line.ratio))
    return (str(line.row), line.name, line.unit, *figures, goal, WORDS[line.met], ratios)


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if place in NUMBERS else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
