"""A received webhook, as the ledger holds it and the API shows it."""

from typing import Literal

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import ConnectionId, Timestamp, WebhookId

WebhookState = Literal["pending", "stored", "partial", "duplicate", "ignored", "quarantined"]


class WebhookCounts(Described):
    """What became of a webhook's items: received is the sum of the others, once it was parsed."""

    received: int
    stored: int
    duplicate: int
    ignored: int
    quarantined: int


class WebhookError(Described):
    """Why a webhook could not be read."""

    code: str
    detail: str | None


class WebhookItem(Described):
    """An item that was not stored, and why."""

    state: Literal["ignored", "quarantined"]
    reason: str
    detail: str | None
    external_id: str | None = Field(description="The provider's id of the item.")


class Webhook(Described):
    """A received webhook."""

    id: WebhookId
    provider: str
    received_at: Timestamp
    state: WebhookState
    counts: WebhookCounts
    error: WebhookError | None
    body_size: int = Field(description="In bytes.")
    report_only: bool = Field(description="Accepted although its signature was not right.")


class WebhookInFull(Webhook):
    """A received webhook with its raw body."""

    connection_id: ConnectionId
    method: str
    path: str = Field(description="Of its URL, without the query: that may hold a token.")
    headers: dict[str, str]
    body_base64: str = Field(description="At most the first 4 MiB of the body.")
    items: list[WebhookItem]


class WebhookPage(Described):
    """Webhooks, newest first."""

    data: list[Webhook]
    next_cursor: str | None
