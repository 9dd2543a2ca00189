"""A saved view, as the API and the log show it."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gateway.model.conversation import Priority, Status
from gateway.model.described import Described
from gateway.model.fields import ChannelId, LabelId, Moment, Seq, Timestamp, UserId, ViewId

Sort = Literal["newest", "oldest"]
SomeMember = Annotated[str, Field(pattern="^(me|nobody|usr_[0-9a-f]{32})$")]
SomeTeam = Annotated[str, Field(pattern="^(nobody|team_[0-9a-f]{32})$")]


class ViewFilters(Described):
    """What a view shows; what is left out filters nothing. Several values of one kind mean any of them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    status: list[Status] = Field(default=[], max_length=4)
    assignee: SomeMember | None = Field(default=None, description="me, nobody, or a member.")
    team: SomeTeam | None = Field(default=None, description="nobody, or a team.")
    label: list[LabelId] = Field(default=[], max_length=20)
    channel: list[ChannelId] = Field(default=[], max_length=50)
    priority: list[Priority] = Field(default=[], max_length=4)
    unread: bool = Field(default=False, description="true: only those with unread messages.")
    updated_before: Moment | None = Field(default=None, description="Whose last message is older.")
    sort: Sort = Field(default="newest", description="By the last message.")


class View(Described):
    """A list of conversations that somebody keeps."""

    id: ViewId
    owner_id: UserId | None = Field(description="The member who alone sees it; null: everybody's.")
    name: str
    filters: ViewFilters
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class ViewPage(Described):
    """Those that the caller can use, by name."""

    data: list[View]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
    seq: Seq


class ViewCount(Described):
    """How many conversations a view holds."""

    id: str = Field(description="Of a saved view, or the name of one that is always there.")
    count: int = Field(ge=0)
    more: bool = Field(description="Whether there are more than count.")


class ViewCounts(Described):
    """The counts of all views that the caller can use."""

    data: list[ViewCount]
