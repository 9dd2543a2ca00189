"""One client that reads a tenant's log: where it is, and whether it keeps up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from gateway.live.cursor import Reason
from gateway.live.protocol import Frame
from gateway.live.wire import Wire


@dataclass(frozen=True, slots=True)
class Login:
    """Who a session belongs to.

    Attributes:
        tenant_id: whose log it reads.
        user: the person's id as shown to others; None for an API key.
        token_hash: of the browser's login, or of the API key.
        check: asks again who calls; raises ``Unauthenticated`` when the login or the key no longer holds.
    """

    tenant_id: UUID
    user: str | None
    token_hash: bytes
    check: Callable[[], Awaitable[object]]


class Session:
    """A client's connection and its position.

    ``seq`` is the last entry written to it; only the next one is ever written, so that whatever happens around it a
    client sees no hole and nothing twice. A session is ``live`` while new entries are handed to it; otherwise it
    catches up from the log.
    """

    __slots__ = (
        "_from",
        "_jumped_to",
        "_taken",
        "_up_to",
        "bytes",
        "closing",
        "farewell",
        "fell_behind",
        "hung_up",
        "id",
        "joined_at",
        "live",
        "login",
        "opened",
        "resumes",
        "seq",
        "task",
        "unsent_bytes",
        "viewing",
        "wire",
    )

    def __init__(self, session_id: str, login: Login, wire: Wire, unsent_bytes: int) -> None:
        self.id = session_id
        self.login = login
        self.wire = wire
        self.unsent_bytes = unsent_bytes
        self.seq = 0
        self.opened = False
        self.live = False
        self.closing = False
        self.viewing: str | None = None
        #: For the log line: bytes of frames, greetings, how often it fell behind, and how we closed it.
        self.bytes = 0
        self.joined_at = 0
        self.resumes = 0
        self.fell_behind = 0
        self.hung_up: tuple[int, str] | None = None
        self._taken = 0
        self._jumped_to = 0
        self._from: int | None = None
        self._up_to = 0
        #: Brings this session up to date.
        self.task: asyncio.Task[None] | None = None
        #: Closes its connection.
        self.farewell: asyncio.Task[None] | None = None

    @property
    def frames(self) -> int:
        """How many entries were written to it; each has the next seq, so that nobody has to count."""
        return self._taken + self.seq - self._jumped_to

    @property
    def told(self) -> tuple[int, int] | None:
        """Between which entries, these included, all lie that were written to it; None when there are none."""
        return None if self._from is None or not self.frames else (self._from + 1, max(self._up_to, self.seq))

    def jump(self, seq: int) -> None:
        """Go on from another position."""
        self._taken = self.frames
        self._up_to = max(self._up_to, self.seq)
        self._from = seq if self._from is None else min(self._from, seq)
        self.seq = self._jumped_to = seq

    def catch(self, frame: Frame) -> bool:
        """Write an entry that it lacked; see ``take``."""
        before = self.seq
        taken = self.take(frame)
        if self.seq > before:
            self.bytes += len(frame.websocket)
        return taken

    def take(self, frame: Frame) -> bool:
        """Write the next entry; False when this session can't go on from here by itself."""
        if frame.seq != self.seq + 1:
            return frame.seq <= self.seq
        wire = self.wire
        if wire.unsent() > self.unsent_bytes or wire.gone():  # has_room, without the call: once for each frame
            return False
        wire.send(frame)
        self.seq = frame.seq
        return True

    def has_room(self) -> bool:
        """Tell whether the client takes what it is sent."""
        return self.wire.unsent() <= self.unsent_bytes and not self.wire.gone()

    def whisper(self, frame: bytes) -> None:
        """Say something that may be lost, to a client that keeps up."""
        if not self.closing and self.has_room():
            self.wire.say(frame)

    async def said_goodbye(self) -> None:
        """Wait until the connection is closed, if somebody closes it."""
        if self.farewell is not None:
            await asyncio.wait([self.farewell])

    def restart(self, reason: Reason, seq: int) -> None:
        """Ask the client to load afresh, and go on from ``seq``."""
        self.jump(seq)
        self.wire.resync(reason)

    def halt(self) -> None:
        """Stop handing entries to this session, and whatever it does to catch up."""
        self.live = False
        if self.task is not None:
            self.task.cancel()
            self.task = None
