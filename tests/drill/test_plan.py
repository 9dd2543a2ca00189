"""Plans are drawn from their seeds: always the same, and each with enough of everything."""

from tests.drill.plan import HARMS, LONGEST_MOOD, MOODS, QUIET_FROM, SLEEP_SECONDS, TO_WORKERS, draw

ENDPOINTS = [("alpha", "ordered"), ("bravo", "moody")]


def test_the_same_seed_draws_the_same_plan_and_another_one_another() -> None:
    assert draw(4, 60, ENDPOINTS) == draw(4, 60, ENDPOINTS)
    assert draw(4, 60, ENDPOINTS) != draw(5, 60, ENDPOINTS)


def test_even_a_short_run_breaks_many_things_in_different_ways() -> None:
    for seed in range(50):
        plan = draw(seed, 8, ENDPOINTS)
        kinds = {(fault.target.partition("-")[0], fault.kind) for fault in plan.faults}
        assert len(kinds) == len(plan.faults) >= 6
        assert kinds <= set(HARMS)
        assert len(plan.moods) == len(MOODS)
        assert [fault.at for fault in plan.faults] == sorted(fault.at for fault in plan.faults)
        assert plan.faults[-1].at <= 8 * QUIET_FROM
        assert max(fault.seconds for fault in plan.faults) <= 2


def test_a_long_run_does_everything_to_everything_and_lets_processes_outsleep_their_leases() -> None:
    plan = draw(1, 600, ENDPOINTS, workers=True)
    done = {(fault.target, fault.kind) for fault in plan.faults}
    assert done >= set(TO_WORKERS)
    assert {(target.partition("-")[0], kind) for target, kind in done - set(TO_WORKERS)} == set(HARMS)
    assert {"gateway-1", "gateway-2", "worker-1", "worker-2"} < {fault.target for fault in plan.faults}
    assert any(SLEEP_SECONDS[0] <= fault.seconds <= SLEEP_SECONDS[1] for fault in plan.faults)
    assert {mood.kind for mood in plan.moods} == set(MOODS)
    assert max(mood.seconds for mood in plan.moods) <= LONGEST_MOOD
