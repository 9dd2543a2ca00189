"""An entry of the log as the outside sees it: the same in the stream, in the list and in webhooks."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.model.connection import Channel
from gateway.model.conversation import Conversation
from gateway.model.fields import Anything, ConversationId, CustomerId, EventId, Seq, Timestamp
from gateway.model.message import Message


class Identity(BaseModel):
    """A way to reach a customer."""

    kind: Literal["phone", "whatsapp", "bsuid", "email"]
    value: str


class Customer(BaseModel):
    """A customer, in ``customer.created`` and ``customer.updated``."""

    id: CustomerId
    name: str | None
    identities: list[Identity]
    created_at: Timestamp


class NewMessage(Message):
    """A message in ``message.created``, with its conversation as the message's commit left it."""

    conversation: Conversation


class Event(BaseModel):
    """One thing that happened to a tenant. Types that a client does not know are to be passed over."""

    id: EventId
    seq: Seq
    type: str = Field(
        description="message.created, message.updated, message.status_changed, conversation.created, "
        "conversation.updated, customer.created, customer.updated, channel.created, channel.updated …"
    )
    timestamp: Timestamp
    tenant_id: str = Field(json_schema_extra={"format": "uuid"})
    conversation_id: ConversationId | None
    data: NewMessage | Message | Conversation | Customer | Channel | Anything = Field(
        description="By type: NewMessage, Message, Conversation, Customer or Channel."
    )


class EventPage(BaseModel):
    """Events in order, the head of the log, and the epoch that its positions belong to."""

    data: list[Event]
    head: Seq
    epoch: str
