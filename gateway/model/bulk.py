"""What became of a change to many conversations."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import ConversationId


class BulkResult(Described):
    """What became of one of them."""

    id: ConversationId
    outcome: Literal["changed", "unchanged", "not_found", "invalid"]
    detail: str | None = Field(description="Why it is invalid, for people.")


class BulkResults(Described):
    """What became of each."""

    data: list[BulkResult]
    more: bool = Field(description="Whether the filters let more through than were changed: ask again.")
