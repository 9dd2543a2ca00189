"""When a message that was refused for now is tried again. Pure."""

from channels.outbound import Refused

#: Seconds between attempts; after the last one the message has failed.
WAITS = (2.0, 5.0, 15.0, 30.0, 60.0, 120.0)
#: Adds up to this part of each wait, so that not all come at once.
JITTER = 0.25
#: Whoever is told to come more slowly is not at fault: so long it goes on.
THROTTLED_SECONDS = 3600.0


def next_wait(refused: Refused, attempts: int, age_seconds: float, chance: float, *, throttled: bool) -> float | None:
    """Return how many seconds to wait before the next attempt; None to give up.

    Args:
        refused: what the provider said to the last one.
        attempts: how many there were, at least one.
        age_seconds: since the message was queued.
        chance: a random number from 0 to 1.
        throttled: whether the provider only said that there were too many.
    """
    asked = refused.retry_after or 0.0
    if throttled:
        if age_seconds + asked > THROTTLED_SECONDS:
            return None
        wait = WAITS[min(attempts, len(WAITS)) - 1]
    elif not refused.retryable or attempts > len(WAITS):
        return None
    else:
        wait = WAITS[attempts - 1]
    return max(asked, wait) + wait * JITTER * chance
