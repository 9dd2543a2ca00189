"""Customers, as the API and the log show them: who they are, what is noted of them, and what happened."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import (
    Anything,
    ChannelId,
    CustomerId,
    LabelId,
    Seq,
    Timestamp,
    UserId,
    public_id,
)
from gateway.model.message import Message

NoteId = Annotated[str, public_id("cnt")]
FieldId = Annotated[str, public_id("fld")]
MergeId = Annotated[str, public_id("mrg")]

IdentityKind = Literal["phone", "whatsapp", "bsuid", "email"]
FieldType = Literal["text", "number", "date", "boolean", "choice"]


class Identity(Described):
    """A way to reach a customer."""

    kind: IdentityKind
    value: str


class OptOut(Described):
    """A customer does not want to be written to."""

    channel_id: ChannelId
    address: str = Field(description="The customer's address that it was said for.")
    category: str = Field(description="all, or the kind of messages that it is about (marketing_messages …).")
    opted_out_at: Timestamp


class Customer(Described):
    """A customer."""

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


class CustomerPage(Described):
    """Customers."""

    data: list[Customer]
    next_cursor: str | None
    seq: Seq


class CustomerMerged(Described):
    """Two customers became one, in ``customer.merged``; conversation.updated follows for each that moved."""

    customer: Customer = Field(description="Who stays.")
    merged: Customer = Field(description="Who is no longer one of their own.")


class Merge(Described):
    """A merge of two customers."""

    id: MergeId
    customer_id: CustomerId = Field(description="Who stayed.")
    merged_id: CustomerId
    merged_name: str | None
    user_id: UserId | None = Field(description="Who did it; null: a program.")
    created_at: Timestamp
    undone_at: Timestamp | None
    undone_by: UserId | None


class MergeResult(Described):
    """A merge, or its undoing, and both customers as they are now."""

    merge: Merge
    customer: Customer
    merged: Customer


class Duplicate(Described):
    """A customer who may be the same person."""

    customer: Customer
    reasons: list[Literal["number", "name"]] = Field(
        description="number: another spelling of the same number. name: the same name."
    )


class DuplicateList(Described):
    """Customers who may be the same person, the likeliest first; at most ten."""

    data: list[Duplicate]


class CustomerNote(Described):
    """What a member noted of a customer."""

    id: NoteId
    customer_id: CustomerId
    author_id: UserId | None = Field(description="null: a program.")
    text: str = Field(description="Empty once it is deleted.")
    created_at: Timestamp
    edited_at: Timestamp | None
    deleted_at: Timestamp | None


class CustomerNotePage(Described):
    """Notes, newest first."""

    data: list[CustomerNote]
    next_cursor: str | None
    seq: Seq


class CustomField(Described):
    """A field that a tenant keeps of its customers."""

    id: FieldId
    key: str = Field(description="Of the value in a customer's custom_fields.")
    name: str
    type: FieldType
    choices: list[str] = Field(description="Of a choice: the values it may have.")
    position: int
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class CustomFieldList(Described):
    """All fields, in order."""

    data: list[CustomField]
    seq: Seq


class TimelineItem(Described):
    """Something that happened with a customer; the key named like its type holds it."""

    type: Literal["message", "note", "merge", "opt_out"]
    at: Timestamp
    message: Message | None = None
    note: CustomerNote | None = None
    merge: Merge | None = None
    opt_out: OptOut | None = None


class Timeline(Described):
    """What happened with a customer over all channels, newest first."""

    data: list[TimelineItem]
    next_cursor: str | None
    seq: Seq
