"""The Date header: the sender's claim, in UTC, or nothing."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)


def moment(value: str | None) -> datetime | None:
    """Read an RFC 5322 date; None when it is missing, impossible or before 1980."""
    try:
        read = parsedate_to_datetime((value or "").strip()[:200])
        utc = (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return utc if utc >= EARLIEST else None
