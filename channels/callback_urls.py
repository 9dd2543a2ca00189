"""Our own words in the URL that a provider is to call about a message that we sent.

What a status does not say itself (our sender, the channel) comes back in the query of its URL.
"""

from urllib.parse import parse_qs, urlencode

from channels.http import HttpRequest


def tagged(url: str, **fields: str | None) -> str:
    """Return a URL with further query fields; those without a value are left out."""
    query = urlencode({name: value for name, value in fields.items() if value}, errors="replace")
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def tag_of(request: HttpRequest, name: str) -> str | None:
    """Return one of those fields; None when it is missing or blank."""
    try:
        values = parse_qs(request.query, max_num_fields=100).get(name)
    except ValueError:
        return None
    return values[0] if values else None
