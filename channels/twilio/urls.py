"""The spellings of a webhook's URL that Twilio may have signed."""

import re
from collections.abc import Sequence

DEFAULT_PORTS = {"https": ":443", "http": ":80"}
PORT = re.compile(r":[0-9]*$")


def signed_urls(url: str) -> Sequence[str]:
    """Return the URL as sent, then without its port, or with the default one added.

    User name and password are never signed, nor is the fragment, which holds connection settings. The rest stays as
    it is, byte for byte. https://www.twilio.com/docs/usage/security
    """
    scheme, separator, rest = url.partition("#")[0].partition("://")
    cut = min((at for mark in "/?" if (at := rest.find(mark)) >= 0), default=len(rest))
    host = rest[:cut].rpartition("@")[2]
    bare = PORT.sub("", host)
    other = bare if bare != host else host + DEFAULT_PORTS.get(scheme.lower(), "")
    return tuple(f"{scheme}{separator}{name}{rest[cut:]}" for name in dict.fromkeys((host, other)))


def query_of(url: str) -> str:
    """Return the query as sent, still percent-encoded."""
    return url.partition("#")[0].partition("?")[2]
