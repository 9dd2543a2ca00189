"""Judge a URL before anybody calls it: may it be registered, and would the guard let a call through to it?"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from gateway.outgoing.egress import Guard
from gateway.outgoing.target import Target, UrlUnusable, target_of

PLAIN = "plain http is for networks that the operator allowed (POSTGATE_ALLOW_PRIVATE)"
LATE = "was not looked up in time: try again in a minute"
#: Tells the addresses of a name in ASCII, unguarded; raises ``TimeoutError`` when nobody told them in time, and another
#: ``OSError`` when it has none.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class UrlVerdict:
    """What becomes of a URL.

    Attributes:
        url: as it was given.
        verdict: rejected: nobody may register it. blocked: it leads where nothing may be called.
        reason: why it isn't allowed, as a short sentence; it names no address.
        addresses: what the host means, in the usual spelling. Not for tenants: they would see what is inside.
    """

    url: str
    verdict: Literal["allowed", "blocked", "rejected"]
    reason: str | None = None
    addresses: tuple[str, ...] = ()


async def judge(url: str, guard_https: Guard, guard_http: Guard, resolve: Resolve) -> UrlVerdict:
    """Judge a URL as it is now: what its name means may change, so every call is guarded again.

    Args:
        guard_https: guards calls by https.
        guard_http: guards calls by plain http; it lets through what the operator allowed and nothing else.
        resolve: looks names up; addresses are not looked up.
    """
    try:
        target = target_of(url)
    except UrlUnusable as error:
        return UrlVerdict(url, "rejected", f"{error}")
    try:
        addresses = target.literals or await _resolved(target, resolve)
    except TimeoutError:
        return UrlVerdict(url, "rejected" if target.scheme == "http" else "blocked", f"{target.host} {LATE}")
    if target.zone:
        return UrlVerdict(url, "blocked", "an address with a zone is one inside", addresses)
    if target.scheme == "http":
        if guard_http.objection(target.host, addresses, target.port) is None:
            return UrlVerdict(url, "allowed", None, addresses)
        return UrlVerdict(url, "rejected", PLAIN, addresses)
    reason = guard_https.objection(target.host, addresses, target.port)
    return UrlVerdict(url, "allowed" if reason is None else "blocked", reason, addresses)


async def _resolved(target: Target, resolve: Resolve) -> tuple[str, ...]:
    try:
        found = await resolve(target.host)
    except TimeoutError:
        raise
    except OSError:
        return ()
    return tuple(dict.fromkeys(_usual(address) for address in found))


def _usual(address: str) -> str:
    """Return an address in its usual spelling; what is none stays as it is, and is refused by the guard."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address
