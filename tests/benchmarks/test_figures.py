"""Rounds become lines, lines become a table and JSON."""

import orjson
import pytest

from benchmarks.__main__ import as_json
from benchmarks.percentiles import percentile
from benchmarks.results import Goal, Line, Round, compared, counted
from benchmarks.table import number, table

ROUNDS = [Round(40.0, 100.0), Round(60.0, 90.0), Round(50.0, 80.0)]


def line(goal: Goal | None = None, *, quiet: bool = False) -> Line:
    """Three rounds, summarised."""
    return compared(1, "a ÷ b", "1/s", ROUNDS, goal, quiet=quiet, note="seen by the way")


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)])
def test_a_percentile_is_one_of_the_samples(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_one_sample_is_every_percentile() -> None:
    assert [percentile([7.0], share) for share in (0, 0.5, 1)] == [7.0, 7.0, 7.0]


def test_no_samples_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 0.5)


def test_usually_each_side_counts_with_its_median() -> None:
    assert (line().ours, line().limit, line().ratio) == (50.0, 90.0, 50 / 90)


def test_a_quiet_figure_is_the_best_of_each_side_whatever_good_means() -> None:
    rates = line(Goal(0.5), quiet=True)
    costs = line(Goal(0.5, at_least=False), quiet=True)
    assert (rates.ours, rates.limit) == (60.0, 100.0)
    assert (costs.ours, costs.limit) == (40.0, 80.0)


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(0.5), True),
        (Goal(0.6), False),
        (Goal(0.6, at_least=False), True),
        (Goal(0.5, at_least=False), False),
        (None, None),
    ],
)
def test_a_goal_is_met_from_its_own_side(goal: Goal | None, met: bool | None) -> None:
    assert line(goal).met is met


@pytest.mark.parametrize(("faults", "met"), [(0, True), (1, False)])
def test_a_count_must_be_nought(faults: int, met: bool) -> None:
    found = counted(13, "faults", "count", [{"holes": faults}], faults, "")
    assert (found.ratio, found.met) == (faults, met)


def test_json_holds_what_readers_rely_on() -> None:
    (row,) = orjson.loads(as_json([line(Goal(0.45))]))["rows"]
    assert {
        "row": 1,
        "name": "a ÷ b",
        "ours": 50.0,
        "limit": 90.0,
        "ratio": 50 / 90,
        "goal": 0.45,
    }.items() <= row.items()
    assert row["goal_is"] == "at least"
    assert row["met"] is True
    assert row["rounds"][0] == {"ours": 40.0, "limit": 100.0, "ratio": 0.4}


def test_json_of_a_line_without_a_goal() -> None:
    (row,) = orjson.loads(as_json([line()]))["rows"]
    assert (row["goal"], row["goal_is"], row["met"]) == (None, None, None)


def test_the_table_is_aligned_and_says_whether_goals_are_met() -> None:
    written = table([line(Goal(0.6)), line(Goal(1, at_least=False)), line()]).splitlines()
    assert " ".join(written[0].split()) == "row name unit ours limit ratio goal met ratio of each round"
    assert " ".join(written[2].split()) == "1 a ÷ b 1/s 50.0 90.0 0.56 ≥ 0.6 NO 0.40 0.67 0.62"
    assert "≤ 1    yes" in written[3]
    assert len({row.index("1/s") for row in written[2:5]}) == 1
    assert written[-1] == "1: seen by the way"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.456, "0.46"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12,346")]
)
def test_numbers_have_about_three_digits(value: float, text: str) -> None:
    assert number(value) == text
