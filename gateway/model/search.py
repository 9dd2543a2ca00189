"""What a search finds, as the API shows it."""

from typing import Literal

from pydantic import Field

from gateway.model.conversation import Conversation
from gateway.model.customer import Customer
from gateway.model.described import Described
from gateway.model.fields import ConversationId, MessageId, Timestamp, UserId
from gateway.model.message import Party

#: What is searched.
Where = Literal["all", "messages", "customers", "conversations"]


class Part(Described):
    """A piece of a text."""

    text: str
    hit: bool = Field(description="Whether it is what was searched for.")


class FoundMessage(Described):
    """A message, as far as a list of results shows it."""

    id: MessageId
    conversation_id: ConversationId
    direction: Literal["inbound", "outbound", "internal"] = Field(description="internal: a private note.")
    kind: str
    sender: Party = Field(alias="from")
    author_id: UserId | None
    occurred_at: Timestamp


class MessageHit(Described):
    """A message that was found, and the conversation that it is in."""

    message: FoundMessage
    conversation: Conversation
    place: Literal["text", "subject", "attachment"] = Field(description="Which of its texts the excerpt is of.")
    excerpt: list[Part] = Field(description="The text around the first hit, in pieces; together they are plain text.")


class CustomerHit(Described):
    """A customer who was found."""

    customer: Customer
    conversation_id: ConversationId | None = Field(description="Their newest conversation.")
    place: Literal["name", "business_name", "customer_code", "identity"]
    excerpt: list[Part]


class ConversationHit(Described):
    """A conversation whose subject was found."""

    conversation: Conversation
    excerpt: list[Part]


class MessageHits(Described):
    """Messages, the best of the newest first."""

    data: list[MessageHit]
    next_cursor: str | None = Field(description="For the same search in messages alone.")


class CustomerHits(Described):
    """Customers; behind those that match, some whose names are merely alike."""

    data: list[CustomerHit]
    next_cursor: str | None = Field(description="For the same search in customers alone.")


class ConversationHits(Described):
    """Conversations."""

    data: list[ConversationHit]
    next_cursor: str | None = Field(description="For the same search in conversations alone.")


class Found(Described):
    """What was found, by kind; null for what was not searched."""

    messages: MessageHits | None
    customers: CustomerHits | None
    conversations: ConversationHits | None
