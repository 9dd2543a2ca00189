"""What client and gateway say to each other on the websocket, for its description."""

from typing import Literal

from pydantic import ConfigDict, Field

from gateway.model.canned_reply import CannedReply
from gateway.model.described import Described
from gateway.model.event import Event
from gateway.model.fields import ConversationId, Seq, Timestamp, UserId
from gateway.model.own import Draft, Read
from gateway.model.problem import Problem
from gateway.model.view import View


class Frame(Described):
    """One text frame; keys that are not known are to be passed over."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})


class Resume(Frame):
    """Send what follows a position of the log, then all that comes. To be sent first."""

    type: Literal["resume"]
    after: int | None = Field(None, ge=0, lt=2**63, description="The last seq that was seen; without one, from now on.")
    epoch: str | None = Field(None, description="The epoch that this seq belongs to, as the hello told it.")


class Subscribe(Frame):
    """This client looks at a conversation now, or (null) at none; the others are told."""

    type: Literal["subscribe"]
    conversation_id: ConversationId | None = None


class Typing(Frame):
    """Somebody is writing in a conversation."""

    type: Literal["typing"]
    conversation_id: ConversationId


class PresenceAsked(Frame):
    """Who looks at this conversation, or without one, at the one that this client looks at?"""

    type: Literal["presence"]
    conversation_id: ConversationId | None = None


class OnlineAsked(Frame):
    """Which members are there?"""

    type: Literal["online"]


class Ping(Frame):
    """Are you there?"""

    type: Literal["ping"]


class Hello(Frame):
    """The log stands at ``seq``. What the client lacks follows."""

    type: Literal["hello"]
    seq: Seq
    epoch: str
    session: str


class EventFrame(Frame):
    """An entry of the log. Each comes once, and in the order of seq."""

    type: Literal["event"]
    event: Event = Field(description="Types that a client does not know are to be passed over.")


class Resync(Frame):
    """The log can't be followed from the client's position: load afresh, then resume."""

    type: Literal["resync"]
    reason: Literal["epoch", "retention", "behind"] = Field(
        description="The log was replaced; it does not reach back that far; it has run too far ahead."
    )


class TypingTold(Frame):
    """Another session is writing. This never is in the log."""

    type: Literal["typing"]
    conversation_id: ConversationId
    session: str
    user_id: UserId | None


class Viewer(Described):
    """Somebody who looks at a conversation."""

    session: str
    user_id: UserId | None


class PresenceTold(Frame):
    """Who looks at a conversation now. This never is in the log."""

    type: Literal["presence"]
    conversation_id: ConversationId | None
    viewers: list[Viewer]


class Agent(Described):
    """A member who is there."""

    user_id: UserId
    since: Timestamp


class OnlineTold(Frame):
    """Which members are there now; told anew when one comes or goes. This never is in the log."""

    type: Literal["online"]
    agents: list[Agent]


class OwnTold(Frame):
    """Something of the caller's own has changed, perhaps in another window. This never is in the log."""

    type: Literal["own"]
    what: Literal["draft.updated", "read.updated", "canned_reply.updated", "view.updated"]
    data: Draft | Read | CannedReply | View = Field(description="By what.")


class Pong(Frame):
    """The answer to a ping."""

    type: Literal["pong"]


class ErrorFrame(Frame):
    """A frame of the client could not be understood; the connection goes on, but not forever."""

    type: Literal["error"]
    problem: Problem


#: By the name in the document.
SENT_BY_CLIENT: dict[str, type[Frame]] = {
    "resume": Resume,
    "subscribe": Subscribe,
    "typing": Typing,
    "presence": PresenceAsked,
    "online": OnlineAsked,
    "ping": Ping,
}
SENT_BY_GATEWAY: dict[str, type[Frame]] = {
    "hello": Hello,
    "event": EventFrame,
    "resync": Resync,
    "typingTold": TypingTold,
    "presenceTold": PresenceTold,
    "onlineTold": OnlineTold,
    "ownTold": OwnTold,
    "pong": Pong,
    "error": ErrorFrame,
}
