"""What one member keeps for itself: drafts, how far it has read, and the notes that call it."""

from typing import Annotated

from pydantic import ConfigDict, Field

from gateway.model.described import Described
from gateway.model.fields import ConversationId, Seq, Timestamp
from gateway.model.message import Message

#: Anything but NUL, which Postgres keeps in no text.
Kept = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class DraftContent(Described):
    """What somebody has begun to write in a conversation."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: Kept = Field(default="", max_length=100_000, description="The reply.")
    subject: Kept | None = Field(default=None, max_length=998, description="Mail only.")
    cc: list[Kept] = Field(default=[], max_length=50, description="Mail only: further recipients.")
    bcc: list[Kept] = Field(default=[], max_length=50, description="Mail only: recipients of whom nobody is told.")
    quote: bool = Field(default=True, description="Mail only: whether the mail that is answered stands below.")
    note: Kept = Field(default="", max_length=20_000, description="The private note.")
    attachment_ids: list[Kept] = Field(default=[], max_length=30, description="Files that go with the reply.")


class Draft(Described):
    """A draft of the caller."""

    conversation_id: ConversationId
    version: int = Field(description="Made by the client; a lower one never replaces a higher one.")
    content: DraftContent | None = Field(description="null: it was sent or thrown away.")
    updated_at: Timestamp


class DraftPage(Described):
    """The caller's drafts, the latest first."""

    data: list[Draft]
    next_cursor: str | None


class Read(Described):
    """How far the caller has read a conversation."""

    conversation_id: ConversationId
    read_up_to: Timestamp | None = Field(description="The time of the newest message seen; null: marked as unread.")
    updated_at: Timestamp


class ReadPage(Described):
    """What the caller has read, the latest first."""

    data: list[Read]
    next_cursor: str | None


class Mention(Described):
    """A note that calls the caller."""

    message: Message
    seen_at: Timestamp | None
    created_at: Timestamp


class MentionPage(Described):
    """Notes that call the caller, the latest first."""

    data: list[Mention]
    next_cursor: str | None
    unseen: int = Field(ge=0, description="How many were not seen yet; at most 100 are counted.")
    seq: Seq
