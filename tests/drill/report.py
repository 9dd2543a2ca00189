"""The report of a drill: words for people, and the same as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.drill.audit import Verdict, counts
from tests.drill.evidence import Evidence
from tests.drill.plan import Plan

#: So many of each kind are named; the rest is only counted.
NAMED = 10
MOST_DOUBLED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a drill went, beside what was found.

    Attributes:
        seed: of its plan.
        seconds: how long the load lasted.
        settled_seconds: how long it took afterwards until nothing was under way.
        rate: posts a second that were asked for.
        posts: how many different ones were made.
        refused: how providers' posts were answered otherwise than by 2xx; 0: not at all.
        answers_refused: the same for agents.
        starts: how often each process was started.
    """

    seed: int
    seconds: float
    settled_seconds: float
    rate: float
    posts: int
    refused: Mapping[int, int]
    answers_refused: Mapping[int, int]
    starts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a drill."""

    course: Course
    plan: Plan
    evidence: Evidence
    verdict: Verdict

    @property
    def passed(self) -> bool:
        """Whether all is as promised, and there was anything at all."""
        return self.verdict.passed and bool(self.evidence.acknowledged)

    def as_json(self) -> dict[str, Any]:
        """Return the counts, and under further keys what they are made of."""
        evidence, verdict = self.evidence, self.verdict
        return {
            **counts(evidence, verdict),
            "passed": self.passed,
            "out_of_order": len(verdict.disordered),
            "misreported": len(verdict.misreported),
            "unknown": len(verdict.unknown),
            "unsettled": dict(evidence.unsettled),
            "troubles": list(verdict.troubles),
            "course": _plain(asdict(self.course)),
            "seen": self._seen(),
            "doubled_after": dict(self._causes()),
            "fault_log": [asdict(one) for one in evidence.happened],
            "moods": [asdict(one) for one in self.plan.moods],
            "doubled": [asdict(one) for one in verdict.doubled[:MOST_DOUBLED]],
            "traces": list(evidence.traces),
            "named": {name: list(found[:NAMED]) for name, found in _kinds(verdict).items() if found},
        }

    def as_text(self) -> str:
        """Return it for people."""
        course, evidence = self.course, self.evidence
        lines = [
            f"Fire drill, seed {course.seed}: {course.seconds:.0f} s at {course.rate:g} posts/s,"
            f" settled after {course.settled_seconds:.0f} s more",
            "",
            "  Faults",
            *(
                f"    {one.began:6.1f} s  {one.target:<10} {one.kind:<6} for {one.ended - one.began:.1f} s"
                for one in sorted(evidence.happened, key=lambda one: one.began)
            ),
            "",
            "  Seen",
            *(f"    {number:>8}  {what}" for what, number in self._seen().items()),
            "",
            "  Found",
            *(f"    {number:>8}  {name.replace('_', ' ')}" for name, number in self._found().items()),
        ]
        causes = ", ".join(f"{number} after {cause}" for cause, number in self._causes().most_common())
        lines += ["", f"  Doubled deliveries: {causes}"] if causes else []
        for name, found in _kinds(self.verdict).items():
            if found:
                lines += ["", f"  {name}:", *(f"    {one}" for one in found[:NAMED])]
                lines += [f"    and {len(found) - NAMED} more"] if len(found) > NAMED else []
        lines += ["", "  Traces:", *(f"    {line}" for line in evidence.traces)] if evidence.traces else []
        lines += ["", "  PASSED" if self.passed else "  FAILED", ""]
        return "\n".join(lines)

    def _found(self) -> dict[str, int]:
        verdict = self.verdict
        return {
            **counts(self.evidence, verdict),
            "out_of_order": len(verdict.disordered),
            "misreported_answers": len(verdict.misreported),
            "unsettled": len(verdict.unsettled),
            "troubles": len(verdict.troubles),
        }

    def _seen(self) -> dict[str, int]:
        evidence, course = self.evidence, self.course
        return {
            "posts of providers": course.posts,
            "tries of them that were not acknowledged": sum(course.refused.values()),
            "answers of agents that were accepted": len(evidence.answers),
            "of which nobody knows whether they were sent": len(self.verdict.unknown),
            "messages stored": len(evidence.stored),
            "events": sum(evidence.heads.values()),
            "visits of browsers": sum(one.visits for one in evidence.browsers),
            "frames to browsers": sum(one.frames for one in evidence.browsers),
            "deliveries owed": len(evidence.owed),
            "deliveries that came": len(evidence.arrivals),
            "of which were taken": sum(one.taken for one in evidence.arrivals),
            "starts of processes": sum(course.starts.values()),
        }

    def _causes(self) -> Counter[str]:
        return Counter(one.after or "no fault" for one in self.verdict.doubled)


def words_of(plan: Plan) -> str:
    """Return a plan for people, before it is carried out."""
    faults = [f"  {one.at:6.1f} s  {one.target:<10} {one.kind:<6} for {one.seconds:.1f} s" for one in plan.faults]
    moods = [
        f"  {one.at:6.1f} s  endpoint {one.endpoint!r} of {one.tenant}: {one.kind} for {one.seconds:.1f} s"
        for one in plan.moods
    ]
    return "\n".join(["The plan:", *faults, *moods, ""])


def _kinds(verdict: Verdict) -> dict[str, Sequence[Any]]:
    """Return what was found that should not be, by what it is called."""
    return {
        "Lost": verdict.lost,
        "Duplicated": verdict.duplicated,
        "Holes": verdict.holes,
        "Wrong tenant": verdict.wrong_tenant,
        "Stale browsers": verdict.stale,
        "Deliveries lost": [f"event {seq} for {endpoint}" for endpoint, seq in verdict.undelivered],
        "Out of order": verdict.disordered,
        "Misreported answers": verdict.misreported,
        "Unsettled": verdict.unsettled,
        "Troubles": verdict.troubles,
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write all keys as text, as JSON has them."""
    return {
        key: {str(inner): number for inner, number in value.items()} if isinstance(value, Mapping) else value
        for key, value in values.items()
    }
