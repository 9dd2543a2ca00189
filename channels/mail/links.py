"""Links that show one host and lead to another."""

import re
from urllib.parse import urlsplit

SHOWN = re.compile(r"(?:https?://)?((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})(?:[:/?#]\S{0,500})?", re.IGNORECASE)
LONGEST = 600


def misleads(address: str, text: str) -> bool:
    """Tell whether a link's text names a host that the link does not lead to; ``www.`` and subdomains are the same."""
    shown = SHOWN.fullmatch(text.strip()[:LONGEST])
    target = _host(address.strip()[:4000])
    if shown is None or not target:
        return False
    named = shown[1].lower().removeprefix("www.")
    return target != named and not target.endswith(f".{named}") and not named.endswith(f".{target}")


def _host(address: str) -> str:
    if not address.lower().startswith(("http://", "https://")):
        return ""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
