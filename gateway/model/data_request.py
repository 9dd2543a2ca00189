"""Requests of customers about their data, as the API shows them."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import CustomerId, Timestamp, UserId, public_id

DataRequestId = Annotated[str, public_id("dsr")]
DataRequestKind = Literal["export", "erasure"]
DataRequestState = Literal["waiting", "running", "done", "failed"]


DataRequestErrorCode = Literal[
    "customer_erased", "storage_unavailable", "key_unavailable", "trouble", "archive_failed", "archive_too_large"
]
#: What each of them means, for people.
ERRORS: Mapping[DataRequestErrorCode, str] = {
    "customer_erased": "The customer was erased.",
    "storage_unavailable": "Files can't be read or stored now; it is tried again.",
    "key_unavailable": "Raw webhooks can't be opened with the keys that are here; it is tried again.",
    "trouble": "Something went wrong; it is tried again.",
    "archive_failed": "The archive could not be made; ask for it again.",
    "archive_too_large": "There is more than an archive may hold.",
}


class DataRequest(Described):
    """A request, and how far it came."""

    id: DataRequestId
    kind: DataRequestKind
    customer_id: CustomerId
    customer_name: str | None = Field(description="null: they have none, or were erased.")
    user_id: UserId | None = Field(description="Who asked; null: a program.")
    state: DataRequestState
    step: str | None = Field(description="What is being done.")
    counts: dict[str, int] = Field(
        description="An erasure: rows by table. An export: rows by file of the archive, once it is made."
    )
    error: str | None = Field(description="What keeps it from going on, or why it failed, in English.")
    error_code: DataRequestErrorCode | None = Field(description="The same, for programs.")
    size: int | None = Field(description="Bytes of the archive.")
    expires_at: Timestamp | None = Field(description="Until when the archive can be downloaded.")
    created_at: Timestamp
    finished_at: Timestamp | None


class DataRequestPage(Described):
    """Requests, newest first."""

    data: list[DataRequest]
    next_cursor: str | None


class ArchiveLink(Described):
    """Where an archive can be downloaded for a while."""

    url: str
    expires_at: Timestamp = Field(description="Of the link.")


class ErasedRows(Described):
    """What was erased in one table."""

    table: str
    rows: int
    how: Literal["removed", "emptied"] = Field(
        description="emptied: the row is there and tells nothing of anybody any more."
    )
    holds: str = Field(description="What such rows tell, in words.")


class KeptRows(Described):
    """What stays, and why."""

    what: str
    why: str
    rows: int | None = Field(description="How many; null: they were not counted.")


class Asker(Described):
    """Who asked for an erasure."""

    id: UserId | None = Field(description="null: a program with an API key.")
    name: str | None = Field(description="As they are called now.")
    role: str | None


class Certificate(Described):
    """What was erased of a customer, when, and who asked for it. It holds nothing of the customer but a former id."""

    request_id: DataRequestId
    customer_id: CustomerId
    requested_by: Asker
    requested_at: Timestamp
    erased_at: Timestamp
    erased: list[ErasedRows]
    kept: list[KeptRows]
    sha256: str = Field(description="Of the rest, as JSON with sorted keys and without blanks.")
