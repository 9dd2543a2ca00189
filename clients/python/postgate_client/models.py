"""What the API takes and answers, as far as this package knows it. Later versions of the gateway may tell more."""

from typing import Any, Literal, NotRequired, TypedDict

Json = dict[str, Any]  # Any: JSON

Ordering = Literal["none", "conversation"]
DeliveryStatus = Literal["PENDING", "RETRYING", "SUCCESS", "FAILED"]
HeldReason = Literal[
    "endpoint_deleted",
    "endpoint_disabled",
    "endpoint_backing_off",
    "waiting_to_retry",
    "earlier_of_its_conversation",
]


class Fault(TypedDict):
    """One thing that is wrong with a request; ``in`` tells of which part ``pointer`` is."""

    pointer: str
    detail: str


class Problem(TypedDict):
    """A refused request."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: NotRequired[list[Fault]]


class Event(TypedDict):
    """An entry of the log. Types that you do not know are to be passed over."""

    id: str
    seq: int
    type: str
    timestamp: str
    tenant_id: str
    conversation_id: str | None
    data: Json


class EventPage(TypedDict):
    """Events in order; ``next_after`` is where to go on."""

    data: list[Event]
    next_after: int
    head: int
    epoch: str


class EndpointFields(TypedDict, total=False):
    """What may be said of an endpoint, new or changed; what is left out has a default, or stays."""

    description: str
    event_types: list[str]
    channel_ids: list[str] | None
    label_ids: list[str] | None
    auth: Json
    headers: dict[str, str]
    schemes: list[Literal["v1a", "github", "stripe"]]
    timeout_ms: int
    retry_seconds: list[int]
    max_in_flight: int
    per_second: float | None
    ordering: Ordering
    mask_pii: Literal["none", "detected"]


class NewEndpoint(EndpointFields, total=False):
    """What may be said of a new endpoint."""

    secret: str


class EndpointChange(EndpointFields, total=False):
    """What may be changed of an endpoint."""

    url: str
    status: Literal["enabled", "disabled"]


class Secret(TypedDict):
    """What is told of a signing secret."""

    id: str
    created_at: str
    expires_at: str | None


class Endpoint(TypedDict):
    """An address that events are posted to."""

    id: str
    url: str
    description: str
    event_types: list[str]
    channel_ids: list[str] | None
    label_ids: list[str] | None
    auth: Json
    headers: dict[str, str]
    schemes: list[Literal["v1a", "github", "stripe"]]
    public_key: str | None
    secrets: list[Secret]
    timeout_ms: int
    retry_seconds: list[int]
    max_in_flight: int
    per_second: float | None
    ordering: Ordering
    mask_pii: Literal["none", "detected"]
    status: Literal["enabled", "disabled"]
    disabled_reason: Literal["member", "gone", "failing"] | None
    disabled_at: str | None
    failing_since: str | None
    warnings: int
    since_seq: int
    created_by: str | None
    created_at: str
    updated_at: str
    deleted_at: str | None


class EndpointPage(TypedDict):
    """All endpoints, the oldest first, at least as new as ``seq``."""

    data: list[Endpoint]
    next_cursor: str | None
    seq: int


class CreatedEndpoint(Endpoint):
    """A new endpoint; its secret is told this once."""

    secret: str


class Delivery(TypedDict):
    """An event that an endpoint is owed, or a ping."""

    id: str
    endpoint_id: str
    kind: Literal["event", "ping"]
    event_id: str
    event_type: str
    seq: int | None
    previous_seq: int | None
    conversation_id: str | None
    conversation_sequence: int | None
    status: DeliveryStatus
    attempts: int
    next_attempt_at: str | None
    held_reason: HeldReason | None
    response_status_code: int | None
    error_kind: str | None
    error: str | None
    last_attempt_at: str | None
    finished_at: str | None
    created_at: str
    updated_at: str


class DeliveryInFull(Delivery):
    """A delivery with what is sent."""

    event: Event | None


class RotatedEndpoint(CreatedEndpoint):
    """An endpoint with another secret, and the ping that was asked for."""

    probe: Delivery | None


class Attempt(TypedDict):
    """One try to deliver something; times in milliseconds."""

    delivery_id: str
    endpoint_id: str
    number: int
    started_at: str
    outcome: Literal["success", "failure"]
    status_code: int | None
    error_kind: str | None
    error: str | None
    address: str | None
    dns_ms: float | None
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float
    tls_version: str | None
    tls_expires_at: str | None
    request: Json
    response: Json | None


class Progress(TypedDict):
    """How far a job is."""

    seen: int
    total: int
    queued: int


class Recovery(TypedDict):
    """A job that sends again what failed, or a stretch of the log."""

    id: str
    endpoint_id: str
    kind: Literal["recover", "replay"]
    since: str | None
    until: str | None
    from_seq: int | None
    to_seq: int | None
    event_types: list[str] | None
    channel_ids: list[str] | None
    missing_only: bool
    per_second: float | None
    status: Literal["running", "done", "canceled"]
    progress: Progress
    created_by: str | None
    created_at: str
    updated_at: str
    finished_at: str | None


class ReplayFields(TypedDict, total=False):
    """Which part of the log is sent: ``from_seq`` and ``to_seq``, or ``since`` and ``until``; of it, what is named."""

    from_seq: int
    to_seq: int
    since: str
    until: str
    event_types: list[str]
    channel_ids: list[str]
    missing_only: bool
    per_second: float


class DeliveryFilter(TypedDict, total=False):
    """Which deliveries; all that is given has to be true of each."""

    endpoint_id: str
    status: list[DeliveryStatus]
    event_type: list[str]
    conversation_id: str
    event_id: str
    since: str
    until: str
    error_kind: str
    held: bool
    q: str


class ConversationFilter(TypedDict, total=False):
    """Which conversations; several values of one kind mean any of them."""

    status: list[Literal["open", "pending", "snoozed", "resolved"]]
    assignee: str
    team: str
    label: list[str]
    channel: list[str]
    priority: list[Literal["low", "normal", "high", "urgent"]]
    unread: bool
    updated_before: str


class Conversation(TypedDict):
    """A conversation with one customer over one channel."""

    id: str
    channel: Json
    customer: Json
    status: Literal["open", "pending", "snoozed", "resolved"]
    snoozed_until: str | None
    priority: Literal["low", "normal", "high", "urgent"]
    assignee_id: str | None
    team_id: str | None
    label_ids: list[str]
    subject: str | None
    subject_preview: str | None
    unread_count: int
    last_message: Json | None
    window_expires_at: str | None
    created_at: str
    updated_at: str
    last_message_at: str


class MessageFields(TypedDict, total=False):
    """What a message says; most are a ``text``, or ``attachments`` that were uploaded."""

    text: str
    attachments: list[str]
    reply_to_id: str
    subject: str
    template: Json


class Message(TypedDict):
    """A message; its key ``from`` is no name in Python and can't stand here."""

    id: str
    conversation_id: str
    external_id: str | None
    channel: Literal["whatsapp", "sms", "mms", "email"]
    channel_id: str
    provider: str
    direction: Literal["inbound", "outbound", "internal"]
    kind: str
    text: str | None
    preview: str
    to: list[str]
    author_id: str | None
    attachments: list[Json]
    reply_to_id: str | None
    subject: str | None
    status: str
    status_at: dict[str, str]
    error: Json | None
    occurred_at: str
    created_at: str
