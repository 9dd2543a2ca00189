"""A webhook on its way into the database: the raw request, and the rows that its events become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from channels.http import HttpRequest
from channels.registry import ADAPTERS
from gateway.model.texts import storable
from gateway.store.raw_webhooks import Sealed

#: The header fields that are kept for every provider: what tells how to read the body when it is replayed. They stand
#: in the ledger in clear, so nothing else does: no credentials, and nothing of whoever called.
KEPT_HEADERS = ("content-type",)

#: A row without its place and its webhook's place, which are known only once its group is.
Row = tuple[Any, ...]
#: Where the rows of a message and of a status say their ids, and a note's whether it is an item of its own.
MESSAGE_ID = 3
STATUS_ID = 3
NOTE_COUNTS = 2
KEY_BYTES = 1_000  # what an index holds is bounded (2,704 bytes for an entry, in Postgres)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unstored:
    """An item that did not become a row, and why. ``state`` is ignored or quarantined."""

    state: str
    reason: str
    detail: str | None = None
    external_id: str | None = None


class Rows:
    """The rows of one webhook, as they are gathered.

    Attributes:
        messages: rows of the SQL type ``ingest_message`` from ``tenant_id`` on.
        statuses: rows of the SQL type ``ingest_status`` from ``tenant_id`` on.
        notes: rows of the SQL type ``ingest_note`` from ``tenant_id`` on.
        aliases: by the id of a message, its sender's number and each other spelling of it.
        marks: by the id of a status, the reference under which we sent the message that it is about.
        unstored: the items that become no row.
    """

    __slots__ = ("aliases", "marks", "messages", "notes", "statuses", "unstored")

    def __init__(self) -> None:
        self.messages: list[Row] = []
        self.statuses: list[Row] = []
        self.notes: list[Row] = []
        self.aliases: dict[UUID, list[tuple[str, str]]] = {}
        self.marks: dict[UUID, str] = {}
        self.unstored: list[Unstored] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One webhook of one connection, translated.

    Attributes:
        pending: only the raw body is to be stored now; a worker will parse it.
        known: its ledger row exists already (a mail that was pending, or a replay).
        emptied: it held what was erased: its content is not kept.
        sealed: its raw request as the ledger keeps it; a known one needs none.
        messages, statuses, notes, aliases, marks, unstored: see ``Rows``.
    """

    id: UUID
    tenant_id: UUID
    integration_id: UUID
    provider: str
    received_at: datetime
    request: HttpRequest
    verified: bool = True
    pending: bool = False
    known: bool = False
    emptied: bool = False
    sealed: Sealed | None = None
    messages: Sequence[Row] = ()
    statuses: Sequence[Row] = ()
    notes: Sequence[Row] = ()
    aliases: Mapping[UUID, Sequence[tuple[str, str]]] = field(default_factory=dict)
    marks: Mapping[UUID, str] = field(default_factory=dict)
    unstored: Sequence[Unstored] = ()
    error_code: str | None = None
    error_detail: str | None = None

    def translated(self, rows: Rows) -> "Webhook":
        """Return the same webhook with its rows. Written out: ``replace`` costs every webhook 30 microseconds."""
        return Webhook(
            id=self.id,
            tenant_id=self.tenant_id,
            integration_id=self.integration_id,
            provider=self.provider,
            received_at=self.received_at,
            request=self.request,
            verified=self.verified,
            known=self.known,
            sealed=self.sealed,
            messages=rows.messages,
            statuses=rows.statuses,
            notes=rows.notes,
            aliases=rows.aliases,
            marks=rows.marks,
            unstored=rows.unstored,
        )

    def quarantined(self, code: str, detail: str) -> "Webhook":
        """Return the same webhook, kept whole for a later replay."""
        whole = Unstored(state="quarantined", reason=code, detail=detail)
        return replace(
            self,
            messages=(),
            statuses=(),
            notes=(),
            aliases={},
            marks={},
            unstored=(whole,),
            pending=False,
            error_code=code,
            error_detail=detail,
        )

    @property
    def key_id(self) -> UUID | None:
        """The data key that its raw request is sealed with."""
        return None if self.sealed is None else self.sealed.key_id

    @property
    def item_count(self) -> int:
        """How many of its items became rows; a note that a message brings along is no item of its own."""
        items = len(self.messages) + len(self.statuses)
        return items + sum(note[NOTE_COUNTS] for note in self.notes) if self.notes else items

    def row(self, *, more: bool = False) -> Row:
        """Return the row of the SQL type ``ingest_webhook``; ``more`` for a further part of this one."""
        quarantined = sum(item.state == "quarantined" for item in self.unstored)
        raw = self.sealed or self.request
        return (
            self.tenant_id,
            self.id,
            self.received_at,
            self.integration_id,
            self.provider,
            self.request.method,
            raw.url,
            orjson.dumps(kept_headers(self.request, self.provider)).decode(),
            b"" if self.known or more else raw.body,
            "verified" if self.verified else "report_only",
            self.pending,
            self.known,
            more,
            self.item_count,
            len(self.unstored) - quarantined,
            quarantined,
            unstored_json(self.unstored),
            self.error_code,
            self.error_detail,
        )


def kept_headers(request: HttpRequest, provider: str) -> Mapping[str, str]:
    """Return the fields that may be stored beside the body; a later version may have stored for an unknown provider."""
    adapter = ADAPTERS.get(provider)
    kept = (*KEPT_HEADERS, *adapter.kept_headers) if adapter else KEPT_HEADERS
    return {name: storable(request.headers.get(name), 500) for name in kept if name in request.headers}


def unstored_json(items: Sequence[Unstored]) -> str | None:
    """Write why items were not stored; null when all were."""
    if not items:
        return None
    return text_json(
        [{"state": i.state, "reason": i.reason, "detail": i.detail, "external_id": i.external_id} for i in items[:1000]]
    )


def fits(key: str) -> bool:
    """Tell whether a text can be a key."""
    return len(key) * 4 <= KEY_BYTES or len(key.encode("utf-8", "replace")) <= KEY_BYTES


def text_json(value: Any) -> str:
    """Write JSON that Postgres takes: without NUL, which it refuses inside text."""
    written = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    if b"\\u0000" in written:
        written = orjson.dumps(_without_nul(value), option=orjson.OPT_NON_STR_KEYS)
    return written.decode()


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case Mapping():
            return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_without_nul(inner) for inner in value]
        case _:
            return value
