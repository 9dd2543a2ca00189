"""The auditor sees what is wrong: each count becomes other than 0 by a fault that is made up for it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.drill.audit import LATE, Doubled, Verdict, audit, counts
from tests.drill.evidence import Acknowledged, Arrival, Browsed, Evidence, Happened, Stored
from tests.drill.marks import mark, strangers
from tests.drill.plan import Plan
from tests.drill.report import Course, Report

LETTER, ANSWER, FOREIGN = mark("alpha", 1), mark("alpha", 5_000_000), mark("bravo", 2)
ALL_WELL = ("lost", "duplicated", "holes", "wrong_tenant", "stale_browsers", "deliveries_lost", "deliveries_doubled")
CAME = Arrival("alpha", "ep_1", 1, "cnv_1", 10.0, taken=True, foreign=False)
THEN = replace(CAME, seq=2, at=11.0)
SEEN = Browsed("alpha-1", 3, 2, [], 0, None)
GOOD = Evidence(
    acknowledged=[Acknowledged(LETTER, "twilio", "gateway-1", 1.0)],
    answers={ANSWER: {"msg_2"}},
    taken=Counter({ANSWER: 1}),
    stored=[
        Stored("alpha", "msg_1", "inbound", "received", LETTER),
        Stored("alpha", "msg_2", "outbound", "delivered", ANSWER),
    ],
    seqs={"alpha": [1, 2], "canary": []},
    heads={"alpha": 2, "canary": 0},
    foreign_rows={"events": 0},
    canary_rows={"events": 0},
    canary="canary",
    browsers=[SEEN],
    owed={("ep_1", 1), ("ep_1", 2)},
    rows=Counter({("ep_1", 1): 1, ("ep_1", 2): 1}),
    arrivals=[CAME, THEN],
    ordered={"ep_1"},
    happened=[Happened("worker-1", "kill", 9.0, 12.0)],
)


def test_nothing_is_found_where_all_is_well() -> None:
    verdict = audit(GOOD)
    assert verdict.passed
    assert counts(GOOD, verdict) == {"acknowledged": 2, "faults": 1, **dict.fromkeys(ALL_WELL, 0)}


def answered(status: str) -> list[Stored]:
    return [GOOD.stored[0], replace(GOOD.stored[1], status=status)]


def came(*arrivals: Arrival) -> dict[str, Any]:
    return {"arrivals": list(arrivals)}


AGAIN = replace(CAME, at=12.0)
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a message that is not stored": ("lost", {"stored": GOOD.stored[1:]}),
    "a message that is stored with somebody else": (
        "lost wrong_tenant", {"stored": [replace(GOOD.stored[0], tenant="bravo"), GOOD.stored[1]]},
    ),
    "an answer that is not stored": ("lost", {"stored": GOOD.stored[:1]}),
    "an answer that waits for ever": ("lost", {"stored": answered("queued")}),
    "an answer that no provider knows": ("lost", {"taken": Counter()}),
    "a message that is stored twice": ("duplicated", {"stored": [*GOOD.stored, replace(GOOD.stored[0], id="msg_3")]}),
    "an answer that was sent twice": ("duplicated", {"taken": Counter({ANSWER: 2})}),
    "an answer that got two ids": ("duplicated", {"answers": {ANSWER: {"msg_2", "msg_3"}}}),
    "an event that is owed twice": ("duplicated", {"rows": Counter({("ep_1", 1): 1, ("ep_1", 2): 2})}),
    "a hole in the middle": ("holes", {"seqs": {"alpha": [1, 3]}, "heads": {"alpha": 3}}),
    "a hole at the end": ("holes", {"seqs": {"alpha": [1]}}),
    "a position that was given twice": ("holes", {"seqs": {"alpha": [1, 2, 2]}}),
    "a frame that was left out": ("holes", {"browsers": [replace(SEEN, gaps=[(4, 6)])]}),
    "a row of somebody else": ("wrong_tenant", {"foreign_rows": {"events": 1}}),
    "a frame of somebody else": ("wrong_tenant", {"browsers": [replace(SEEN, foreign=1)]}),
    "a delivery of somebody else": ("wrong_tenant", came(CAME, replace(THEN, foreign=True))),
    "a row of the silent one": ("wrong_tenant", {"canary_rows": {"sessions": 1}}),
    "a delivery to the silent one": ("wrong_tenant", came(CAME, THEN, replace(CAME, tenant="canary", endpoint="ep_2"))),
    "a browser that shows something else": ("stale_browsers", {"browsers": [replace(SEEN, difference="the list")]}),
    "a delivery that never came": ("deliveries_lost", came(CAME)),
    "a delivery that was always refused": ("deliveries_lost", came(CAME, replace(THEN, taken=False))),
    "a delivery that nobody knows of": ("deliveries_lost", {"rows": Counter({("ep_1", 1): 1})}),
    "a delivery that was taken twice": ("deliveries_doubled", came(CAME, AGAIN, THEN)),
}  # fmt: skip


@pytest.mark.parametrize(("counted", "changes"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_counted_where_it_belongs(counted: str, changes: dict[str, Any]) -> None:
    evidence = replace(GOOD, **changes)
    verdict = audit(evidence)
    found = counts(evidence, verdict)
    assert {name for name in ALL_WELL if found[name]} == set(counted.split())
    assert verdict.passed == (counted == "deliveries_doubled")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("disordered", came(THEN, CAME)),
        ("misreported", {"stored": answered("failed")}),
        ("unsettled", {"unsettled": {"deliveries that are due": 3}}),
        ("troubles", {"troubles": ["gateway-1 ended by itself with status 1"]}),
    ],
)
def test_nor_is_anything_else_let_through(kind: str, changes: dict[str, Any]) -> None:
    verdict = audit(replace(GOOD, **changes))
    assert getattr(verdict, kind)
    assert not verdict.passed


def test_order_is_that_of_first_arrivals_in_a_conversation_where_it_is_asked_for() -> None:
    first_refused = [replace(CAME, taken=False), THEN, AGAIN]
    assert audit(replace(GOOD, **came(*first_refused))).disordered
    for fine in (
        came(CAME, THEN, AGAIN),  # it was taken in order, and once more
        came(replace(THEN, conversation="cnv_2"), CAME),
        {**came(THEN, CAME), "ordered": set()},
    ):
        assert not audit(replace(GOOD, **fine)).disordered


def test_what_is_not_known_is_told_and_forgiven() -> None:
    verdict = audit(replace(GOOD, stored=answered("unknown"), taken=Counter()))
    assert (verdict.unknown, verdict.passed) == ([ANSWER], True)


@pytest.mark.parametrize(
    ("happened", "why"),
    [
        ([Happened("worker-2", "kill", 9.0, 10.5), Happened("gateway-1", "pause", 11.0, 15.0)], "gateway-1 pause"),
        ([Happened("postgres", "crash", 60.0, 61.0)], None),
        ([Happened("valkey", "kill", 10.0, 11.0)], None),
    ],
)
def test_what_came_twice_is_explained_by_a_fault_in_between(happened: list[Happened], why: str | None) -> None:
    evidence = replace(GOOD, happened=happened, **came(CAME, AGAIN, THEN))
    assert audit(evidence).doubled == [Doubled("ep_1", 1, 10.0, 12.0, why)]


def test_what_came_twice_may_have_been_answered_too_late() -> None:
    late = replace(GOOD, unanswered=Counter({("ep_1", 1): 1}), happened=[], **came(CAME, AGAIN, THEN))
    assert [one.after for one in audit(late).doubled] == [LATE]
    refused = replace(late, **came(replace(CAME, taken=False), CAME, AGAIN, THEN))
    assert [one.after for one in audit(refused).doubled] == [None]


def report(evidence: Evidence) -> Report:
    course = Course(
        seed=7,
        seconds=10,
        settled_seconds=2,
        rate=5,
        posts=1,
        refused={503: 2},
        answers_refused={},
        starts={"worker-1": 2},
    )
    return Report(course, Plan([], []), evidence, audit(evidence))


def test_a_report_says_the_same_to_people_and_programs() -> None:
    told = report(replace(GOOD, stored=GOOD.stored[1:], **came(CAME, AGAIN, THEN)))
    assert (told.passed, told.as_json()["lost"], told.as_json()["named"]["Lost"]) == (
        False,
        1,
        [f"{LETTER} (twilio, acknowledged by gateway-1 at 1.0 s)"],
    )
    assert told.as_json()["doubled_after"] == {"worker-1 kill": 1}
    assert told.as_json()["course"]["refused"] == {"503": 2}
    for line in ("seed 7", "  1  lost", f"    {LETTER}", "1 after worker-1 kill", "FAILED"):
        assert line in told.as_text()
    assert "PASSED" in report(GOOD).as_text()


def test_a_run_in_which_nothing_was_acknowledged_has_not_passed() -> None:
    assert not report(replace(GOOD, acknowledged=[])).passed


def test_marks_tell_whose_a_text_is() -> None:
    assert strangers("alpha", f"from {LETTER} to {FOREIGN}") == [FOREIGN]
    assert isinstance(audit(Evidence()), Verdict)
