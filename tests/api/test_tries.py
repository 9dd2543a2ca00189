"""The limit of login tries."""

import pytest

from gateway.api.tries import MOST_KEYS, OwnTries
from gateway.problems import TooManyRequests


class Watch:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_the_window_slides() -> None:
    watch = Watch()
    tries = OwnTries(2, watch, 300)
    await tries.take("a")
    watch.seconds += 100
    await tries.take("a")
    with pytest.raises(TooManyRequests) as refused:
        await tries.take("a")
    assert refused.value.retry_after == 200
    watch.seconds += 200
    await tries.take("a")
    with pytest.raises(TooManyRequests):
        await tries.take("a")


async def test_keys_do_not_share_their_tries() -> None:
    tries = OwnTries(1, Watch(), 300)
    await tries.take("a")
    await tries.take("b")
    with pytest.raises(TooManyRequests):
        await tries.take("a")


async def test_a_try_given_back_does_not_count() -> None:
    tries = OwnTries(1, Watch(), 300)
    for _ in range(5):
        await tries.take("a")
        await tries.give_back("a")
    await tries.take("a")
    with pytest.raises(TooManyRequests):
        await tries.take("a")


async def test_the_number_of_keys_is_bounded() -> None:
    tries = OwnTries(1, Watch(), 300)
    for number in range(MOST_KEYS + 1):
        await tries.take(str(number))
    await tries.take("0")  # the one that was quiet longest was forgotten
    with pytest.raises(TooManyRequests):
        await tries.take(str(MOST_KEYS))
