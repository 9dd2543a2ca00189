"""Who is there, looks at which conversation, and types: passed on between sessions, never in the log.

One process knows its own sessions. Those of other processes it hears of from its neighbours (``neighbours.py``), if
there are any; what it hears is put beside its own, and told to its own sessions alike.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.live import protocol
from gateway.live.gossip import Came, Gone, Here, Own, Saying, Types, Who
from gateway.live.room import Change, Present, Room
from gateway.live.session import Session
from gateway.model.log import iso

SHOWN = 50  # viewers named in one frame


class Others(Protocol):
    """The other processes. Nobody waits for them."""

    def join(self, tenant_id: UUID) -> None:
        """Begin to listen to those that serve a tenant."""

    def part(self, tenant_id: UUID) -> None:
        """Listen to them no more."""

    def say(self, tenant_id: UUID, saying: Saying) -> None:
        """Tell them something that may be lost."""


class Presence:
    """Who of each tenant has a session, and what the sessions look at.

    Args:
        clock: the time, in UTC.
        others: the other processes; None when this one is alone.
    """

    def __init__(self, clock: Callable[[], datetime], others: Others | None = None) -> None:
        self._clock = clock
        self._others = others
        self._rooms: dict[UUID, Room] = {}
        #: The sessions of this process.
        self._here: dict[UUID, dict[str, Session]] = {}

    @property
    def tenants(self) -> Iterable[UUID]:
        """Those who have a session here."""
        return list(self._here)

    # What sessions of this process do.

    def arrive(self, session: Session) -> None:
        """Note that a session has begun; when it is a member's first one, tell the tenant's others."""
        tenant_id, user = session.login.tenant_id, session.login.user
        if tenant_id not in self._rooms:
            self._rooms[tenant_id] = Room()
            self._here[tenant_id] = {}
            if self._others is not None:
                self._others.join(tenant_id)
        room = self._rooms[tenant_id]
        self._here[tenant_id][session.id] = session
        self._put(session, room.since(user) or iso(self._clock()))

    def leave(self, session: Session) -> None:
        """Note that a session has ended; when it was a member's last one, tell the tenant's others."""
        tenant_id = session.login.tenant_id
        here = self._here.get(tenant_id, {})
        if here.pop(session.id, None) is None:
            return
        session.viewing = None
        self._tell(tenant_id, self._rooms[tenant_id].drop(session.id))
        self._say(tenant_id, Gone(session=session.id))
        if not here:
            del self._here[tenant_id], self._rooms[tenant_id]
            if self._others is not None:
                self._others.part(tenant_id)

    def look(self, session: Session, conversation_id: str | None) -> None:
        """Note what a session looks at now, and tell whoever looks at the same."""
        before, session.viewing = session.viewing, conversation_id
        if before != conversation_id:
            self._put(session, self._rooms[session.login.tenant_id].get(session.id).since)

    def tell_online(self, session: Session) -> None:
        """Answer which members are there."""
        session.whisper(protocol.online(self._rooms[session.login.tenant_id].members()))

    def tell(self, session: Session, conversation_id: str | None) -> None:
        """Answer who looks at a conversation."""
        session.whisper(_viewers(self._rooms[session.login.tenant_id], conversation_id or session.viewing))

    def typing(self, session: Session, conversation_id: str) -> None:
        """Tell the tenant's other sessions that somebody types."""
        tenant_id, user = session.login.tenant_id, session.login.user
        self._types(tenant_id, conversation_id, session.id, user)
        self._say(tenant_id, Types(conversation_id=conversation_id, session=session.id, user=user))

    def tell_own(self, tenant_id: UUID, user: str, what: str, data: str) -> None:
        """Tell a member's sessions of something of its own; ``data`` is JSON text."""
        self._own(tenant_id, user, what, data)
        self._say(tenant_id, Own(user=user, what=what, data=data))

    # What other processes tell.

    def state(self, tenant_id: UUID) -> Here:
        """Return the sessions of this process, for others."""
        room = self._rooms.get(tenant_id)
        return Here(sessions=tuple(room.get(key) for key in self._here[tenant_id]) if room is not None else ())

    def heard(self, tenant_id: UUID, saying: Saying) -> None:
        """Take in what another process says."""
        room = self._rooms.get(tenant_id)
        if room is None:
            return  # the last session has just gone
        match saying:
            case Who():
                self._say(tenant_id, self.state(tenant_id))
            case Here(process=process, sessions=sessions):
                self._tell(tenant_id, room.replace(process, sessions))
            case Came(process=process, one=one):
                self._tell(tenant_id, room.put(one, process))
            case Gone(process=process, session=session):
                self._tell(tenant_id, room.drop(session, process))
            case Types(conversation_id=conversation_id, session=session, user=user):
                self._types(tenant_id, conversation_id, session, user)
            case Own(user=user, what=what, data=data):
                self._own(tenant_id, user, what, data)

    def lost(self, tenant_id: UUID, process: str) -> None:
        """Forget the sessions of a process that nothing was heard of for too long."""
        room = self._rooms.get(tenant_id)
        if room is not None:
            self._tell(tenant_id, room.replace(process, ()))

    # What this process tells.

    def _put(self, session: Session, since: str) -> None:
        tenant_id = session.login.tenant_id
        one = Present(session=session.id, user=session.login.user, since=since, viewing=session.viewing)
        self._tell(tenant_id, self._rooms[tenant_id].put(one), besides=session)
        self._say(tenant_id, Came(one=one))

    def _say(self, tenant_id: UUID, saying: Saying) -> None:
        if self._others is not None:
            self._others.say(tenant_id, saying)

    def _tell(self, tenant_id: UUID, change: Change, besides: Session | None = None) -> None:
        """Tell the sessions of this process of a change; ``besides`` knows already who is there."""
        here, room = self._here[tenant_id], self._rooms[tenant_id]
        for conversation_id in change.conversations:
            frame = _viewers(room, conversation_id)
            for viewer in room.viewers(conversation_id):
                if viewer.session in here:
                    here[viewer.session].whisper(frame)
        if change.online:
            self._whisper(tenant_id, protocol.online(room.members()), besides.id if besides is not None else None)

    def _types(self, tenant_id: UUID, conversation_id: str, session: str, user: str | None) -> None:
        self._whisper(tenant_id, protocol.typing(conversation_id, session, user), session)

    def _own(self, tenant_id: UUID, user: str, what: str, data: str) -> None:
        room, here = self._rooms.get(tenant_id), self._here.get(tenant_id, {})
        if room is None:
            return
        frame = protocol.own(what, data)
        for key in room.windows(user):
            if key in here:
                here[key].whisper(frame)

    def _whisper(self, tenant_id: UUID, frame: bytes, besides: str | None) -> None:
        for key, session in self._here[tenant_id].items():
            if key != besides:
                session.whisper(frame)


def _viewers(room: Room, conversation_id: str | None) -> bytes:
    viewers = room.viewers(conversation_id)[:SHOWN]
    return protocol.presence(conversation_id, [(one.session, one.user) for one in viewers])
