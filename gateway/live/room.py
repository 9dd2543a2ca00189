"""Who of one tenant is there, and what they look at, in whichever process. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Present:
    """A session as others see it.

    Attributes:
        session: its id.
        user: its member; None for a program.
        since: when its member came.
        viewing: the conversation that it looks at.
    """

    session: str
    user: str | None
    since: str
    viewing: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise than before: which members are there, and who looks at some conversations."""

    online: bool = False
    conversations: frozenset[str] = frozenset()

    def __or__(self, other: "Change") -> "Change":
        """Return both changes as one."""
        return Change(self.online or other.online, self.conversations | other.conversations)


class Room:
    """The sessions of one tenant."""

    def __init__(self) -> None:
        self._sessions: dict[str, Present] = {}
        self._members: dict[str, dict[str, Present]] = {}
        self._viewers: dict[str, dict[str, Present]] = {}
        #: The sessions of each other process.
        self._elsewhere: dict[str, set[str]] = {}

    def put(self, one: Present, process: str | None = None) -> Change:
        """Note a session, or what it looks at now; ``process`` tells where it is, None for here."""
        before = self._sessions.get(one.session)
        if process is not None:
            self._elsewhere.setdefault(process, set()).add(one.session)
        if before == one:
            return Change()
        change = self._looks_away(before, one.viewing)
        self._sessions[one.session] = one
        online = one.user is not None and one.user not in self._members
        if one.user is not None:
            self._members.setdefault(one.user, {})[one.session] = one
        if one.viewing is None:
            return Change(online, change)
        self._viewers.setdefault(one.viewing, {})[one.session] = one
        return Change(online, change | {one.viewing})

    def drop(self, session: str, process: str | None = None) -> Change:
        """Forget a session."""
        if process is not None:
            self._elsewhere.get(process, set()).discard(session)
        gone = self._sessions.pop(session, None)
        if gone is None:
            return Change()
        conversations = self._looks_away(gone, None)
        if gone.user is None:
            return Change(conversations=conversations)
        windows = self._members[gone.user]
        del windows[session]
        if not windows:
            del self._members[gone.user]
        return Change(not windows, conversations)

    def replace(self, process: str, sessions: Iterable[Present]) -> Change:
        """Note all sessions of another process; those that are not among them have ended."""
        there = {one.session: one for one in sessions}
        change = Change()
        for session in self._elsewhere.get(process, set()) - there.keys():
            change |= self.drop(session, process)
        for one in there.values():
            change |= self.put(one, process)
        if not there:
            self._elsewhere.pop(process, None)
        return change

    def since(self, user: str | None) -> str | None:
        """Return when a member came; None when nobody of this name is there."""
        return min((one.since for one in self._members.get(user or "", {}).values()), default=None)

    def get(self, session: str) -> Present:
        """Return a session that is there."""
        return self._sessions[session]

    def members(self) -> list[tuple[str, str]]:
        """Return who is there, and since when; those that came first come first."""
        return [(user, min(one.since for one in windows.values())) for user, windows in self._members.items()]

    def windows(self, user: str) -> list[str]:
        """Return the sessions of a member."""
        return list(self._members.get(user, ()))

    def viewers(self, conversation_id: str | None) -> list[Present]:
        """Return who looks at a conversation."""
        return list(self._viewers.get(conversation_id or "", {}).values())

    def _looks_away(self, before: Present | None, viewing: str | None) -> frozenset[str]:
        """Take a session off what it looked at; returns that conversation, if it is another one now."""
        if before is None or before.viewing is None or before.viewing == viewing:
            return frozenset()
        viewers = self._viewers[before.viewing]
        del viewers[before.session]
        if not viewers:
            del self._viewers[before.viewing]
        return frozenset({before.viewing})
