"""An entry of the log as the outside sees it: the same in the stream, in the list and in webhooks."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.model.canned_reply import CannedReply
from gateway.model.connection import Channel
from gateway.model.conversation import Conversation
from gateway.model.customer import Customer, CustomerMerged, CustomerNote, CustomField
from gateway.model.data_request import DataRequestId
from gateway.model.delivery import Delivery
from gateway.model.described import Described
from gateway.model.endpoint import EndpointNews
from gateway.model.fields import (
    Anything,
    ChannelId,
    ConnectionId,
    ConversationId,
    CustomerId,
    EndpointId,
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


class Alarm(Described):
    """What a provider or the gateway itself warns of, in ``channel.alarm``."""

    channel_id: ChannelId | None = Field(description="null: it is about the whole connection.")
    connection_id: ConnectionId
    level: str = Field(description="info, warning or critical.")
    sentence: str = Field(description="What happened, for people.")
    subtype: str = Field(
        description="The same under the provider's name; the gateway's own are silence, silence_over, login_ends,"
        " login_refused and login_well."
    )
    occurred_at: Timestamp
    extra: Anything


class Happening(Described):
    """One thing that happened to a tenant."""

    id: EventId
    seq: Seq
    timestamp: Timestamp
    tenant_id: str = Field(json_schema_extra={"format": "uuid"})


class InConversation(Happening):
    """Something that happened in a conversation."""

    conversation_id: ConversationId


class Elsewhere(Happening):
    """Something that happened in no conversation."""

    conversation_id: None


class MessageCreated(InConversation):
    """A message came, or was accepted to be sent."""

    type: Literal["message.created"]
    data: NewMessage


class MessageChanged(InConversation):
    """A message is another now."""

    type: Literal["message.updated", "message.deleted", "message.status_changed"]
    data: Message


class NoteChanged(InConversation):
    """A private note, or a line on what somebody did: what no customer ever sees."""

    type: Literal["note.created", "note.updated", "note.deleted", "activity.created"]
    data: Message


class ConversationChanged(InConversation):
    """A conversation began, or is another now."""

    type: Literal["conversation.created", "conversation.updated"]
    data: Conversation


class AttachmentChanged(InConversation):
    """A file of a message was fetched, or could not be."""

    type: Literal["attachment.updated"]
    data: ChangedAttachment


class CustomerChanged(Elsewhere):
    """A customer is new, or is another now."""

    type: Literal["customer.created", "customer.updated"]
    data: Customer


class CustomersMerged(Elsewhere):
    """Two customers became one."""

    type: Literal["customer.merged"]
    data: CustomerMerged


class ErasedCustomer(Described):
    """Whom to forget, in ``customer.erased``."""

    id: CustomerId
    merged_ids: list[CustomerId] = Field(description="Those who were merged into them, and are erased as well.")
    request_id: DataRequestId


class CustomerErased(Elsewhere):
    """Nothing is known of a customer any more: whoever keeps something of them is to erase it, too."""

    type: Literal["customer.erased"]
    data: ErasedCustomer


class ErasedEvent(Described):
    """What an entry was before a customer was erased."""

    was: str = Field(description="Its type.")


class EventErased(Elsewhere):
    """An entry that told of somebody who was erased since. It keeps its place, and tells nothing."""

    type: Literal["event.erased"]
    data: ErasedEvent


class CustomerNoteChanged(Elsewhere):
    """Something was noted of a customer."""

    type: Literal["customer_note.updated"]
    data: CustomerNote


class CustomFieldChanged(Elsewhere):
    """A field of customers is new, another now, or gone."""

    type: Literal["custom_field.updated"]
    data: CustomField


class MemberChanged(Elsewhere):
    """A member is new, or is another now."""

    type: Literal["member.updated"]
    data: Member


class TeamChanged(Elsewhere):
    """A team is new, another now, or gone."""

    type: Literal["team.updated"]
    data: Team


class LabelChanged(Elsewhere):
    """A label is new, another now, or gone."""

    type: Literal["label.updated"]
    data: Label


class CannedReplyChanged(Elsewhere):
    """A canned reply of everybody's is new, another now, or gone."""

    type: Literal["canned_reply.updated"]
    data: CannedReply


class ViewChanged(Elsewhere):
    """A view of everybody's is new, another now, or gone."""

    type: Literal["view.updated"]
    data: View


class ChannelChanged(Elsewhere):
    """An address at a provider is new, another now, or gone."""

    type: Literal["channel.created", "channel.updated"]
    data: Channel


class ChannelAlarm(Elsewhere):
    """A provider warns of something."""

    type: Literal["channel.alarm"]
    data: Alarm


class EndpointChanged(Elsewhere):
    """An endpoint is new, another now, disabled, warned of, or gone."""

    type: Literal["webhook_endpoint.updated"]
    data: EndpointNews


class DeliveryExhausted(Elsewhere):
    """An event could not be delivered to an endpoint, and is not tried again by itself."""

    type: Literal["delivery.exhausted"]
    data: Delivery


class PingedEndpoint(Described):
    """Which endpoint is tried out, in ``webhook_endpoint.ping``."""

    endpoint_id: EndpointId


class EndpointPing(Elsewhere):
    """Somebody tries an endpoint out. It is no entry of the log; its seq is 0."""

    type: Literal["webhook_endpoint.ping"]
    data: PingedEndpoint


#: Told apart by their type. Later versions bring more: types that a client does not know are to be passed over.
Event = Annotated[
    MessageCreated
    | MessageChanged
    | NoteChanged
    | ConversationChanged
    | AttachmentChanged
    | CustomerChanged
    | CustomersMerged
    | CustomerErased
    | EventErased
    | CustomerNoteChanged
    | CustomFieldChanged
    | MemberChanged
    | TeamChanged
    | LabelChanged
    | CannedReplyChanged
    | ViewChanged
    | ChannelChanged
    | ChannelAlarm
    | EndpointChanged
    | DeliveryExhausted,
    Field(discriminator="type"),
]


class EventPage(Described):
    """Events in order, the position after them, the head of the log, and the epoch that its positions belong to."""

    data: list[Event] = Field(description="Types that a client does not know are to be passed over.")
    next_after: Seq = Field(
        description="Where to go on: all up to here was looked at, also where no event of the types asked for was."
    )
    head: Seq
    epoch: str
