"""An entry of the log as the outside sees it: the same in the stream, in the list and in webhooks."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.model.connection import Channel
from gateway.model.conversation import Conversation
from gateway.model.fields import (
    Anything,
    ChannelId,
    ConnectionId,
    ConversationId,
    CustomerId,
    EventId,
    LabelId,
    Seq,
    Timestamp,
)
from gateway.model.message import Message


class Identity(BaseModel):
    """A way to reach a customer."""

    kind: Literal["phone", "whatsapp", "bsuid", "email"]
    value: str


class OptOut(BaseModel):
    """A customer does not want to be written to."""

    channel_id: ChannelId
    address: str = Field(description="The customer's address that it was said for.")
    category: str = Field(description="all, or the kind of messages that it is about (marketing_messages …).")
    opted_out_at: Timestamp


class Customer(BaseModel):
    """A customer, in ``customer.created`` and ``customer.updated``."""

    id: CustomerId
    name: str | None
    business_name: str | None
    customer_code: str | None = Field(description="The tenant's own number for the customer.")
    status: Literal["active", "blocked", "merged"]
    merged_into: CustomerId | None = Field(description="Merged ones: who they are now.")
    identities: list[Identity]
    opt_outs: list[OptOut]
    label_ids: list[LabelId]
    custom_fields: Anything = Field(description="The tenant's own fields, by key.")
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


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
        "conversation.updated, customer.created, customer.updated, channel.created, channel.updated, "
        "channel.alarm …"
    )
    timestamp: Timestamp
    tenant_id: str = Field(json_schema_extra={"format": "uuid"})
    conversation_id: ConversationId | None
    data: NewMessage | Message | Conversation | Customer | Channel | Alarm | Anything = Field(
        description="By type: NewMessage, Message, Conversation, Customer, Channel or Alarm."
    )


class EventPage(BaseModel):
    """Events in order, the head of the log, and the epoch that its positions belong to."""

    data: list[Event]
    head: Seq
    epoch: str
