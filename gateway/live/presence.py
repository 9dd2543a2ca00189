"""Who looks at which conversation, and who types: passed on, kept by this process only, never in the log."""

from uuid import UUID

from gateway.live import protocol
from gateway.live.hub import Hub
from gateway.live.session import Session

SHOWN = 50  # viewers named in one frame


class Presence:
    """What the sessions of each tenant look at."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._viewers: dict[tuple[UUID, str], dict[Session, None]] = {}

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
