"""How long a tenant keeps what, as the API shows it."""

from pydantic import BaseModel, Field

from gateway.model.fields import Timestamp


class Kept(BaseModel):
    """How long things of a kind are kept."""

    days: int = Field(description="At least for so many days; a month later at the latest they are gone.")
    own_days: int | None = Field(description="What this workspace says; null: it keeps to the operator's word.")
    default_days: int = Field(description="What the operator says.")
    amount: int = Field(description="How many are older now and would go; webhooks and deliveries up to 10,000.")
    oldest: Timestamp | None = Field(description="When the oldest of these came.")
    held: int = Field(
        description="How many are older but stay: they wait for a look, are still owed to an endpoint, or sent again."
    )


class Retention(BaseModel):
    """How long this workspace keeps what. Conversations and messages are kept whatever stands here."""

    webhooks: Kept = Field(description="Raw webhooks, as the providers sent them.")
    deliveries: Kept = Field(description="What was delivered to endpoints, with all attempts.")
    events: Kept = Field(description="The log that the stream, endpoints and GET /api/v1/events read.")
    dry_run: bool = Field(description="Whether this is only what would be.")
