"""A file and an attachment, as the API shows them with a link to their bytes."""

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import ConversationId, FileId, MessageId, Timestamp, UserId
from gateway.model.message import Attachment


class File(Described):
    """An uploaded file."""

    id: FileId
    filename: str | None = Field(description="Made safe: without paths and tricks.")
    mime_type: str = Field(description="As its bytes have it, whatever it was sent as.")
    size: int = Field(description="In bytes.")
    sha256: str
    width: int | None = Field(description="Pictures and films, in pixels.")
    height: int | None
    duration_ms: int | None = Field(description="Sound and films, in milliseconds.")
    uploaded_by: UserId | None = Field(description="null: by an API key.")
    created_at: Timestamp
    expires_at: Timestamp | None = Field(description="When it is removed unless a message has it by then.")


class Link(Described):
    """A link to a file's bytes. Whoever has it can read them."""

    url: str = Field(description="On the gateway's public URL; `?download` makes browsers save it.")
    expires_at: Timestamp


class UploadedFile(File):
    """An uploaded file, with a link to its bytes."""

    link: Link


class ChangedAttachment(Described):
    """A file of a message as it is now, in ``attachment.updated``."""

    message_id: MessageId
    conversation_id: ConversationId
    attachment: Attachment


class LinkedAttachment(ChangedAttachment):
    """A file of a message, with a link to its bytes once they are stored."""

    link: Link | None
