"""What became of a change to many conversations."""

from typing import Literal

from pydantic import BaseModel, Field

from gateway.model.fields import ConversationId


class BulkResult(BaseModel):
    """What became of one of them."""

    id: ConversationId
    outcome: Literal["changed", "unchanged", "not_found", "invalid"]
    detail: str | None = Field(description="Why it is invalid, for people.")


class BulkResults(BaseModel):
    """What became of each."""

    data: list[BulkResult]
    more: bool = Field(description="Whether the filters let more through than were changed: ask again.")
