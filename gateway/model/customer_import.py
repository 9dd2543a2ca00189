"""Imports of customers, as the API shows them."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import LabelId, Timestamp, UserId, public_id

ImportId = Annotated[str, public_id("imp")]
ImportState = Literal["uploaded", "checking", "checked", "running", "done", "failed", "cancelled"]


class ImportPlan(Described):
    """What each column of a file holds, and what else somebody chose."""

    targets: list[str | None] = Field(description="By column; null: nothing that counts. At first a guess.")
    country: str | None
    label_ids: list[LabelId]


class CustomerImport(Described):
    """A file of customers, and how far it was read."""

    id: ImportId
    user_id: UserId | None = Field(description="Who uploaded it; null: a program.")
    filename: str
    encoding: str
    delimiter: str
    columns: list[str] = Field(description="The names in the first row.")
    sample: list[list[str]] = Field(description="The first rows after it.")
    plan: ImportPlan
    state: ImportState = Field(
        description="checking and checked: nothing is changed. running, then done, failed or cancelled."
    )
    error: str | None = Field(description="Why it failed.")
    rows_total: int
    rows_done: int = Field(description="created + updated + skipped + failed.")
    created: int
    updated: int
    skipped: int = Field(description="Rows that told nothing new.")
    failed: int
    created_at: Timestamp
    finished_at: Timestamp | None


class CustomerImportPage(Described):
    """Imports, newest first."""

    data: list[CustomerImport]
    next_cursor: str | None


class ImportProblem(Described):
    """A row that could not be taken."""

    row: int = Field(description="1 is the first after the names.")
    column: str | None = Field(description="null: it is about the whole row.")
    detail: str


class ImportProblemList(Described):
    """Rows that could not be taken, in order; the next page is asked for with the last one's number as after."""

    data: list[ImportProblem]
    more: bool
