"""A conversation, as the API and the log show it."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import (
    ChannelId,
    ConversationId,
    CustomerId,
    LabelId,
    MessageId,
    Seq,
    TeamId,
    Timestamp,
    UserId,
)

Status = Literal["open", "pending", "snoozed", "resolved"]
Priority = Literal["low", "normal", "high", "urgent"]


class ConversationChannel(Described):
    """The tenant's address that a conversation is held over."""

    id: ChannelId
    kind: Literal["whatsapp", "sms", "email"]
    provider: str
    address: str
    name: str


class ConversationCustomer(Described):
    """Whom a conversation is held with."""

    id: CustomerId
    name: str | None
    address: str | None = Field(description="A number or an e-mail address.")


class LastMessage(Described):
    """The newest message of a conversation, for lists; private notes are none."""

    id: MessageId
    direction: Literal["inbound", "outbound"]
    kind: str
    preview: str
    author_id: UserId | None = Field(description="The member who wrote it.")
    status: str
    deleted: bool = Field(description="Whether its author took it back.")
    at: Timestamp


class Conversation(Described):
    """A conversation with one customer over one channel; by mail, one thread."""

    id: ConversationId
    channel: ConversationChannel
    customer: ConversationCustomer
    status: Status
    snoozed_until: Timestamp | None = Field(description="When a snoozed conversation opens by itself.")
    priority: Priority
    assignee_id: UserId | None = Field(description="The member who answers it.")
    team_id: TeamId | None
    label_ids: list[LabelId]
    subject: str | None
    subject_preview: str | None = Field(description="As lists show it: with personal data hidden that was found in it.")
    unread_count: int = Field(ge=0)
    last_message: LastMessage | None
    window_expires_at: Timestamp | None = Field(
        description="WhatsApp: free text may be sent until then; null where there is no such rule."
    )
    created_at: Timestamp
    updated_at: Timestamp
    last_message_at: Timestamp


class ConversationPage(Described):
    """Conversations, the newest last message first."""

    data: list[Conversation]
    next_cursor: str | None
    seq: Seq
