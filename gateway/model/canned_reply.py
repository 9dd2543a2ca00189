"""A canned reply, as the API and the log show it."""

from pydantic import BaseModel, Field

from gateway.model.fields import CannedReplyId, Seq, Timestamp, UserId


class CannedReply(BaseModel):
    """A text that is used again and again."""

    id: CannedReplyId
    owner_id: UserId | None = Field(description="The member who alone sees it; null: everybody's.")
    shortcut: str
    name: str
    text: str = Field(description="May hold variables: {{customer.name}}.")
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class CannedReplyPage(BaseModel):
    """Those that the caller can use, by shortcut."""

    data: list[CannedReply]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
    seq: Seq


class RenderedReply(BaseModel):
    """A canned reply for one conversation."""

    text: str
    unknown: list[str] = Field(description="Variables that there are none of; they are left in the text.")
    empty: list[str] = Field(description="Variables without a value here; nothing stands in their place.")
