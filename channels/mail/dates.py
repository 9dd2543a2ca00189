"""The Date header: the sender's claim, in UTC, or nothing."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

YEAR_WITH_ZERO = re.compile(r"\s0\d{3}\s")
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


def moment(value: str | None) -> datetime | None:
    """Read an RFC 5322 date; None when it is missing, impossible or before 1980."""
    text = (value or "").strip()[:200]
    if YEAR_WITH_ZERO.search(text):
        return None  # it would be taken for a year of this century
    try:
        read = parsedate_to_datetime(text)
        utc = (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return utc if utc >= EARLIEST else None
