"""The filters of lists of conversations: in a query, and in a saved view."""

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

from pydantic import Field

from gateway.access import Caller
from gateway.model.conversation import Priority, Status
from gateway.model.fields import ChannelId, LabelId, Moment
from gateway.model.ids import parse
from gateway.model.view import SomeMember, SomeTeam, Sort, ViewFilters
from gateway.openapi import QueryModel
from gateway.store.conversations import Filters

STATUSES: tuple[str, ...] = get_args(Status)


class FilterQuery(QueryModel):
    """Which conversations; several values of one kind mean any of them."""

    status: list[Status] = Field(default=[], max_length=4, description="May be repeated; none means all.")
    assignee: SomeMember | None = Field(default=None, description="me, nobody, or a member.")
    team: SomeTeam | None = Field(default=None, description="nobody, or a team.")
    label: list[LabelId] = Field(default=[], max_length=20, description="May be repeated.")
    channel: list[ChannelId] = Field(default=[], max_length=50, description="May be repeated.")
    priority: list[Priority] = Field(default=[], max_length=4, description="May be repeated.")
    unread: bool = Field(default=False, description="true: only those with unread messages.")
    updated_before: Moment | None = Field(default=None, description="Whose last message is older.")
    sort: Sort = Field(default="newest", description="By the last message.")


def filters_of(asked: FilterQuery | ViewFilters, caller: Caller) -> Filters:
    """Return the filters of a query or a view as they hold for a caller."""
    assignee, team = asked.assignee, asked.team
    mine = caller.user_id or UUID(int=0)  # an API key has none: nothing is found
    return Filters(
        statuses=sorted(set(asked.status or STATUSES)),
        assignee_id=mine if assignee == "me" else _parsed("usr", assignee),
        unassigned=assignee == "nobody",
        team_id=_parsed("team", team),
        teamless=team == "nobody",
        label_ids=[parse("lbl", one) for one in asked.label],
        channel_ids=[parse("ch", one) for one in asked.channel],
        priorities=sorted(set(asked.priority)),
        unread=asked.unread,
        idle_since=asked.updated_before,
        oldest_first=asked.sort == "oldest",
    )


def mark_of(filters: Filters) -> Sequence[str]:
    """Write filters down, to bind a cursor to them."""
    values: Sequence[Any] = (  # Any: of whatever kind
        *filters.statuses, filters.assignee_id, filters.unassigned, filters.team_id, filters.teamless,
        *filters.label_ids, *filters.channel_ids, *filters.priorities, filters.unread, filters.idle_since,
        filters.oldest_first,
    )  # fmt: skip
    return [str(value) for value in values]


def _parsed(prefix: str, text: str | None) -> UUID | None:
    return None if text in {None, "me", "nobody"} else parse(prefix, str(text))
