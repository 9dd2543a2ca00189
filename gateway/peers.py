"""Which computer a request comes from, also behind the operator's own proxies."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

#: Whoever has one IPv6 address has a whole network of this size.
IPV6_PREFIX = 64

Network = IPv4Network | IPv6Network


def peer_of(request: web.Request, proxies: Sequence[Network]) -> str:
    """Name the computer that a request comes from, for counting: an IPv4 address, or an IPv6 network.

    Args:
        request: its ``X-Forwarded-For`` counts as far as proxies of the operator wrote it, from the right.
        proxies: the operator's.
    """
    address = _nearest(request, proxies)
    return "-" if address is None else _shown(address)


def counted(text: str) -> str:
    """Name the computer that has an address, for counting; see ``peer_of``."""
    address = _read(text)
    return "-" if address is None else _shown(address)


def address_of(request: web.Request, proxies: Sequence[Network]) -> str | None:
    """Return the address that a request comes from, whole; None when there is none, as with a socket of a file."""
    address = _nearest(request, proxies) if proxies else _read(request.remote or "")
    return None if address is None else _whole(address)


def _nearest(request: web.Request, proxies: Sequence[Network]) -> IPv4Address | IPv6Address | None:
    """Return the first address, from here on, that is none of the operator's proxies."""
    found = None
    for text in _hops(request):
        address = _read(text)
        if address is None:
            break
        found = address
        if not any(address in network for network in proxies if network.version == address.version):
            break
    return found


def _hops(request: web.Request) -> Iterator[str]:
    """Return the nearest hop first."""
    yield request.remote or ""
    for line in reversed(request.headers.getall("X-Forwarded-For", [])):
        yield from (hop.strip() for hop in reversed(line.split(",")))


@lru_cache(4096)  # the same few computers ask again and again
def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


@lru_cache(4096)
def _whole(address: IPv4Address | IPv6Address) -> str:
    return str(address)


def _shown(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, IPV6_PREFIX), strict=False))
