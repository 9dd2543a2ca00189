"""A canned reply, as the API and the log show it."""

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import CannedReplyId, Seq, Timestamp, UserId


class CannedReply(Described):
    """A text that is used again and again."""

    id: CannedReplyId
    owner_id: UserId | None = Field(description="The member who alone sees it; null: everybody's.")
    shortcut: str
    name: str
    text: str = Field(description="May hold variables: {{customer.name}}.")
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class CannedReplyPage(Described):
    """Those that the caller can use, by shortcut."""

    data: list[CannedReply]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
    seq: Seq


class RenderedReply(Described):
    """A canned reply for one conversation."""

    text: str
    unknown: list[str] = Field(description="Variables that there are none of; they are left in the text.")
    empty: list[str] = Field(description="Variables without a value here; nothing stands in their place.")
