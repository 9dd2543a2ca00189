"""Kinds of values that the API's objects are made of, for its description."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field
from pydantic.fields import FieldInfo

from gateway.model.ids import sample_id

#: ISO 8601 in UTC, with milliseconds.
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-01-01T00:00:11.000Z"])]
#: A moment as a client tells it, with its zone; not so far off that it can't be reckoned with.
Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 2, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]
#: A position in the tenant's log.
Seq = Annotated[int, Field(ge=0, description="A position in the tenant's log.")]
#: Objects of providers, under their own names.
Anything = dict[str, Any]  # Any: what a provider calls what


def public_id(prefix: str) -> FieldInfo:
    """Describe an id as the outside sees it."""
    field: FieldInfo = Field(pattern=f"^{prefix}_[0-9a-f]{{32}}$", examples=[sample_id(prefix)])
    return field


ConversationId = Annotated[str, public_id("cnv")]
MessageId = Annotated[str, public_id("msg")]
CustomerId = Annotated[str, public_id("cus")]
ChannelId = Annotated[str, public_id("ch")]
AttachmentId = Annotated[str, public_id("att")]
FileId = Annotated[str, public_id("file")]
EventId = Annotated[str, public_id("evt")]
UserId = Annotated[str, public_id("usr")]
TeamId = Annotated[str, public_id("team")]
LabelId = Annotated[str, public_id("lbl")]
CannedReplyId = Annotated[str, public_id("can")]
ViewId = Annotated[str, public_id("view")]
ConnectionId = Annotated[str, public_id("int")]
TemplateId = Annotated[str, public_id("tpl")]
WebhookId = Annotated[str, public_id("whk")]
EndpointId = Annotated[str, public_id("ep")]
DeliveryId = Annotated[str, public_id("dlv")]
RecoveryId = Annotated[str, public_id("rcv")]
