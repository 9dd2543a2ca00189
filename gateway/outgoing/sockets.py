"""Sockets that look at the address they are for: the last look, whatever a name was said to mean before."""

import socket
from collections.abc import Callable
from typing import Any

from gateway.outgoing.egress import Guard


def guarded_sockets(guard: Guard) -> Callable[[Any], socket.socket]:
    """Return what opens a socket for an entry of ``getaddrinfo``; it raises ``AddressBlocked``."""

    def opened(info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        guard.require(str(address[0]), [str(address[0])], address[1])
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    return opened
