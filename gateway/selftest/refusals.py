"""Webhooks that were refused lately, by connection. Of this process only, and bounded: nothing of them is stored."""

from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from channels.errors import SignatureInvalid

KEPT = 200
CONNECTIONS = 2_000
LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refused webhook: when, why, and the URL by which it came."""

    at: datetime
    code: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Lately:
    """What was refused within the last hour.

    Attributes:
        count: how many; ``at_least`` when more were refused than are remembered.
        usual: the most frequent reason, its newest occurrence.
    """

    count: int
    at_least: bool
    usual: Refusal


class Refusals:
    """Remembers the last refusals of the connections that had some.

    Args:
        clock: the time, in UTC.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._of: OrderedDict[UUID, deque[Refusal]] = OrderedDict()

    def note(self, connection_id: UUID, error: SignatureInvalid, url: str) -> None:
        """Remember one; ``url`` without its query, which may hold a password."""
        found = self._of.setdefault(connection_id, deque(maxlen=KEPT))
        self._of.move_to_end(connection_id)
        found.append(Refusal(self._clock(), error.code, error.detail, url[:500]))
        if len(self._of) > CONNECTIONS:
            self._of.popitem(last=False)

    def lately(self, connection_id: UUID) -> Lately | None:
        """Tell what was refused within the last hour; None when nothing was."""
        since = self._clock() - LATELY
        found = [one for one in self._of.get(connection_id, ()) if one.at > since]
        if not found:
            return None
        code, _ = Counter(one.code for one in found).most_common(1)[0]
        newest = next(one for one in reversed(found) if one.code == code)
        return Lately(len(found), len(found) == KEPT, newest)
