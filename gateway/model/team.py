"""A team, as the API and the log show it."""

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import ChannelId, Seq, TeamId, Timestamp, UserId


class Team(Described):
    """Members who share conversations."""

    id: TeamId
    name: str
    member_ids: list[UserId]
    channel_ids: list[ChannelId] = Field(description="What is written to these begins as this team's.")
    auto_assign: bool = Field(description="Open conversations that nobody has are given to the members in turn.")
    capacity: int | None = Field(description="Whoever has that many open conversations is passed over; null: nobody.")
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class TeamPage(Described):
    """All teams, by name."""

    data: list[Team]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
    seq: Seq
