"""An endpoint as somebody enters it."""

from typing import Annotated

from pydantic import AfterValidator, Field

from channels.errors import SignatureInvalid
from channels.standard_webhooks import key_of
from gateway.api.endpoints.header_names import MOST, HeaderName, HeaderValue
from gateway.api.endpoints.logins import SECRET, LoginBody, NoLogin
from gateway.model.endpoint import EndpointStatus, MaskPii, Ordering, Scheme
from gateway.model.event_types import EventPattern
from gateway.model.fields import ChannelId, LabelId
from gateway.openapi import BodyModel

DAY = 86_400
LONGEST_WAIT = 3 * DAY
LONGEST_SCHEDULE = 30 * DAY
#: At once, then after 5 s, 5 and 30 min, 2, 5, 10, 14, 20 and 24 h.
SCHEDULE = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
#: How long the key of a secret is, in bytes (Standard Webhooks, "signature scheme").
SHORTEST_KEY, LONGEST_KEY = 24, 64


def _bounded(schedule: list[int]) -> list[int]:
    if sum(schedule) > LONGEST_SCHEDULE:
        raise ValueError(f"all waits together may take {LONGEST_SCHEDULE} seconds: 30 days")
    return schedule


def _strong(secret: str) -> str:
    try:
        length = len(key_of(secret.encode()))
    except SignatureInvalid as error:
        raise ValueError(error.detail) from error
    if not SHORTEST_KEY <= length <= LONGEST_KEY:
        raise ValueError(f"the secret has to be whsec_ and base64 of {SHORTEST_KEY} to {LONGEST_KEY} bytes")
    return secret


Url = Annotated[str, Field(max_length=2048, examples=["https://integrator.example.org/hooks"])]
Description = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
EventPatterns = Annotated[list[EventPattern], Field(min_length=1, max_length=50)]
Channels = Annotated[list[ChannelId], Field(min_length=1, max_length=200)]
Labels = Annotated[list[LabelId], Field(min_length=1, max_length=200)]
Headers = Annotated[dict[HeaderName, HeaderValue], Field(max_length=MOST)]
Schemes = Annotated[list[Scheme], Field(max_length=3)]
Timeout = Annotated[int, Field(ge=1000, le=30_000)]
RetrySeconds = Annotated[
    list[Annotated[int, Field(ge=0, le=LONGEST_WAIT)]],
    Field(min_length=1, max_length=20),
    AfterValidator(_bounded),
]
InFlight = Annotated[int, Field(ge=1, le=256)]
PerSecond = Annotated[float, Field(ge=0.1, le=10_000)]
Secret = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9+/_]+=*$", json_schema_extra=SECRET),
    AfterValidator(_strong),
]

URL = "Where events are posted to. https; http only into networks that the operator allowed."
EVENT_TYPES = "Types of events; an asterisk stands for any word: `message.*`, `*.updated`, `*`."
CHANNEL_IDS = "Only what belongs to a conversation on one of these; null: everything."
LABEL_IDS = "Only what belongs to a conversation that has one of these; null: everything."
HEADERS = "Sent along with each delivery, and shown to whoever sees the endpoint: secrets belong into auth."
SCHEMES = (
    "Signatures beside v1. v1a: ed25519 (Standard Webhooks); the public key is shown. github: X-Hub-Signature-256. "
    "stripe: Stripe-Signature."
)
MADE_UP = "whsec_ and base64 of 24 to 64 bytes; left out, it is made up."
TIMEOUT = "How long an attempt may take."
RETRY_SECONDS = "How long to wait before each attempt, the first one included; a little is added by chance."
IN_FLIGHT = "How many deliveries may be under way at a time; while it fails, it gets fewer."
PER_SECOND = "How many deliveries in a second at most; null: no such limit."
MASK_PII = (
    "detected: personal data that is looked for (GET /api/v1/pii/rules) is hidden in what is sent. none: nothing is."
)
ORDERING = "conversation: the events of a conversation come one after the other, each once the one before is done."


class EndpointBody(BodyModel):
    """A new endpoint."""

    url: Url = Field(description=URL)
    description: Description = ""
    event_types: EventPatterns = Field(default=["*"], description=EVENT_TYPES)
    channel_ids: Channels | None = Field(default=None, description=CHANNEL_IDS)
    label_ids: Labels | None = Field(default=None, description=LABEL_IDS)
    auth: LoginBody = Field(default=NoLogin(type="none"), description="How we log in.")
    headers: Headers = Field(default={}, description=HEADERS)
    schemes: Schemes = Field(default=[], description=SCHEMES)
    secret: Secret | None = Field(default=None, repr=False, description=MADE_UP)
    timeout_ms: Timeout = Field(default=15_000, description=TIMEOUT)
    retry_seconds: RetrySeconds = Field(default=SCHEDULE, description=RETRY_SECONDS)
    max_in_flight: InFlight = Field(default=16, description=IN_FLIGHT)
    per_second: PerSecond | None = Field(default=None, description=PER_SECOND)
    ordering: Ordering = Field(default="none", description=ORDERING)
    mask_pii: MaskPii = Field(default="none", description=MASK_PII)


class EndpointChange(BodyModel):
    """What is to be changed of an endpoint; what is left out stays."""

    url: Url | None = Field(default=None, description=URL)
    description: Description | None = None
    event_types: EventPatterns | None = Field(default=None, description=EVENT_TYPES)
    channel_ids: Channels | None = Field(default=None, description=CHANNEL_IDS)
    label_ids: Labels | None = Field(default=None, description=LABEL_IDS)
    auth: LoginBody | None = Field(
        default=None, description="How we log in. If url or token_url lead to another server, secrets are needed anew."
    )
    headers: Headers | None = Field(default=None, description=HEADERS)
    schemes: Schemes | None = Field(default=None, description=SCHEMES)
    timeout_ms: Timeout | None = Field(default=None, description=TIMEOUT)
    retry_seconds: RetrySeconds | None = Field(default=None, description=RETRY_SECONDS)
    max_in_flight: InFlight | None = Field(default=None, description=IN_FLIGHT)
    per_second: PerSecond | None = Field(default=None, description=PER_SECOND)
    ordering: Ordering | None = Field(default=None, description=ORDERING)
    mask_pii: MaskPii | None = Field(default=None, description=MASK_PII)
    status: EndpointStatus | None = Field(
        default=None, description="disabled: what it is owed is held, until it is enabled again."
    )
