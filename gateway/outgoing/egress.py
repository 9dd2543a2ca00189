"""Which addresses may be called. Tenants and strangers name hosts; none of them may lead into the networks inside.

``ipaddress.is_global`` is not asked: it calls dozens of addresses global that are not, and what it says has changed
between Python versions. The lists are IANA's registries of special-purpose addresses (RFC 6890, kept at
https://www.iana.org/assignments/iana-ipv4-special-registry and …-ipv6-special-registry), and what else no provider
can have.
"""

from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from gateway.outgoing.target import is_number

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
#: An address in its usual spelling, and a port of it.
Endpoint = tuple[str, int]

#: Blocked, each with the reason that is told.
IPV4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by carriers"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's own service"),
        ("169.254.0.0/16", "link-local"),  # the metadata services of most clouds
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "multicast relays"),
        ("192.88.99.0/24", "6to4 relays"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarks"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
IPV6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("::/128", "this network"),
        ("::1/128", "loopback"),
        ("64:ff9b:1::/48", "translated inside"),  # NAT64 to private addresses, RFC 8215
        ("100::/64", "discarded"),
        ("100:0:0:1::/64", "dummy"),
        ("2001::/23", "protocol assignments"),  # benchmarks, ORCHIDs, relays, drones; Teredo is unwrapped before
        ("2001:db8::/32", "documentation"),
        ("2620:4f:8000::/48", "AS112"),
        ("3ffe::/16", "reserved"),
        ("3fff::/20", "documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),  # also the metadata services of AWS, Google and Oracle
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
#: The only part of IPv6 that is given out (https://www.iana.org/assignments/ipv6-address-space).
GIVEN_OUT = IPv6Network("2000::/3")

LAST_32 = 0
#: IPv6 networks whose addresses lead to an IPv4 address, and how far from the right that begins, in bits.
WRAPPING: tuple[tuple[IPv6Network, int], ...] = (
    (IPv6Network("::ffff:0:0/96"), LAST_32),  # mapped, RFC 4291 section 2.5.5.2
    (IPv6Network("::ffff:0:0:0/96"), LAST_32),  # translated, RFC 2765 section 2.1
    (IPv6Network("::/96"), LAST_32),  # compatible, RFC 4291 section 2.5.5.1
    (IPv6Network("64:ff9b::/96"), LAST_32),  # NAT64, RFC 6052 section 2.1
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056 section 2
)
NOT_COMPATIBLE = (0, 1)  # :: and ::1
TEREDO = IPv6Network("2001::/32")  # RFC 4380 section 4: server, and client with its bits inverted
ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214 section 6.1: before the last 32 bits, in any network
ALL_ONES = 0xFFFFFFFF
#: Last labels of names that are never public: RFC 6761, RFC 6762 section 3 and appendix G, RFC 7686, RFC 9476, what
#: ICANN keeps free (internal, corp, home, mail), and what routers and clusters call their own. Neither is home.arpa
#: (RFC 8375), nor a name without a dot: search domains make it one of the network that the caller is in.
NAMES_INSIDE = frozenset(
    ("alt", "cluster", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain",
     "localdomain6", "localhost", "localhost6", "mail", "onion", "private")
)  # fmt: skip


class AddressBlocked(OSError):
    """An address that is not to be called. An ``OSError``, as everything is that keeps a connection from being made."""


class Guard:
    """Decides which addresses may be called.

    Args:
        allowed: networks that may be called although they are blocked for everybody else: the operator's choice.
        public: False to allow nothing but those networks.
        endpoints: single ports of single addresses that may be called as well, under no other name.
    """

    def __init__(
        self, allowed: Sequence[Network] = (), *, public: bool = True, endpoints: Collection[Endpoint] = ()
    ) -> None:
        self._allowed = tuple(allowed)
        self._public = public
        self._endpoints = frozenset(endpoints)

    def refusal(self, text: str, port: int | None = None) -> str | None:
        """Return why an address may not be called, at a port if that is known; None when it may."""
        if self._is_chosen(text, port):
            return None
        address = _parsed(text)
        if address is None:
            return "no address"
        return blocked(address) if self._public else "not among the allowed networks"

    def require(self, host: str, addresses: Sequence[str], port: int | None = None) -> None:
        """Check what a name means. One bad address refuses all: the others may only be there to get it through.

        Raises:
            AddressBlocked: naming the host, and never more about what is inside than that.
        """
        if (objection := self.objection(host, addresses, port)) is not None:
            raise AddressBlocked(objection)

    def objection(self, host: str, addresses: Sequence[str], port: int | None = None) -> str | None:
        """Return the sentence that ``require`` refuses with; None when the host may be called."""
        for address in addresses:
            if (reason := self.refusal(address, port)) is not None:
                return f"{host} must not be called: its address is blocked ({reason})"
        if not addresses:
            return f"{host} has no address"
        if is_inside(host) and not all(self._is_chosen(address, port) for address in addresses):
            return f"{host} must not be called: it is a name for something inside"
        return None

    def _is_chosen(self, text: str, port: int | None) -> bool:
        """Tell whether the operator allowed an address, in whatever form."""
        if (text, port) in self._endpoints:
            return True
        address = _parsed(text)
        return address is not None and (self._is_allowed((address,)) or self._is_allowed(wrapped(address)))

    def _is_allowed(self, addresses: Sequence[Address]) -> bool:
        """Tell whether all are in networks that the operator allowed; nothing is not all."""
        return bool(addresses) and all(
            any(address.version == network.version and address in network for network in self._allowed)
            for address in addresses
        )


def is_inside(host: str) -> bool:
    """Tell whether a name can only mean something inside, whatever address it has; an address is no name."""
    *_, before, last = ["", *host.lower().removesuffix(".").split(".")]
    if ":" in host or is_number(last):
        return False
    return not before or last in NAMES_INSIDE or (before, last) == ("home", "arpa")


def _parsed(text: str) -> Address | None:
    address, scoped, _ = text.partition("%")  # such as %eth0, which IPv4 has not (RFC 4007 section 11)
    try:
        return IPv6Address(address) if scoped else ip_address(address)
    except ValueError:
        return None


def blocked(address: Address) -> str | None:
    """Return why an address is not one of the public internet, None when it is."""
    if isinstance(address, IPv4Address):
        return next((reason for network, reason in IPV4 if address in network), None)
    inner = wrapped(address)
    inside = next((reason for one in inner if (reason := blocked(one)) is not None), None)
    if inside is not None:
        return f"{inside}, inside an IPv6 address"
    if inner and any(address in network for network in (TEREDO, *(network for network, _ in WRAPPING))):
        return None
    reason = next((reason for network, reason in IPV6 if address in network), None)
    return reason if reason is not None or address in GIVEN_OUT else "not given out"


def wrapped(address: Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 addresses that an IPv6 address leads to or through."""
    if isinstance(address, IPv4Address):
        return ()
    number = int(address)
    last = number & ALL_ONES
    if number in NOT_COMPATIBLE:
        return ()
    if address in TEREDO:
        return IPv4Address(number >> 64 & ALL_ONES), IPv4Address(last ^ ALL_ONES)
    found = [IPv4Address(number >> shift & ALL_ONES) for network, shift in WRAPPING if address in network]
    if number >> 32 & ALL_ONES in ISATAP:
        found.append(IPv4Address(last))
    return tuple(found)
