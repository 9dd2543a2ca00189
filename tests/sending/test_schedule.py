"""When a refused message is tried again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.outbound import Refused
from gateway.sending.schedule import JITTER, THROTTLED_SECONDS, WAITS, next_wait

LATER = Refused("busy", "Busy.", retryable=True)
ASKED = Refused("busy", "Busy.", retryable=True, retry_after=40.0)
NEVER = Refused("no", "No.", retryable=False)


@pytest.mark.parametrize(
    ("refused", "attempts", "age", "throttled", "expected"),
    [
        (LATER, 1, 0, False, 2.0),
        (LATER, 3, 10, False, 15.0),
        (LATER, 6, 200, False, 120.0),
        (LATER, 7, 300, False, None),
        (ASKED, 1, 0, False, 40.0),
        (ASKED, 6, 0, False, 120.0),
        (NEVER, 1, 0, False, None),
        (LATER, 40, 600, True, 120.0),
        (ASKED, 1, 0, True, 40.0),
        (NEVER, 1, 0, True, 2.0),  # 429 with whatever code: there were too many, and that passes
        (LATER, 40, THROTTLED_SECONDS + 1, True, None),
        (ASKED, 1, THROTTLED_SECONDS - 1, True, None),
    ],
)
def test_waits_grow_and_end(
    refused: Refused, attempts: int, age: float, throttled: bool, expected: float | None
) -> None:
    assert next_wait(refused, attempts, age, 0.0, throttled=throttled) == expected


@given(st.integers(1, 100), st.floats(0, 10_000), st.floats(0, 1), st.booleans(), st.none() | st.floats(0, 86_400))
def test_nobody_comes_earlier_than_asked_and_chance_adds_little(
    attempts: int, age: float, chance: float, throttled: bool, asked: float | None
) -> None:
    refused = Refused("busy", "Busy.", retryable=True, retry_after=asked)
    wait = next_wait(refused, attempts, age, chance, throttled=throttled)
    if wait is not None:
        assert wait >= max(asked or 0.0, min(WAITS))
        assert wait <= max(asked or 0.0, *WAITS) + JITTER * max(WAITS)
