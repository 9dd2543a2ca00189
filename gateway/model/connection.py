"""A connection to a provider, its channels and its templates, as the API and the log show them."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import Anything, ChannelId, ConnectionId, Seq, TemplateId, Timestamp
from gateway.model.provider import ChannelKind


class Channel(Described):
    """An address at a provider: a number, a mailbox. In ``channel.created`` and ``channel.updated`` too."""

    id: ChannelId
    connection_id: ConnectionId
    provider: str
    kind: ChannelKind
    address: str
    name: str
    status: Literal["active", "disabled"] = Field(description="disabled: its connection is.")
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None = Field(description="Set in the last event of a channel that was removed.")


class ChannelPage(Described):
    """All channels, the oldest first."""

    data: list[Channel]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
    seq: Seq


class StandingAlarm(Described):
    """Something that is wrong with a connection until it is mended."""

    kind: Literal["silence", "login"] = Field(
        description="silence: its webhooks stay away, though they usually come by now; login: what it sends with ends"
        " soon, or is refused."
    )
    level: Literal["warning", "critical"]
    sentence: str = Field(description="What is wrong and what to do, for people.")
    since: Timestamp = Field(description="Of a silence: when the last webhook came.")
    expires_at: Timestamp | None = Field(description="When the login ends, if the provider tells.")


class Connection(Described):
    """A connection to a provider. Its credentials are never told, only which of them are set."""

    id: ConnectionId
    provider: str
    name: str
    status: str = Field(description="active or disabled; pending, error and rate_limited are the gateway's own words.")
    error: str | None = Field(description="What is wrong with it, in words.")
    report_only: bool = Field(description="Webhooks are taken although their signature is not right, and marked.")
    settings: Anything
    credentials_set: list[str] = Field(description="The names of the credentials that are stored.")
    hook_url: str | None = Field(description="What is to be entered at the provider; null: it takes no URL.")
    steps: list[str] = Field(description="What to do at the provider, in order, in Markdown.")
    channels: list[Channel]
    silence: Literal["off", "low", "normal", "high"] = Field(
        description="How soon silence raises an alarm: after 8, 4 or 2 hours in which webhooks usually come."
    )
    alarms: list[StandingAlarm]
    last_webhook_at: Timestamp | None = Field(description="null: none among the newest thousand webhooks.")
    created_at: Timestamp
    updated_at: Timestamp


class ConnectionPage(Described):
    """All connections, the oldest first."""

    data: list[Connection]
    next_cursor: str | None


class MessageTemplate(Described):
    """A template as the provider listed it when it was last asked."""

    id: TemplateId
    name: str
    language: str
    status: str = Field(description="The provider's word, in lower case: approved, rejected, paused …")
    category: str | None
    body: str | None
    components: list[Anything]
    external_id: str | None
    synced_at: Timestamp


class MessageTemplatePage(Described):
    """All templates of a connection, by name and language."""

    data: list[MessageTemplate]
    next_cursor: str | None


class Check(Described):
    """One thing that a self-test looked at."""

    name: str = Field(examples=["reachable"])
    ok: bool
    sentence: str = Field(description="What was found, for people.")
    hint: str | None = Field(description="What to do about it.")


class SelfTest(Described):
    """What a self-test of a connection found."""

    ok: bool = Field(description="Whether every check is.")
    checks: list[Check]
