"""The limit of login tries."""

import pytest

from gateway.api.tries import MOST_KEYS, Tries
from gateway.problems import TooManyRequests


class Watch:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_the_window_slides() -> None:
    watch = Watch()
    tries = Tries(2, watch)
    tries.take("a")
    watch.seconds += 100
    tries.take("a")
    with pytest.raises(TooManyRequests) as refused:
        tries.take("a")
    assert refused.value.retry_after == 200
    watch.seconds += 200
    tries.take("a")
    with pytest.raises(TooManyRequests):
        tries.take("a")


def test_keys_do_not_share_their_tries() -> None:
    tries = Tries(1, Watch())
    tries.take("a")
    tries.take("b")
    with pytest.raises(TooManyRequests):
        tries.take("a")


def test_a_try_given_back_does_not_count() -> None:
    tries = Tries(1, Watch())
    for _ in range(5):
        tries.take("a")
        tries.give_back("a")
    tries.take("a")
    with pytest.raises(TooManyRequests):
        tries.take("a")


def test_the_number_of_keys_is_bounded() -> None:
    tries = Tries(1, Watch())
    for number in range(MOST_KEYS + 1):
        tries.take(str(number))
    tries.take("0")  # the one that was quiet longest was forgotten
    with pytest.raises(TooManyRequests):
        tries.take(str(MOST_KEYS))
