"""Headers that a tenant adds to its deliveries: none that says who we are, what is sent, or what we have signed.

Names and values are those of RFC 9110 section 5, the values in ASCII.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from gateway.problems import Fault

MOST = 20
#: Of all names and values of a set together.
MOST_BYTES = 4096

HeaderName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
HeaderValue = Annotated[str, Field(max_length=MOST_BYTES, pattern=r"^([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?$")]

#: What belongs to the connection, frames the message, or is what the sender says of itself.
OURS = frozenset(
    {
        "accept-encoding",
        "alt-svc",
        "connection",
        "date",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "max-forwards",
        "origin",
        "range",
        "referer",
        "set-cookie",
        "stripe-signature",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
        "x-hub-signature",
        "x-hub-signature-256",
    }
)
#: What proxies say of a request's way, and believe of each other.
OF_PROXIES = frozenset(
    {
        "cf-connecting-ip",
        "fastly-client-ip",
        "true-client-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-host",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-host",
        "x-original-url",
        "x-real-ip",
        "x-rewrite-url",
    }
)
#: What services inside a network ask for, as a proof that nobody was talked into calling them.
OF_INSIDE = frozenset(
    {
        "metadata",
        "metadata-flavor",
        "x-google-metadata-request",
        "x-identity-header",
        "x-vault-request",
    }
)
REFUSED = OURS | OF_PROXIES | OF_INSIDE
REFUSED_BEGINNINGS = (
    "access-control-",
    "content-",
    "if-",
    "postgate-",
    "proxy-",
    "sec-",
    "svix-",
    "webhook-",
    "x-aws-ec2-metadata-",
    "x-forwarded-",
)
#: What proves who somebody is: shown to nobody, so that it has its place in ``auth``.
CREDENTIALS = frozenset({"authorization", "cookie"})


def header_faults(names: Iterable[str], place: str, *, secret: bool) -> list[Fault]:
    """Say which of a set of headers may not be sent along.

    Args:
        names: as they were entered.
        place: a JSON pointer to the set.
        secret: whether their values are kept secret.
    """
    found: dict[str, str] = {}
    faults = []
    for name in names:
        small = name.lower()
        pointer = pointer_to(place, name)
        if small in REFUSED or small.startswith(REFUSED_BEGINNINGS):
            faults.append(Fault("body", pointer, "the gateway sets this header by itself, or nobody may"))
        elif small in CREDENTIALS and not secret:
            faults.append(Fault("body", pointer, "this is a login: enter it as auth"))
        elif small in found:
            faults.append(Fault("body", pointer, f"this is the same header as {found[small]}"))
        found.setdefault(small, name)
    return faults


def size_faults(headers: Mapping[str, str], place: str) -> list[Fault]:
    """Say whether a set of headers is too large."""
    size = sum(len(name) + len(value) for name, value in headers.items())
    return [Fault("body", place, f"all of them together may have {MOST_BYTES} bytes")] if size > MOST_BYTES else []


def pointer_to(place: str, name: str) -> str:
    """Return a JSON pointer (RFC 6901) to a header of a set."""
    return f"{place}/{name.replace('~', '~0')}"
