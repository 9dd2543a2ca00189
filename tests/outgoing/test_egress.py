"""The guard, address by address: what is inside is never called, whatever it is wrapped into."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outgoing.egress import IPV4, AddressBlocked, Guard, blocked, is_inside, wrapped


def listed(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


#: Both ends of each special network, and what is known to live there.
INSIDE_V4 = listed("""
0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.0 100.64.0.1 100.100.100.200 100.127.255.255
127.0.0.0 127.0.0.1 127.0.0.53 127.1.2.3 127.255.255.255 168.63.129.16 169.254.0.0 169.254.169.254 169.254.170.2
169.254.169.253 169.254.255.255 172.16.0.0 172.16.0.1 172.17.0.1 172.31.255.255 192.0.0.0 192.0.0.8 192.0.0.9
192.0.0.10 192.0.0.170 192.0.0.192 192.0.0.255 192.0.2.0 192.0.2.1 192.0.2.255 192.31.196.0 192.31.196.255
192.52.193.0 192.52.193.255 192.88.99.0 192.88.99.1 192.88.99.255 192.168.0.0 192.168.0.1 192.168.1.1 192.168.255.255
192.175.48.0 192.175.48.255 198.18.0.0 198.18.0.1 198.19.255.255 198.51.100.0 198.51.100.1 198.51.100.255 203.0.113.0
203.0.113.7 203.0.113.255 224.0.0.0 224.0.0.1 224.0.0.251 233.252.0.1 239.255.255.250 239.255.255.255 240.0.0.0
240.0.0.1 254.255.255.255 255.255.255.254 255.255.255.255
""")
INSIDE_V6 = listed("""
:: ::1 ::2 ::ffff 100:: 100::1 100:0:0:1::1 200::1 400::1 64:ff9b:1:: 64:ff9b:1::1 64:ff9b:1:a00:1:: 64:ff9b:2::1
1000::1 1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 4000:: 4000::1 5f00:: 5f00::1 6000::1 8000::1 a000::1 c000::1 e000::1
f000::1 f800::1 fb00::1 fc00:: fc00::1 fd00::1 fd00:ec2::254 fd20:ce::254 fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
fe00::1 fe80:: fe80::1 fe80::1%eth0 fe80::a9fe:a9fe fe80::1%25eth0 febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0::
fec0::1
feff::1 ff00:: ff01::1 ff02::1 ff02::fb ff05::2 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
2001:1::1 2001:1::2 2001:2:: 2001:2::1 2001:3::1 2001:4:112::1 2001:5::1 2001:10::1 2001:20::1 2001:30::1
2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8:: 2001:db8::1 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2620:4f:8000::
2620:4f:8000::1 3ffe::1 3ffe:ffff::1 3fff:: 3fff::1 3fff:fff::1
""")
#: Forms that lead to an IPv4 address: mapped, translated, compatible, NAT64, 6to4, Teredo (server, client), ISATAP.
WRAPPED = listed("""
::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe ::ffff:192.168.1.1 ::ffff:0.0.0.0
0:0:0:0:0:ffff:7f00:1 ::ffff:127.0.0.1%eth0 ::ffff:100.64.0.1 ::ffff:168.63.129.16 ::ffff:255.255.255.255
::ffff:0:127.0.0.1 ::ffff:0:10.0.0.1 ::ffff:0:a9fe:a9fe ::ffff:0:192.168.0.1
::127.0.0.1 ::10.0.0.1 ::169.254.169.254 ::192.168.1.1 ::a00:1 ::224.0.0.1
64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b::192.168.1.1 64:ff9b::a9fe:a9fe 64:ff9b::6440:1
64:ff9b::0.0.0.0 64:ff9b::203.0.113.1
2002:7f00:1:: 2002:7f00:1::1 2002:a00:1:: 2002:a9fe:a9fe:: 2002:a9fe:a9fe::1 2002:c0a8:101:: 2002:ac10:1::1
2002:6440:1:: 2002:e000:1:: 2002:0:0::1
2001:0:7f00:1:: 2001:0:a00:1:: 2001::f5ff:fffe 2001:0:808:808:0:0:80ff:fffe 2001:0:808:808::f5ff:fffe
2001:0:808:808:0:0:5601:5601 2001:0:a9fe:a9fe:0:0:f7f7:f7f7 2001:0:808:808::ffff:ffff
2606:4700::5efe:10.0.0.1 2606:4700::5efe:127.0.0.1 2606:4700::200:5efe:192.168.1.1 2a00::5efe:169.254.169.254
""")
OUTSIDE = listed("""
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0
198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
2600::1 2606:4700:4700::1111 2001:200::1 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9::1 2003::1 2620:4f:8001::1
2a00:1450::1 3ffd::1 3ffd:ffff::1
::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1 2001:0:808:808:0:0:f7f7:f7f7 2606:4700::5efe:8.8.8.8
""")
NO_ADDRESSES = ["", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3", "10.0.0.1/8", "[::1]", "é"]


def forms_of(inner: int) -> list[int]:
    """Return the IPv6 addresses that lead to an IPv4 address, or through it."""
    return [
        inner | 0xFFFF << 32,
        inner | 0xFFFF << 48,
        *([inner] if inner > 1 else []),  # :: and ::1 are addresses of their own
        inner | 0x64FF9B << 96,
        0x2002 << 112 | inner << 80 | 1,
        0x20010000 << 96 | inner << 64 | 0xF7F7F7F7,
        0x20010000 << 96 | 0x08080808 << 64 | (inner ^ 0xFFFFFFFF),
        0x26064700 << 96 | 0x5EFE << 32 | inner,
    ]


@pytest.mark.parametrize("address", [*INSIDE_V4, *INSIDE_V6, *WRAPPED, *NO_ADDRESSES])
def test_what_is_inside_is_blocked(address: str) -> None:
    assert Guard().refusal(address)


def test_there_are_many_of_them() -> None:
    assert len({*INSIDE_V4, *INSIDE_V6, *WRAPPED}) > 170


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_outside_is_not(address: str) -> None:
    assert Guard().refusal(address) is None


@pytest.mark.parametrize("address", INSIDE_V4)
def test_a_blocked_address_is_blocked_in_every_form(address: str) -> None:
    for form in forms_of(int(IPv4Address(address))):
        assert blocked(IPv6Address(form)), IPv6Address(form)


@given(st.sampled_from(IPV4), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_no_form_makes_an_address_anything_else(special: tuple[IPv4Network, str], inside: int, anywhere: int) -> None:
    network, reason = special
    secret = IPv4Address(int(network.network_address) | inside & int(network.hostmask))
    assert blocked(secret) == reason
    for address in (secret, IPv4Address(anywhere)):
        for form in forms_of(int(address)):
            assert address in wrapped(IPv6Address(form))
            assert (blocked(IPv6Address(form)) is None) == (blocked(address) is None), IPv6Address(form)


def test_an_operator_may_allow_a_network_in_all_its_forms() -> None:
    guard = Guard([ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")])
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fd00:1::5", "8.8.8.8"):
        assert guard.refusal(address) is None
    for address in ("10.2.0.1", "127.0.0.1", "fd00:2::5", "::ffff:10.2.0.1", "2001:0:a01:1::80ff:fffe"):
        assert guard.refusal(address)


def test_a_guard_may_let_nothing_through_but_what_is_allowed() -> None:
    guard = Guard([ip_network("127.0.0.0/8")], public=False)
    assert guard.refusal("127.0.0.1") is None
    assert guard.refusal("8.8.8.8") == "not among the allowed networks"


def test_a_guard_may_let_a_single_port_through() -> None:
    guard = Guard(public=False, endpoints=[("127.0.0.1", 4711)])
    assert guard.refusal("127.0.0.1", 4711) is None
    for address, port in (("127.0.0.1", 4712), ("127.0.0.1", None), ("127.0.0.2", 4711), ("::1", 4711)):
        assert guard.refusal(address, port)
    with pytest.raises(AddressBlocked):
        guard.require("simulator.test", ["127.0.0.1"])


def test_one_bad_address_refuses_all() -> None:
    guard = Guard()
    guard.require("good.test", ["8.8.8.8", "2606:4700::1"])
    with pytest.raises(AddressBlocked, match=r"evil\.test"):
        guard.require("evil.test", ["8.8.8.8", "10.0.0.1", "2606:4700::1"])
    with pytest.raises(AddressBlocked, match="no address"):
        guard.require("nothing.test", [])


def test_names_of_the_inside_need_an_allowed_address() -> None:
    for name in ("localhost", "a.localhost.", "DB.Internal", "printer.local", "a.home.arpa", "postgres"):
        assert is_inside(name)
        with pytest.raises(AddressBlocked, match="inside"):
            Guard().require(name, ["8.8.8.8"])
        Guard([ip_network("10.0.0.0/8")]).require(name, ["10.0.0.1"])
    for name in ("example.org", "local.example.org", "arpa", "10.in-addr.arpa", "127.1", "2130706433", "::1", "0x7f.1"):
        assert is_inside(name) == (name == "arpa")
