"""How many may come in: connections in all, connections from one address, and bytes of mail being received."""

from collections import Counter

from gateway.smtp import metrics

CONNECTIONS = 400
CONNECTIONS_PER_ADDRESS = 20
ROOM_BYTES = 128 * 1024 * 1024


class Door:
    """Counts who is in.

    Args:
        connections: in all.
        per_address: from one address.
        room: bytes of mails that are being received at the same time.
    """

    def __init__(
        self,
        connections: int = CONNECTIONS,
        per_address: int = CONNECTIONS_PER_ADDRESS,
        room: int = ROOM_BYTES,
    ) -> None:
        self._connections = connections
        self._per_address = per_address
        self._room = room
        self._inside: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Let somebody in, unless there are too many."""
        if self._inside.total() >= self._connections or self._inside[address] >= self._per_address:
            metrics.TURNED_AWAY.inc()
            return False
        self._inside[address] += 1
        metrics.CONNECTIONS.inc()
        return True

    def leave(self, address: str) -> None:
        """Note that somebody who was let in is gone."""
        metrics.CONNECTIONS.dec()
        self._inside[address] -= 1
        if not self._inside[address]:
            del self._inside[address]

    def take(self, size: int) -> bool:
        """Take room for a mail, unless there is not enough."""
        if size > self._room:
            return False
        self._room -= size
        return True

    def give_back(self, size: int) -> None:
        """Give back room that was taken."""
        self._room += size
