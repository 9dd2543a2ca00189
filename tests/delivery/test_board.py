"""Whose turn it is."""

from uuid import UUID

from gateway.delivery.board import Board
from gateway.delivery.lane import LONG_AGO, Health, Lane, Owed, Terms

TERMS = Terms(1, serves=True, gone=False, steps=(0,), max_in_flight=256, per_second=None, ordered=False)


def test_tenants_that_hang_leave_something_for_another() -> None:
    board, now = Board(), 0.0
    for tenant in range(6):
        lane = Lane(UUID(int=tenant), UUID(int=tenant), UUID(int=1), Health(256.0, 0, LONG_AGO, None), TERMS)
        ids = (UUID(int=1000 * tenant + one) for one in range(300))
        lane.load((Owed(one, "event", one, "a.b", 1, None, None, 0, 0, None, 0.0, b"") for one in ids), 300, 0.0)
        board.add(lane, now)
        begun = 0
        for _ in range(20):  # nothing of it ever ends
            now += 1.0
            begun += len(list(board.turns(now)))
        assert begun > 0
