"""Jobs that send again what failed, or what is in a stretch of the log."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import ChannelId, EndpointId, RecoveryId, Seq, Timestamp, UserId

RecoveryKind = Literal["recover", "replay"]
RecoveryStatus = Literal["running", "done", "canceled"]


class RecoveryProgress(Described):
    """How far a job is."""

    seen: int = Field(description="How many failed deliveries, or events of the log, were looked at.")
    total: int = Field(description="How many there are to look at; of failed ones at most 100,000 are counted.")
    queued: int = Field(description="How many deliveries were queued.")


class Recovery(Described):
    """A job that makes deliveries due again, or makes those that are missing."""

    id: RecoveryId
    endpoint_id: EndpointId
    kind: RecoveryKind = Field(description="recover: what failed. replay: a stretch of the log.")
    since: Timestamp | None = Field(description="recover: of the last attempts; replay: of the events.")
    until: Timestamp | None
    from_seq: Seq | None = Field(description="replay: where in the log it begins; null: recover.")
    to_seq: Seq | None = Field(description="replay: the last that is looked at; null: recover.")
    event_types: list[str] | None
    channel_ids: list[ChannelId] | None
    missing_only: bool
    per_second: float | None = Field(description="null: as fast as the endpoint takes it.")
    status: RecoveryStatus
    progress: RecoveryProgress
    created_by: UserId | None = Field(description="null: a program.")
    created_at: Timestamp
    updated_at: Timestamp
    finished_at: Timestamp | None


class RecoveryPage(Described):
    """Jobs, the newest first."""

    data: list[Recovery]
    next_cursor: str | None
