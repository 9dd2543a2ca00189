"""Who is there, looks at which conversation, and types: passed on, kept by this process only, never in the log."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gateway.live import protocol
from gateway.live.hub import Hub
from gateway.live.session import Session
from gateway.model.log import iso

SHOWN = 50  # viewers named in one frame


@dataclass(slots=True)
class Agent:
    """A member with at least one session; ``since`` is when the first of them began."""

    since: datetime
    sessions: set[Session] = field(default_factory=set)


class Presence:
    """Who of each tenant has a session, and what the sessions look at.

    Args:
        hub: knows the sessions.
        clock: the time, in UTC.
    """

    def __init__(self, hub: Hub, clock: Callable[[], datetime]) -> None:
        self._hub = hub
        self._clock = clock
        self._agents: dict[UUID, dict[str, Agent]] = {}
        self._viewers: dict[tuple[UUID, str], dict[Session, None]] = {}

    def arrive(self, session: Session) -> None:
        """Note that a session has begun; when it is a member's first one, tell the tenant's others."""
        user = session.login.user
        if user is None:
            return
        agents = self._agents.setdefault(session.login.tenant_id, {})
        first = user not in agents
        agents.setdefault(user, Agent(self._clock())).sessions.add(session)
        if first:
            self._tell_online(session)

    def leave(self, session: Session) -> None:
        """Note that a session has ended; when it was a member's last one, tell the tenant's others."""
        self.look(session, None)
        tenant_id, user = session.login.tenant_id, session.login.user
        agents = self._agents.get(tenant_id, {})
        agent = agents.get(user or "")
        if user is None or agent is None:
            return
        agent.sessions.discard(session)
        if agent.sessions:
            return
        del agents[user]
        if not agents:
            del self._agents[tenant_id]
        self._tell_online(session)

    def tell_online(self, session: Session) -> None:
        """Answer which members are there."""
        session.whisper(self._online(session.login.tenant_id))

    def tell_own(self, tenant_id: UUID, user: str, what: str, data: str) -> None:
        """Tell a member's sessions of something of its own; ``data`` is JSON text."""
        agent = self._agents.get(tenant_id, {}).get(user)
        if agent is None:
            return
        frame = protocol.own(what, data)
        for session in agent.sessions:
            session.whisper(frame)

    def look(self, session: Session, conversation_id: str | None) -> None:
        """Note what a session looks at now, and tell whoever looks at the same."""
        before, session.viewing = session.viewing, conversation_id
        if before == conversation_id:
            return
        if before is not None:
            self._remove(session, before)
        if conversation_id is not None:
            self._viewers.setdefault((session.login.tenant_id, conversation_id), {})[session] = None
            self._tell(session, conversation_id)

    def tell(self, session: Session, conversation_id: str | None) -> None:
        """Answer who looks at a conversation."""
        session.whisper(self._frame(session, conversation_id or session.viewing))

    def typing(self, session: Session, conversation_id: str) -> None:
        """Tell the tenant's other sessions that somebody types."""
        frame = protocol.typing(conversation_id, session.id, session.login.user)
        for other in self._hub.others(session):
            other.whisper(frame)

    def _tell_online(self, session: Session) -> None:
        frame = self._online(session.login.tenant_id)
        for other in self._hub.others(session):
            other.whisper(frame)

    def _online(self, tenant_id: UUID) -> bytes:
        agents = self._agents.get(tenant_id, {})
        return protocol.online([(user, iso(agent.since)) for user, agent in agents.items()])

    def _remove(self, session: Session, conversation_id: str) -> None:
        key = (session.login.tenant_id, conversation_id)
        viewers = self._viewers.get(key, {})
        viewers.pop(session, None)
        if viewers:
            self._tell(session, conversation_id)
        else:
            self._viewers.pop(key, None)

    def _tell(self, session: Session, conversation_id: str) -> None:
        frame = self._frame(session, conversation_id)
        for viewer in self._viewers.get((session.login.tenant_id, conversation_id), {}):
            viewer.whisper(frame)

    def _frame(self, session: Session, conversation_id: str | None) -> bytes:
        viewers = self._viewers.get((session.login.tenant_id, conversation_id or ""), {})
        shown = [(viewer.id, viewer.login.user) for viewer in list(viewers)[:SHOWN]]
        return protocol.presence(conversation_id, shown)
