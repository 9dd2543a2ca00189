"""What an answer means."""

from datetime import UTC, datetime

import pytest

from gateway.delivery.verdict import Outcome, judge

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "asked", ["Mon, 01 Jan 2026 99999999999999999999:00:00 GMT", "1 Jan 2026 0:0:0 +9999999999999", "0"]
)
def test_a_wait_that_means_none_is_a_failure_as_any_other(asked: str) -> None:
    assert judge(429, None, None, asked, NOW).outcome is Outcome.FAILURE
