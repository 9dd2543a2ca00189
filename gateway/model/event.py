"""An entry of the log as the outside sees it: the same in the stream, in the list and in webhooks."""

from pydantic import BaseModel, Field

from gateway.model.canned_reply import CannedReply
from gateway.model.connection import Channel
from gateway.model.conversation import Conversation
from gateway.model.customer import Customer, CustomerMerged, CustomerNote, CustomField
from gateway.model.fields import (
    Anything,
    ChannelId,
    ConnectionId,
    ConversationId,
    EventId,
    Seq,
    Timestamp,
)
from gateway.model.file import ChangedAttachment
from gateway.model.label import Label
from gateway.model.member import Member
from gateway.model.message import Message
from gateway.model.team import Team
from gateway.model.view import View


class NewMessage(Message):
    """A message in ``message.created``, with its conversation as the message's commit left it."""

    conversation: Conversation


class Alarm(BaseModel):
    """What a provider warns of, in ``channel.alarm``."""

    channel_id: ChannelId | None = Field(description="null: it is about the whole connection.")
    connection_id: ConnectionId
    level: str = Field(description="info, warning or critical.")
    sentence: str = Field(description="What happened, for people.")
    subtype: str = Field(description="The same under the provider's name.")
    occurred_at: Timestamp
    extra: Anything


class Event(BaseModel):
    """One thing that happened to a tenant. Types that a client does not know are to be passed over."""

    id: EventId
    seq: Seq
    type: str = Field(
        description="message.created, message.updated, message.deleted, message.status_changed, conversation.created, "
        "conversation.updated, customer.created, customer.updated, customer.merged, customer_note.updated, "
        "custom_field.updated, note.created, note.updated, note.deleted, activity.created, team.updated, "
        "member.updated, label.updated, canned_reply.updated, view.updated, channel.created, channel.updated, "
        "channel.alarm, attachment.updated …"
    )
    timestamp: Timestamp
    tenant_id: str = Field(json_schema_extra={"format": "uuid"})
    conversation_id: ConversationId | None
    data: (
        NewMessage
        | Message
        | Conversation
        | Customer
        | CustomerMerged
        | CustomerNote
        | CustomField
        | Member
        | Team
        | Label
        | CannedReply
        | View
        | Channel
        | Alarm
        | ChangedAttachment
        | Anything
    ) = Field(
        description="By type: NewMessage, Message, Conversation, Customer, CustomerMerged, CustomerNote, CustomField, "
        "Member, Team, Label, CannedReply, View, Channel, Alarm or ChangedAttachment; Message also for note.created, "
        "note.updated, note.deleted and activity.created, which hold what no customer ever sees."
    )


class EventPage(BaseModel):
    """Events in order, the head of the log, and the epoch that its positions belong to."""

    data: list[Event]
    head: Seq
    epoch: str
