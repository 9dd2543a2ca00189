"""Precision and recall of the detectors: ``python -m benchmarks.pii`` prints them, ``--misses`` what went wrong too.

A finding is right when a label of its kind covers at least half of what both cover together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.pii.labelled import Labelled, Part, texts
from gateway.pii.detecting import Detectors, Rule
from gateway.pii.finding import KINDS, Kind
from gateway.store.pii_rules import BUILT_IN

#: All kinds that are known, as a tenant has them who switches everything on and says nothing else.
ALL = Detectors([Rule(kind) for kind in BUILT_IN])


@dataclass(slots=True)
class Score:
    """How well a kind is found.

    Attributes:
        labels: how many there are.
        found: how many of them were found.
        findings: how many findings there are.
    """

    labels: int = 0
    found: int = 0
    findings: int = 0

    @property
    def precision(self) -> float:
        """The share of the findings that are right."""
        return self.found / self.findings if self.findings else 1.0

    @property
    def recall(self) -> float:
        """The share of what is there that is found."""
        return self.found / self.labels if self.labels else 1.0


@dataclass(frozen=True, slots=True)
class Miss:
    """A text with something that was not found, or that is none."""

    text: str
    missed: Sequence[str]
    wrong: Sequence[str]


def scores(part: Part) -> tuple[dict[Kind, Score], list[Miss]]:
    """Measure a part; returns the score of each kind, and what went wrong."""
    found: dict[Kind, Score] = {kind: Score() for kind in KINDS if kind != "custom"}
    misses: list[Miss] = []
    for one in texts(part):
        missed, wrong = _judge(one, found)
        if missed or wrong:
            misses.append(Miss(one.text, missed, wrong))
    return found, misses


def _judge(one: Labelled, into: dict[Kind, Score]) -> tuple[list[str], list[str]]:
    open_labels = list(one.spans)
    for kind, _, _ in open_labels:
        into[kind].labels += 1
    wrong: list[str] = []
    for finding in ALL.find(one.text):
        into[finding.kind].findings += 1
        right = next(_right(open_labels, finding.kind, finding.start, finding.end), None)
        if right is None:
            wrong.append(f"{finding.kind} {finding.detector}: {one.text[finding.start : finding.end]}")
        else:
            open_labels.remove(right)
            into[finding.kind].found += 1
    return [f"{kind}: {one.text[start:end]}" for kind, start, end in open_labels], wrong


def _right(
    labels: Sequence[tuple[Kind, int, int]], kind: Kind, start: int, end: int
) -> Iterator[tuple[Kind, int, int]]:
    for label in labels:
        common = min(end, label[2]) - max(start, label[1])
        if label[0] == kind and common * 2 >= max(end, label[2]) - min(start, label[1]):
            yield label
