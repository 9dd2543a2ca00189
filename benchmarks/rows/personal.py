"""Row 109: how much of the personal data in labelled texts is found, and how much of what is found is some."""

from benchmarks.bench import Bench
from benchmarks.pii.measuring import scores
from benchmarks.results import Goal, Line, Round, compared

GOAL = Goal(0.9)
NOTE = "texts that no detector was changed for; one round, since it is the same each time"


async def found_of_labelled(_bench: Bench) -> list[Line]:
    """Row 109, a line for the precision and one for the recall of each kind."""
    found, _ = scores("heldout")
    lines: list[Line] = []
    for kind, score in found.items():
        precision = Round(score.found, max(score.findings, 1))
        recall = Round(score.found, max(score.labels, 1))
        lines.append(
            compared(
                109, f"{kind}: right ÷ found (precision)", "findings", [precision], GOAL, note="" if lines else NOTE
            )
        )
        lines.append(compared(109, f"{kind}: found ÷ there (recall)", "labels", [recall], GOAL))
    return lines
