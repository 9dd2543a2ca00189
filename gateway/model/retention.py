"""How long a tenant keeps what, as the API shows it."""

from pydantic import Field

from gateway.model.described import Described
from gateway.model.fields import Timestamp


class Kept(Described):
    """How long things of a kind are kept."""

    days: int = Field(description="At least for so many days; a month later at the latest they are gone.")
    own_days: int | None = Field(description="What this workspace says; null: it keeps to the operator's word.")
    default_days: int = Field(description="What the operator says.")
    amount: int = Field(description="How many are older now and would go; webhooks and deliveries up to 10,000.")
    oldest: Timestamp | None = Field(description="When the oldest of these came.")
    held: int = Field(
        description="How many are older but stay: they wait for a look, are still owed to an endpoint, or sent again."
    )
    examples: list[str] = Field(description="Ids of some that would go, five at most.")


class KeptByChoice(Described):
    """How long things of a kind are kept that are kept for ever unless somebody says otherwise."""

    days: int | None = Field(description="For so many days; null: for ever.")
    own_days: int | None = Field(description="What this workspace says; null: nothing.")
    default_days: None = Field(description="The operator has no say in this.")
    amount: int = Field(description="How many are older now and would go; up to 10,000 are counted.")
    oldest: Timestamp | None = Field(description="When the oldest of these came.")
    held: int = Field(description="How many are older but stay: conversations that are not resolved.")
    examples: list[str] = Field(description="Ids of some that would go, five at most.")


class Retention(Described):
    """How long this workspace keeps what."""

    webhooks: Kept = Field(description="Raw webhooks, as the providers sent them.")
    deliveries: Kept = Field(description="What was delivered to endpoints, with all attempts.")
    events: Kept = Field(description="The log that the stream, endpoints and GET /api/v1/events read.")
    conversations: KeptByChoice = Field(
        description="Resolved conversations with their messages, by when the last one came."
    )
    attachments: KeptByChoice = Field(description="Files of messages; the messages stay.")
    notes: KeptByChoice = Field(description="Notes on customers.")
    dry_run: bool = Field(description="Whether this is only what would be.")
