"""Where a URL leads, read more strictly than clients read it: what two of them might take differently is refused."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from yarl import URL

LONGEST_URL = 2048
LONGEST_HOST = 253
PORTS = {"https": 443, "http": 80}
HIGHEST_PORT = 65535
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
ENCODED = "xn--"  # a label in another script, RFC 5890 section 2.3.2.1
PORT = re.compile(r"[0-9]{1,5}")
#: What makes a name's last label a number, and the name an address (https://url.spec.whatwg.org/#ends-in-a-number-checker).
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
IPV4_PARTS = 4


class UrlUnusable(ValueError):
    """A URL that can't be a target, whatever its name means. The text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads.

    Attributes:
        scheme: https or http.
        host: in ASCII and small letters, without a final dot; an address in its usual spelling.
        port: which one, also when it was left out.
        literals: the addresses that the host itself may be read as; none when it is a name.
        zone: whether the address is tied to one of the caller's own interfaces.
    """

    scheme: str
    host: str
    port: int
    literals: tuple[str, ...] = ()
    zone: bool = False


def target_of(url: str) -> Target:
    """Read a URL.

    Raises:
        UrlUnusable: when it is none, or holds what no target needs: a login, a fragment, spaces.
    """
    _require_plain(url)
    scheme, colon, rest = url.partition(":")
    if not colon or scheme.lower() not in PORTS:
        raise UrlUnusable("the URL has to begin with https://")
    authority = re.split(r"[/?]", rest[2:], maxsplit=1)[0]
    if not rest.startswith("//") or not authority:
        raise UrlUnusable("the URL has no host")
    if "@" in authority:
        raise UrlUnusable("the URL must not hold a login")
    host, port = _parted(authority)
    return _target(scheme.lower(), host, _port(port, PORTS[scheme.lower()]))


def host_of(text: str) -> str:
    """Return a name as ``Target`` has it.

    Raises:
        UrlUnusable: when it can't be a name.
    """
    host = text.lower()
    if not text.isascii():
        try:
            host = URL.build(scheme="https", host=text).raw_host or ""
        except ValueError:  # UnicodeError is one
            raise UrlUnusable("the host can't be written in ASCII") from None
    host = host.removesuffix(".")
    if len(host) > LONGEST_HOST or not all(_is_label(label) for label in host.split(".")):
        raise UrlUnusable("the host is not a name that can be looked up")
    return host


def _is_label(label: str) -> bool:
    if not label.startswith(ENCODED):
        return LABEL.fullmatch(label) is not None
    try:
        meant = label.removeprefix(ENCODED).encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return LABEL.fullmatch(label) is not None and meant.isprintable() and not meant.isascii()


def _require_plain(url: str) -> None:
    if len(url) > LONGEST_URL:
        raise UrlUnusable(f"the URL is longer than {LONGEST_URL} characters")
    if any(char.isspace() or not char.isprintable() for char in url):
        raise UrlUnusable("the URL holds a space or a control character")
    if "\\" in url:
        raise UrlUnusable("the URL holds a backslash")
    if "#" in url:
        raise UrlUnusable("the URL must not have a fragment (#…)")


def _parted(authority: str) -> tuple[str, str | None]:
    """Return host and port; an IPv6 address keeps its opening bracket."""
    if not authority.startswith("["):
        host, colon, port = authority.partition(":")
        return host, port if colon else None
    host, bracket, port = authority.partition("]")
    if not bracket or (port and not port.startswith(":")):
        raise UrlUnusable("the host is not an IPv6 address")
    return host, port[1:] if port else None


def _port(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not PORT.fullmatch(text) or not 1 <= int(text) <= HIGHEST_PORT:
        raise UrlUnusable(f"the port has to be a number from 1 to {HIGHEST_PORT}")
    return int(text)


def _target(scheme: str, host: str, port: int) -> Target:
    if host.startswith("["):
        address, percent, _ = host[1:].partition("%")
        try:
            text = str(IPv6Address(address))
        except AddressValueError:
            raise UrlUnusable("the host is not an IPv6 address") from None
        return Target(scheme, text, port, (text,), zone=bool(percent))
    if "%" in host:
        raise UrlUnusable("the host is percent-encoded")
    name = host_of(host)
    if not is_number(name):
        return Target(scheme, name, port)
    literals = _ipv4_readings(name)
    if not literals:
        raise UrlUnusable("the host is not an IPv4 address")
    return Target(scheme, literals[0], port, literals)


def is_number(name: str) -> bool:
    """Tell whether a name ends in a number, so that it is an address or nothing."""
    return NUMBER.fullmatch(name.rpartition(".")[2]) is not None


def _ipv4_readings(name: str) -> tuple[str, ...]:
    """Return the address that ``inet_aton`` reads, and the one of those who take a leading zero for nothing."""
    as_octal, as_decimal = (_ipv4(name, octal=octal) for octal in (True, False))
    found = [str(address) for address in (as_octal, as_decimal) if address is not None]
    return tuple(dict.fromkeys(found)) if as_octal is not None else ()


def _ipv4(name: str, *, octal: bool) -> IPv4Address | None:
    parts = [_number(part, octal=octal) for part in name.split(".")]
    *front, last = parts
    if len(parts) > IPV4_PARTS or last is None or last >= 256 ** (IPV4_PARTS + 1 - len(parts)):
        return None
    total = last
    for place, part in enumerate(front):
        if part is None or part > 255:
            return None
        total += part << 8 * (3 - place)
    return IPv4Address(total)


def _number(text: str, *, octal: bool) -> int | None:
    """Read a part of an address: hexadecimal after 0x, octal after 0, or decimal; None when it is none of these."""
    digits, radix = text, 10
    if text.startswith("0x"):
        digits, radix = text[2:] or "0", 16
    elif octal and len(text) > 1 and text.startswith("0"):
        digits, radix = text[1:], 8
    try:
        return int(digits, radix) if digits.isalnum() else None
    except ValueError:
        return None
