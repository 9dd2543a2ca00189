"""How long one tenant keeps what, and what would go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store.pool import TenantTx
from gateway.store.retention import Choice, Keeping

#: Webhooks and deliveries are counted up to here.
MOST_COUNTED = 10_000

CHOICE = "SELECT conversations_days, attachments_days, notes_days FROM retention WHERE tenant_id = $1"
SET_CHOICE = """
INSERT INTO retention (tenant_id, conversations_days, attachments_days, notes_days, changed_by)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id) DO UPDATE SET conversations_days = excluded.conversations_days,
    attachments_days = excluded.attachments_days, notes_days = excluded.notes_days, changed_by = excluded.changed_by
"""
CHOICE_PREVIEW = "SELECT kind, amount, oldest, held FROM choice_preview($1, $2, $3, $4)"
GET = "SELECT webhooks_days, deliveries_days, events_days FROM retention WHERE tenant_id = $1"
SET = """
INSERT INTO retention (tenant_id, webhooks_days, deliveries_days, events_days, changed_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id) DO UPDATE SET webhooks_days = excluded.webhooks_days,
    deliveries_days = excluded.deliveries_days, events_days = excluded.events_days, changed_by = excluded.changed_by
"""
PREVIEW = "SELECT kind, amount, oldest, held FROM retention_preview($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class Own:
    """What a tenant says, in days; None: as long as the operator says."""

    webhooks_days: int | None = None
    deliveries_days: int | None = None
    events_days: int | None = None

    def over(self, defaults: Keeping) -> Keeping:
        """Return what holds."""
        return Keeping(
            self.webhooks_days or defaults.webhooks_days,
            self.deliveries_days or defaults.deliveries_days,
            self.events_days or defaults.events_days,
        )


async def own(tx: TenantTx) -> Own:
    """Return what the tenant says."""
    row = await tx.connection.fetchrow(GET, tx.tenant_id)
    return Own() if row is None else Own(*row)


async def set_own(tx: TenantTx, wanted: Own, user_id: UUID | None) -> None:
    """Write down what the tenant says, and who said so."""
    await tx.connection.execute(
        SET, tx.tenant_id, wanted.webhooks_days, wanted.deliveries_days, wanted.events_days, user_id
    )


async def choice(tx: TenantTx) -> Choice:
    """Return what the tenant keeps for a while only, of what is kept for ever otherwise."""
    row = await tx.connection.fetchrow(CHOICE, tx.tenant_id)
    return Choice() if row is None else Choice(*row)


async def set_choice(tx: TenantTx, wanted: Choice, user_id: UUID | None) -> None:
    """Write that down, and who said so."""
    await tx.connection.execute(
        SET_CHOICE, tx.tenant_id, wanted.conversations_days, wanted.attachments_days, wanted.notes_days, user_id
    )


EXAMPLES = "SELECT kind, id FROM retention_examples($1, $2, $3, $4, $5, $6, $7)"
#: Of each kind.
MOST_EXAMPLES = 5


async def examples(tx: TenantTx, keeping: Keeping, wanted: Choice) -> Mapping[str, Sequence[str]]:
    """Return the ids, as the API shows them, of some of what would go now, by kind."""
    days = (
        keeping.webhooks_days, keeping.deliveries_days, keeping.events_days, wanted.conversations_days,
        wanted.attachments_days, wanted.notes_days,
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    for row in await tx.connection.fetch(EXAMPLES, *days, MOST_EXAMPLES):
        found.setdefault(row["kind"], []).append(row["id"])
    return found


@dataclass(frozen=True, slots=True)
class Due:
    """How much of a kind is older than it is kept, when the oldest of it came, and how much more has to stay."""

    amount: int
    oldest: datetime | None
    held: int


async def preview(tx: TenantTx, keeping: Keeping) -> Mapping[str, Due]:
    """Tell what would go now, by kind: ``webhooks``, ``deliveries``, ``events``."""
    days = (keeping.webhooks_days, keeping.deliveries_days, keeping.events_days)
    return {row[0]: Due(*row[1:]) for row in await tx.connection.fetch(PREVIEW, *days, MOST_COUNTED)}


async def choice_preview(tx: TenantTx, wanted: Choice) -> Mapping[str, Due]:
    """Tell the same of ``conversations``, ``attachments`` and ``notes``."""
    days = (wanted.conversations_days, wanted.attachments_days, wanted.notes_days)
    return {row[0]: Due(*row[1:]) for row in await tx.connection.fetch(CHOICE_PREVIEW, *days, MOST_COUNTED)}
