"""An entry of a tenant's log, and how it is written for the outside: the same bytes everywhere."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import orjson

from gateway.model.ids import public


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened to a tenant; ``data`` is JSON text as the database wrote it."""

    tenant_id: UUID
    seq: int
    id: UUID
    type: str
    conversation_id: UUID | None
    created_at: datetime
    data: str


def entry_json(entry: Entry) -> bytes:
    """Write EVENT, as sent to browsers, integrators and whoever reads ``/api/v1/events``."""
    head = orjson.dumps(
        {
            "id": public("evt", entry.id),
            "seq": entry.seq,
            "type": entry.type,
            "timestamp": iso(entry.created_at),
            "tenant_id": str(entry.tenant_id),
            "conversation_id": entry.conversation_id and public("cnv", entry.conversation_id),
        }
    )
    return head[:-1] + b',"data":' + entry.data.encode() + b"}"


def iso(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC, with milliseconds."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"
