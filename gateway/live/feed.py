"""One tenant's log as this process sees it: how far it was handed on, and to whom."""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from gateway.live.cursor import Reason
from gateway.live.protocol import Frame
from gateway.live.session import Session
from gateway.model.log import Entry
from gateway.store.log import Head

#: Tells that entries before it are about to say less.
ERASED = "customer.erased"


class Held(NamedTuple):
    """An entry on its way to many sessions.

    Attributes:
        frame: as it is written.
        entry: as it is in the log.
        receivers: how many there were when it came.
        began: when that was, in nanoseconds since 1970.
    """

    frame: Frame
    entry: Entry
    receivers: int
    began: int


class Feed:
    """A tenant's sessions and the last entry that was handed to them.

    ``wanted`` is the highest seq known to be in the log. While it is above ``seq`` the feed is behind, and somebody
    has to read the log.
    """

    __slots__ = (
        "_recent_frames",
        "bytes",
        "catching_up",
        "epoch",
        "held",
        "live",
        "recent",
        "seq",
        "sessions",
        "tenant_id",
        "wanted",
    )

    def __init__(self, tenant_id: UUID, recent_frames: int) -> None:
        self.tenant_id = tenant_id
        self.seq = 0
        self.wanted = 0
        self.epoch: UUID | None = None  # until the head was read; nothing is handed on before
        self.sessions: set[Session] = set()
        self.live: set[Session] = set()
        self.catching_up = 0
        # Most feeds are one session's, and idle: an empty deque would be the largest thing that each of them has.
        #: Entries that are being written to many sessions, one after the other; the first of them is at it.
        self.held: list[Held] = []
        #: The latest frames, while somebody catches up.
        self.recent: deque[Frame] | None = None
        self._recent_frames = recent_frames
        #: Bytes of all frames that were handed to whoever is live.
        self.bytes = 0

    @property
    def behind(self) -> bool:
        """Whether the log holds more than was handed on."""
        return self.epoch is not None and self.wanted > self.seq

    def begin(self, head: Head) -> None:
        """Start at the log's head, if this is the first that is known of it."""
        if self.epoch is None:
            self.epoch = head.epoch
            self.seq = head.last_seq
        self.wanted = max(self.wanted, head.last_seq)

    def publish(self, frame: Frame) -> list[Session]:
        """Hand the next entry on; returns the sessions that could not take it."""
        self._note(frame)
        fallen = self.hand(frame, list(self.live))
        self.bytes += len(frame.websocket)
        return fallen

    def hold(self, held: Held) -> None:
        """Take the next entry, and leave it to ``hand`` to hand it on."""
        self._note(held.frame)
        self.held.append(held)
        self.bytes += len(held.frame.websocket)

    def hand(self, frame: Frame, sessions: Iterable[Session]) -> list[Session]:
        """Hand an entry to some sessions, if they are still there; returns those that could not take it."""
        fallen = [session for session in sessions if session.live and not session.take(frame)]
        for session in fallen:
            self.drop(session)
        return fallen

    def _note(self, frame: Frame) -> None:
        self.seq = frame.seq
        if self.recent is not None:
            if frame.type == ERASED:
                self.recent.clear()  # what it tells of is to be read from the log, where it tells nothing any more
            self.recent.append(frame)

    def drop(self, session: Session) -> None:
        """Stop handing entries to a session."""
        session.live = False
        if session in self.live:
            self.live.discard(session)
            session.bytes += self.bytes - session.joined_at

    def splice(self, session: Session) -> bool:
        """Let a session join the others, if what it lacks is at hand; tells whether it did.

        No entry can slip through: nothing else runs between the look at ``seq`` and the joining.
        """
        if session.seq < self.seq and not self._hand_recent(session):
            return False
        session.live = True
        session.joined_at = self.bytes
        self.live.add(session)
        return True

    def _hand_recent(self, session: Session) -> bool:
        recent = self.recent or ()
        first = self.seq - len(recent) + 1
        if session.seq + 1 < first:
            return False
        return all(map(session.catch, islice(recent, session.seq + 1 - first, None)))

    def began_to_catch_up(self) -> None:
        """Keep recent frames from now on."""
        self.catching_up += 1
        if self.recent is None:
            self.recent = deque(maxlen=self._recent_frames)

    def caught_up(self) -> None:
        """Forget the recent frames when nobody needs them any more."""
        self.catching_up -= 1
        if not self.catching_up:
            self.recent = None

    def restart(self, head: Head, reason: Reason) -> None:
        """Go on from the log's head, and ask every client to load afresh."""
        self.epoch = head.epoch
        self.seq = self.wanted = head.last_seq
        if self.recent is not None:
            self.recent.clear()
        self.held.clear()
        for session in [session for session in self.sessions if session.opened]:
            session.halt()
            session.restart(reason, self.seq)
            self.splice(session)
