"""What an endpoint's answer means for the delivery and for the endpoint. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

#: Nobody holds a delivery back for longer by asking for it, in seconds.
LONGEST_WAIT = 24 * 3600.0
LIMITING = frozenset({429, 503})
#: The receiver was too slow: less at a time may help it.
SLOW = frozenset({"timeout", "connect_timeout"})


class Outcome(Enum):
    """How an attempt ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    #: The receiver asked the whole endpoint to wait.
    LIMITED = "limited"
    #: The receiver wants nothing any more (410).
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an attempt came to.

    Attributes:
        outcome: see there.
        error_kind: a stable word; None of a success.
        error: in words; None of a success.
        wait: the seconds that a limiting receiver asked for.
        slow: whether the receiver took too long.
    """

    outcome: Outcome
    error_kind: str | None = None
    error: str | None = None
    wait: float = 0.0
    slow: bool = False


SUCCESS = Verdict(Outcome.SUCCESS)


def judge(
    status: int | None, error_kind: str | None, error: str | None, retry_after: str | None, now: datetime
) -> Verdict:
    """Say what an answer means, or that there was none.

    Args:
        status: of HTTP; None without an answer.
        error_kind: why there was none.
        error: the same in words.
        retry_after: the header as it came.
        now: the clock, for a header that names a date.
    """
    if status is None:
        return Verdict(Outcome.FAILURE, error_kind, error, slow=error_kind in SLOW)
    if 200 <= status < 300:
        return SUCCESS
    if status == 410:
        return Verdict(Outcome.GONE, "gone", "the receiver answered 410: it wants no more events")
    if 300 <= status < 400:
        return Verdict(Outcome.FAILURE, "redirect", f"the receiver answered {status}: redirects are not followed")
    wait = asked_wait(retry_after, now)
    if status in LIMITING and wait:  # one that asks for none may come again as any failure does, and no sooner
        words = f"the receiver answered {status} and asked to wait for {wait:.0f} s"
        return Verdict(Outcome.LIMITED, "limited", words, wait=wait)
    return Verdict(Outcome.FAILURE, "status", f"the receiver answered {status}", slow=status in LIMITING)


def asked_wait(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for (RFC 9110 section 10.2.3); None when it says nothing."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)
