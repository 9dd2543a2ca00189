"""A message, as the API and the log show it."""

from typing import Literal

from pydantic import ConfigDict, Field

from gateway.model.described import Described
from gateway.model.fields import Anything, AttachmentId, ChannelId, ConversationId, MessageId, Seq, Timestamp, UserId


class Party(Described):
    """A sender."""

    name: str | None
    address: str | None


class Attachment(Described):
    """A file, a place or a contact card; keys that do not apply to its type may be absent."""

    model_config = ConfigDict(extra="allow")

    id: AttachmentId | None = Field(default=None, description="Files only.")
    type: str = Field(description="image, audio, voice, video, document, sticker, file, location, contact …")
    filename: str | None = None
    mime_type: str | None = None
    size: int | None = Field(default=None, description="In bytes.")
    width: int | None = Field(default=None, description="Pictures and films, in pixels.")
    height: int | None = None
    duration_ms: int | None = Field(default=None, description="Sound and films, in milliseconds.")
    content_id: str | None = Field(default=None, description="By which the mail's HTML shows it.")
    state: Literal["pending", "stored", "failed", "expired"] | None = None
    error: str | None = Field(default=None, description="Why there are no bytes, for people.")


class Mail(Described):
    """What only mail has."""

    cc: list[Party]
    message_id: str | None
    from_verified: bool | None = Field(description="Whether the sender's domain vouches for the sender.")
    auto: str | None = Field(description="Which kind of automatic mail it is; null: written by a person.")


class MessageError(Described):
    """Why a message was not delivered, in the provider's words."""

    code: str
    message: str | None
    retryable: bool | None = Field(default=None, description="Whether sending it again may work; null: not known.")


class Message(Described):
    """A message."""

    id: MessageId
    conversation_id: ConversationId
    external_id: str | None = Field(description="The provider's id.")
    channel: Literal["whatsapp", "sms", "mms", "email"]
    channel_id: ChannelId
    provider: str
    direction: Literal["inbound", "outbound", "internal"] = Field(
        description="internal: a private note, or a line on what somebody did; no customer ever sees it."
    )
    kind: str = Field(description="text, image, voice, location, contacts, html …; internal ones: note or activity.")
    text: str | None
    preview: str
    sender: Party = Field(alias="from")
    to: list[str]
    author_id: UserId | None = Field(description="The member who wrote it.")
    mentions: list[UserId] = Field(description="Notes: the members it calls.")
    attachments: list[Attachment]
    in_reply_to: str | None = Field(description="The provider's id of the earlier message.")
    reply_to_id: MessageId | None
    subject: str | None
    reply_text: str | None = Field(description="Mail: the text without what it quotes.")
    has_html: bool
    mail: Mail | None
    status: str = Field(description="received, queued, unknown, sent, delivered, read, played or failed.")
    status_at: dict[str, Timestamp]
    error: MessageError | None
    occurred_at: Timestamp = Field(description="The provider's time; that of receipt when it sent none.")
    received_at: Timestamp
    created_at: Timestamp
    edited_at: Timestamp | None = Field(description="The latest edit; text and preview are as it left them.")
    deleted_at: Timestamp | None = Field(
        description="When its author took it back: text, attachments and extra are no longer shown."
    )
    extra: Anything = Field(description="What else may matter, under the provider's names.")


class MessagePage(Described):
    """Messages of a conversation, newest first."""

    data: list[Message]
    next_cursor: str | None
    previous_cursor: str | None = Field(description="Of what is newer than this page; null where nothing is.")
    seq: Seq
