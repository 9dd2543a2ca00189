"""Who calls, also behind proxies."""

from ipaddress import ip_network

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from gateway.peers import Network, peer_of

PROXIES: list[Network] = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "peer"),
    [
        ("203.0.113.7", [], [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], [], "203.0.113.7"),  # anybody can write that
        ("203.0.113.7", ["198.51.100.1"], PROXIES, "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], PROXIES, "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.99, 198.51.100.1"], PROXIES, "198.51.100.1"),  # the left one is the caller's word
        ("10.0.0.1", ["192.0.2.99", "198.51.100.1, 10.0.0.2"], PROXIES, "198.51.100.1"),
        ("10.0.0.1", [], PROXIES, "10.0.0.1"),
        ("10.0.0.1", ["unknown"], PROXIES, "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, junk"], PROXIES, "10.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], PROXIES, "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", [], [], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::99", [], [], "2001:db8:1:2::/64"),
        ("fd00::1", ["[2001:db8:1:2::99]"], PROXIES, "2001:db8:1:2::/64"),
    ],
)
def test_only_the_operators_proxies_are_believed(
    remote: str, forwarded: list[str], proxies: list[Network], peer: str
) -> None:
    headers = CIMultiDict([("X-Forwarded-For", line) for line in forwarded])
    request = make_mocked_request("POST", "/", headers=headers).clone(remote=remote)
    assert peer_of(request, proxies) == peer
