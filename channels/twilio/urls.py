"""The spellings of a webhook's URL that Twilio may have signed."""

import re
from collections.abc import Iterator

DEFAULT_PORTS = {"https": ":443", "http": ":80"}
PORT = re.compile(r":[0-9]*$")


def signed_urls(url: str) -> Iterator[str]:
    """Yield the URL as sent, then without its port, or with the default one added.

    User name and password are never signed, nor is the fragment, which holds connection settings. The rest stays as
    it is, byte for byte. https://www.twilio.com/docs/usage/security
    """
    scheme, separator, rest = url.partition("#")[0].partition("://")
    cut = min((at for mark in "/?" if (at := rest.find(mark)) >= 0), default=len(rest))
    host = rest[:cut].rpartition("@")[2]
    start, end = scheme + separator, rest[cut:]
    yield start + host + end
    bare = PORT.sub("", host)
    yield start + (bare if bare != host else host + DEFAULT_PORTS.get(scheme.lower(), "")) + end
