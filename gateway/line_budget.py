"""How many lines of a kind are written in a second: what may happen thousands of times must not fill a disk."""

#: Of one process, kind and second: as many as people read.
LINES = 100


class Budget:
    """Counts what is written, and what is left out.

    Args:
        lines: of each kind in a second.
    """

    def __init__(self, lines: int = LINES) -> None:
        self._lines = lines
        self._second = -1
        self._written: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    def take(self, kind: str, now: float) -> int | None:
        """Return how many lines of a kind were left out since the last one; None: leave this one out, too."""
        if int(now) != self._second:
            self._second = int(now)
            self._written.clear()
        written = self._written.get(kind, 0)
        if written >= self._lines:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return None
        self._written[kind] = written + 1
        return self._left_out.pop(kind, 0)
