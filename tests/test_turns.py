"""A queue in rows: order within each, and no row waits for the end of another."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from gateway.turns import Turns


def test_one_that_waits_comes_second_to_a_thousand() -> None:
    turns: Turns[str, int] = Turns()
    for number in range(1000):
        turns.put("noisy", number)
    turns.put("quiet", 0)
    assert turns.peek() == 0
    assert [turns.take() for _ in range(3)] == [0, 0, 1]
    assert turns.waiting("quiet") == 0
    assert turns.waiting("noisy") == len(turns) == 998


@given(st.lists(st.one_of(st.none(), st.sampled_from("abc"))))
def test_nothing_is_lost_and_each_row_keeps_its_order(steps: list[str | None]) -> None:
    turns: Turns[str, tuple[str, int]] = Turns()
    put: dict[str, list[int]] = defaultdict(list)
    taken: dict[str, list[int]] = defaultdict(list)
    for number, key in enumerate(steps):
        if key is not None:
            turns.put(key, (key, number))
            put[key].append(number)
        elif turns:
            first = turns.peek()
            assert turns.take() == first
            taken[first[0]].append(first[1])
    for key, told in turns.take_all():
        taken[key].append(told)
    assert taken == put
    assert len(turns) == 0
