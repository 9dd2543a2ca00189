"""The rules of delivering, tried over days and hundreds of endpoints with a played clock."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.board import MOST_IN_FLIGHT
from gateway.delivery.lane import LONG_AGO, NEVER, Health, Lane
from tests.delivery.simulation import (
    FLAPPING,
    HANGING,
    HEALTHY,
    LIMITING,
    SLOW,
    START,
    STEPS,
    Behaviour,
    Simulation,
    orders,
)

KINDS = (HEALTHY, SLOW, HANGING, FLAPPING, LIMITING)
DAY = 86400.0


def hundreds(hanging: int) -> list[tuple[int, Behaviour, bool, int, int]]:
    """Describe 200 healthy endpoints of 20 tenants, and some that hang, of a tenant of their own."""
    return [(tenant, HEALTHY, False, 10, 4) for tenant in range(20) for _ in range(10)] + [
        (99, HANGING, False, 200, 4) for _ in range(hanging)
    ]


def test_endpoints_that_hang_do_not_move_the_others() -> None:
    alone, beside = Simulation(1, hundreds(0)), Simulation(1, hundreds(100))
    for one in (alone, beside):
        one.run(600)
        assert all(row.status == "SUCCESS" for played in one.of("healthy") for row in played.rows.values())
    undisturbed, disturbed = alone.waits("healthy"), beside.waits("healthy")
    assert len(disturbed) == 2000
    # 256 may be under way, and the tenant whose endpoints hang has half of them at most.
    assert disturbed[-1] <= undisturbed[-1] * 256 / (256 - 128) + 0.1


def test_a_tenant_with_many_endpoints_leaves_turns_to_one_with_few() -> None:
    played = Simulation(2, [(0, HEALTHY, False, 50, 1)] * 100 + [(1, HEALTHY, False, 5, 1)])
    played.run(600)
    few, many = ([one for one in played.played.values() if (len(one.rows) == 5) is small] for small in (True, False))
    last = max(moment for moment, _ in few[0].arrived)
    before = sum(moment <= last for one in many for moment, _ in one.arrived)
    assert before <= 5_000 / 20, "it was done before a twentieth of the other's was"


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    endpoints=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(KINDS), st.booleans(), st.integers(1, 40), st.integers(1, 6)),
        min_size=1,
        max_size=40,
    ),
)
def test_nothing_is_lost_doubled_or_out_of_order(
    seed: int, endpoints: list[tuple[int, Behaviour, bool, int, int]]
) -> None:
    played = Simulation(seed, endpoints)
    played.run(30 * DAY)
    assert played.board.in_flight == 0
    for endpoint in played.played.values():
        assert endpoint.most_at_once <= endpoint.lane.terms.max_in_flight <= MOST_IN_FLIGHT
        for row in endpoint.rows.values():
            assert played.records[row.owed.id] <= 1, "an end is written once"
            if endpoint.behaviour is HANGING:
                assert row.tries <= len(STEPS)
            elif endpoint.behaviour is not FLAPPING:
                assert row.status == "SUCCESS"
            assert (row.status in {"SUCCESS", "FAILED"}) == (row.due is None) == (played.records[row.owed.id] == 1)
        if endpoint.lane.terms.ordered:
            for conversation in orders(endpoint).values():
                assert conversation == sorted(conversation)


def test_an_endpoint_that_fails_is_tried_ever_more_rarely_and_comes_back() -> None:
    hour = 3600.0
    healing = Behaviour("healing", lambda t, _chance: (0.02, 200 if t > hour else 503, None))
    played = Simulation(3, [(0, healing, False, 500, 10)])
    played.run(hour)
    [endpoint] = played.played.values()
    assert len(endpoint.arrived) < 40, "held, not hammered"
    played.run(2 * hour)
    assert all(row.status == "SUCCESS" for row in endpoint.rows.values()), "held, not dropped"


def test_a_limit_moves_the_whole_endpoint_and_costs_no_attempt() -> None:
    limited = Behaviour("limited", lambda t, _chance: (0.02, 429, "600") if t < 500 else (0.02, 200, None))
    played = Simulation(4, [(0, limited, False, 100, 10)])
    played.run(590)
    [endpoint] = played.played.values()
    assert len(endpoint.arrived) <= 4, "as many as were under way at once"
    assert all(row.tries == 0 for row in endpoint.rows.values())
    played.run(100)
    assert all(row.status == "SUCCESS" for row in endpoint.rows.values())


def test_what_comes_while_it_is_looked_for_is_looked_for_again() -> None:
    played = Simulation(5, [(0, HEALTHY, False, 1, 1)])
    [(lane, wanted)] = played.board.hungry(played.now)
    lane.hungry = True  # one more is owed since the look began
    lane.load([], wanted, float("inf"))
    played.board.note(lane, played.now)
    assert played.board.is_hungry


def test_a_new_endpoint_gets_no_more_at_a_time_than_it_was_set_up_for() -> None:
    [played] = Simulation(6, [(0, HEALTHY, False, 3, 3)]).played.values()
    terms = replace(played.lane.terms, max_in_flight=2)
    lane = Lane(UUID(int=1), UUID(int=2), UUID(int=3), Health(4.0, 0, LONG_AGO, None), terms)
    lane.load([row.owed for row in played.rows.values()], 8, NEVER)
    for _ in range(2):
        lane.start(START)
    assert not lane.startable(START)
