"""An endpoint that a tenant's events are posted to, as the API and the log show it."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from gateway.model.delivery import Delivery
from gateway.model.described import Described
from gateway.model.fields import (
    Anything,
    ChannelId,
    ConversationId,
    EndpointId,
    EventId,
    LabelId,
    Seq,
    Timestamp,
    UserId,
    public_id,
)

SigningSecretId = Annotated[str, public_id("sec")]

Scheme = Literal["v1a", "github", "stripe"]
Ordering = Literal["none", "conversation"]
MaskPii = Literal["none", "detected"]
EndpointStatus = Literal["enabled", "disabled"]
DisabledReason = Literal["member", "gone", "failing"]
EndpointState = Literal["healthy", "failing", "backing_off", "disabled"]

#: Nothing but failures for so long, and an endpoint is disabled.
DISABLED_AFTER = timedelta(days=5)


class NoAuth(Described):
    """The signature alone proves who we are."""

    type: Literal["none"]


class BasicAuth(Described):
    """A name and a password (RFC 7617)."""

    type: Literal["basic"]
    username: str


class BearerAuth(Described):
    """A token (RFC 6750)."""

    type: Literal["bearer"]


class HeadersAuth(Described):
    """Headers whose values are secrets."""

    type: Literal["headers"]
    headers: list[str] = Field(description="Their names.")


class OAuth2Auth(Described):
    """A token that is fetched with client credentials (RFC 6749 section 4.4)."""

    type: Literal["oauth2"]
    token_url: str
    client_id: str
    scope: str = Field(description="Words with blanks between them; may be empty.")


Auth = Annotated[
    NoAuth | BasicAuth | BearerAuth | HeadersAuth | OAuth2Auth,
    Field(description="How we log in; its secrets are never told."),
]


class SigningSecret(Described):
    """What may be told of a signing secret."""

    id: SigningSecretId
    created_at: Timestamp
    expires_at: Timestamp | None = Field(description="When it signs no more; null: it is the one that stays.")


class EndpointNews(Described):
    """What the log tells of an endpoint: not all of its URL, and nothing of how we log in, since many read the log."""

    id: EndpointId
    host: str = Field(description="Of its URL, with the port if there is one.")
    description: str
    event_types: list[str] = Field(description="Types of events; an asterisk stands for any word.")
    status: EndpointStatus
    disabled_reason: DisabledReason | None
    disabled_at: Timestamp | None
    failing_since: Timestamp | None = Field(description="Set once it is warned of; null: it is well, or fails shortly.")
    warnings: int = Field(description="How many were given since it fails.")
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None = Field(description="Set in the last event of an endpoint that was removed.")


class Endpoint(Described):
    """An endpoint."""

    id: EndpointId
    url: str
    description: str
    event_types: list[str] = Field(description="Types of events; an asterisk stands for any word.")
    channel_ids: list[ChannelId] | None = Field(
        description="Only what belongs to a conversation on one of these; null: everything."
    )
    label_ids: list[LabelId] | None = Field(
        description="Only what belongs to a conversation that has one of these; null: everything."
    )
    auth: Auth
    headers: dict[str, str] = Field(description="Sent along with each delivery.")
    schemes: list[Scheme] = Field(description="Signatures beside v1.")
    public_key: str | None = Field(description="whpk_ and base64: what v1a is verified with; null: not signed so.")
    secrets: list[SigningSecret] = Field(description="Of v1, the newest first.")
    timeout_ms: int
    retry_seconds: list[int] = Field(description="How long to wait before each attempt, the first one included.")
    max_in_flight: int
    per_second: float | None = Field(description="How many deliveries in a second at most; null: no such limit.")
    ordering: Ordering = Field(description="conversation: one after the other for each conversation.")
    mask_pii: MaskPii = Field(description="detected: personal data that is found is hidden in what is sent.")
    status: EndpointStatus
    disabled_reason: DisabledReason | None = Field(
        description="member: somebody did it. gone: it answered 410. failing: for days nothing but failures."
    )
    disabled_at: Timestamp | None
    failing_since: Timestamp | None = Field(description="Set once it is warned of; null: it is well, or fails shortly.")
    warnings: int = Field(description="How many were given since it fails.")
    since_seq: Seq = Field(description="It gets what comes after this position in the log.")
    created_by: UserId | None = Field(description="null: a program.")
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Timestamp | None


class CreatedEndpoint(Endpoint):
    """An endpoint that was just made."""

    secret: str = Field(description="whsec_ and base64: what v1 is verified with. It can't be told again.")


class RotatedEndpoint(CreatedEndpoint):
    """An endpoint that was just given another secret."""

    probe: Delivery | None = Field(description="A ping that only the new secret signs, if one was asked for.")


class EndpointPage(Described):
    """All endpoints, the oldest first."""

    data: list[Endpoint]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
    seq: Seq


class HealthBucket(Described):
    """How an endpoint did during some minutes. The percentiles are of attempts that were answered."""

    minute: Timestamp = Field(description="When it begins.")
    succeeded: int = Field(description="Attempts.")
    failed: int
    p50_ms: float | None = Field(description="Half of the answers took no longer; null: there were none.")
    p95_ms: float | None


class EndpointHealth(Described):
    """How an endpoint is, and how it did lately."""

    state: EndpointState = Field(
        description="failing: the last attempt failed. backing_off: nothing is sent for a while."
    )
    failures: int = Field(description="Since the last success.")
    failing_since: Timestamp | None = Field(description="The first failure after the last success.")
    disabled_at: Timestamp | None
    disabled_reason: DisabledReason | None
    disables_at: Timestamp | None = Field(
        description="When it is disabled if all goes on failing; null: there is no reason to."
    )
    backoff_until: Timestamp | None
    cap: float = Field(description="How many may be in flight by what was learnt; max_in_flight bounds it.")
    pending: int = Field(description="Events that wait; 10,000: that many or more.")
    oldest_due_at: Timestamp | None = Field(description="Since when the first of them is due; null: none is.")
    last_success_at: Timestamp | None
    last_failure_at: Timestamp | None
    bucket_minutes: int = Field(description="How many minutes each of the following is of.")
    minutes: list[HealthBucket] = Field(description="In order; those without any attempt are left out.")


DryRunReason = Literal["type", "no_conversation", "channel", "label"]


class Matched(Described):
    """How many events of a type an endpoint would have got."""

    type: str
    count: int


class Passed(Matched):
    """How many events of a type it would not have got, for one reason."""

    reason: DryRunReason = Field(
        description="Another type, in no conversation, or in one with none of these channels or labels."
    )


class MatchedEvent(Described):
    """An event of the past."""

    id: EventId
    seq: Seq
    type: str
    timestamp: Timestamp
    conversation_id: ConversationId | None


class PassedEvent(MatchedEvent):
    """One that it would not have got."""

    reason: DryRunReason


class DryRun(Described):
    """What an endpoint with such filters would have got of past events, by what their conversations are now."""

    examined: int = Field(description="How many events were looked at.")
    matched: int = Field(description="How many of these it would have got.")
    from_seq: Seq | None = Field(description="The oldest that was looked at; null: there was none.")
    to_seq: Seq | None = Field(description="The newest.")
    types: list[Matched] = Field(description="What it would have got, in alphabetical order.")
    not_matching: list[Passed] = Field(description="What it would not have got, in alphabetical order.")
    examples: list[MatchedEvent] = Field(description="At most twenty that it would have got, the newest first.")
    others: list[PassedEvent] = Field(description="At most twenty that it would not have got, the newest first.")


class EventType(Described):
    """A type of events."""

    type: str
    description: str
    json_schema: Anything = Field(alias="schema", description="JSON Schema (2020-12) of the whole event.")
    example: Anything = Field(description="An event of this type.")
    subscribable: bool = Field(description="false: it is no entry of the log, and sent only when it is asked for.")


class EventTypePage(Described):
    """All types of events, in alphabetical order."""

    data: list[EventType]
    next_cursor: str | None = Field(description="Always null: they come all at once.")
