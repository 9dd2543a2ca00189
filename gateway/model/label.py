"""A label, as the API and the log show it."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import LabelId, Seq, Timestamp

Color = Literal["grey", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink"]


class Label(Described):
    """A word in a colour, for conversations and customers."""

    id: LabelId
    name: str
    color: Color
    description: str | None
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class LabelPage(Described):
    """All labels, by name."""

    data: list[Label]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
    seq: Seq
