"""How long a provider asks us to wait."""

from channels.http import HttpResponse

LONGEST_SECONDS = 24 * 3600.0


def retry_after(response: HttpResponse) -> float | None:
    """Return the seconds of a ``Retry-After`` header (RFC 9110), at most a day.

    None when there is none, or when it is a date: that needs a clock, and no provider here is known to send one.
    """
    value = response.headers.get("retry-after").strip()
    if not (value.isascii() and value.isdigit()):
        return None
    return min(float(value), LONGEST_SECONDS)
