"""Moving old events aside, and removing what was kept for long enough; a chore (``gateway/chores.py``).

What all tenants have kept for long enough goes by whole months, which costs next to nothing. Tenants that keep things
for a shorter time than others have theirs removed row by row, in short transactions with pauses between them.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from gateway.keys import Keyring, KeyShredded, KeysUnavailable, KeyUnusable
from gateway.model.page import END, Position
from gateway.partitions import next_month
from gateway.store import erased
from gateway.store import retention as store
from gateway.store.retention import Gone, Keeping, MonthlyTable, TenantKeeping

log = structlog.get_logger(__name__)

#: Rows of one transaction: it lasts some milliseconds.
AT_ONCE = 500
#: Between two of them, so that everybody else's work goes on.
PAUSE_SECONDS = 0.02
#: Entries of a log are written seconds before or after the end of a month; nobody's last ones go with it.
MARGIN = timedelta(hours=1)
MAKE_MONTH = "CALL make_old_events_partition($1)"
NAME = re.compile(r"_(\d{4})_(\d{2})$")

#: For how long digests of erased messages are kept at least; longer where raw webhooks are, which may be replayed.
REMEMBERED = timedelta(days=400)
#: For how long an imported file shows its first rows, and those that could not be taken.
IMPORTS_SHOWN = timedelta(days=90)

#: Removes some things of a tenant that came before a moment, up to a number.
Forget = Callable[[asyncpg.Pool, UUID, datetime, int], Awaitable[Gone]]

REMOVED_ROWS = Counter(
    "postgate_retention_removed_rows_total", "Rows that were kept for long enough and removed, by kind.", ["kind"]
)
REMOVED_BYTES = Counter(
    "postgate_retention_removed_bytes_total", "Their bytes: of bodies, or of whole months' tables.", ["kind"]
)
MOVED = Counter("postgate_retention_moved_events_total", "Entries that were moved to the months of old ones.")
OLDEST = Gauge(
    "postgate_retention_oldest_timestamp_seconds",
    "When the oldest that is kept was written, by kind; 0: there is nothing.",
    ["kind"],
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator says: how long things are kept, and for how many days events stay among the new ones."""

    keeping: Keeping
    events_hot_days: int


@dataclass(slots=True)
class Report:
    """What a run moved and removed; ``kept`` are months that had to stay since somebody needs them."""

    moved: int = 0
    removed: dict[str, Gone] = field(default_factory=dict)
    months: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def count(self, kind: str, gone: Gone) -> None:
        """Add what was removed."""
        before = self.removed.get(kind, Gone())
        self.removed[kind] = Gone(before.rows + gone.rows, before.bytes + gone.bytes)
        REMOVED_ROWS.labels(kind).inc(gone.rows)
        REMOVED_BYTES.labels(kind).inc(gone.bytes)


class Retention:
    """Does all of it once.

    Args:
        pool: of the role ``hook``.
        rules: what the operator says.
        keyring: opens the keys of tenants' digests of what was removed.
        clock: the time, in UTC.
        at_once: rows of one transaction.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        rules: Rules,
        keyring: Keyring,
        clock: Callable[[], datetime],
        at_once: int = AT_ONCE,
    ) -> None:
        self._pool = pool
        self._rules = rules
        self._keyring = keyring
        self._clock = clock
        self._at_once = at_once

    async def tidy(self, slug: str | None = None) -> Report:
        """Move what is old, and remove what was kept for long enough; with a tenant's slug, only what is that one's."""
        now, report = self._clock(), Report()
        tenants = await store.of_all(self._pool, self._rules.keeping)
        if slug is not None:
            for tenant in tenants:
                if tenant.slug == slug:
                    await self._tenant(now, tenant, report)
        elif tenants:
            await self._move(now, report)
            await self._webhooks(now, tenants, report)
            await self._deliveries(now, tenants, report)
            await self._events(now, tenants, report)
            await self._of_all(now - IMPORTS_SHOWN, store.forget_import_rows, "imports", report)
            before = now - timedelta(days=self._rules.keeping.webhooks_days)
            await self._of_all(before, store.forget_unrouted, "unrouted", report)
        await self._chosen(now, slug, report)
        await self._digests(now, [tenant for tenant in tenants if slug in {None, tenant.slug}], report)
        for kind, moment in await store.oldest_kept(self._pool):
            OLDEST.labels(kind).set(0 if moment is None else moment.timestamp())
        log.info(
            "retention.tidied",
            moved=report.moved,
            removed={kind: gone.rows for kind, gone in report.removed.items()},
            months=report.months,
            kept=report.kept,
        )
        return report

    async def _tenant(self, now: datetime, tenant: TenantKeeping, report: Report) -> None:
        """Remove row by row what one tenant has kept for long enough, exactly."""
        keeping = tenant.keeping
        await self._webhooks_of(tenant, now - timedelta(days=keeping.webhooks_days), report)
        await self._deliveries_of(tenant, now - timedelta(days=keeping.deliveries_days), report)
        await self._events_of(tenant, now - timedelta(days=keeping.events_days), report)

    async def _chosen(self, now: datetime, slug: str | None, report: Report) -> None:
        """Remove what tenants keep for a while only, and others for ever."""
        for tenant_id, its_slug, choice in await store.by_choice(self._pool):
            if slug in {None, its_slug}:
                if choice.conversations_days is not None:
                    await self._conversations_of(tenant_id, now - timedelta(days=choice.conversations_days), report)
                if choice.attachments_days is not None:
                    before = now - timedelta(days=choice.attachments_days)
                    await self._some(tenant_id, before, store.forget_attachments, "attachments", report)
                if choice.notes_days is not None:
                    before = now - timedelta(days=choice.notes_days)
                    await self._some(tenant_id, before, store.forget_notes, "notes", report)

    async def _of_all(
        self,
        before: datetime,
        forget: Callable[[asyncpg.Pool, datetime, int], Awaitable[Gone]],
        kind: str,
        report: Report,
    ) -> None:
        while (gone := await forget(self._pool, before, self._at_once)).rows:
            report.count(kind, gone)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _digests(self, now: datetime, tenants: Sequence[TenantKeeping], report: Report) -> None:
        for tenant in tenants:
            before = now - max(REMEMBERED, timedelta(days=tenant.keeping.webhooks_days))
            while gone := await erased.forget(self._pool, tenant.tenant_id, before, self._at_once):
                report.count("erased", Gone(gone))
                await asyncio.sleep(PAUSE_SECONDS)

    async def _conversations_of(self, tenant_id: UUID, before: datetime, report: Report) -> None:
        try:
            key = await erased.key_to_remember_with(self._pool, self._keyring, tenant_id)
        except KeyShredded:  # nothing comes in for such a tenant any more
            key = None
        except (KeyUnusable, KeysUnavailable) as error:
            log.warning("retention.no_key", tenant=str(tenant_id), error=type(error).__name__)
            return
        while True:
            found = await store.forget_conversations(self._pool, tenant_id, before, self._at_once, key)
            conversations, messages = found
            report.count("conversations", Gone(conversations))
            report.count("messages", Gone(messages))
            if found == (0, 0):
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _some(self, tenant_id: UUID, before: datetime, forget: Forget, kind: str, report: Report) -> None:
        while (gone := await forget(self._pool, tenant_id, before, self._at_once)).rows:
            report.count(kind, gone)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _move(self, now: datetime, report: Report) -> None:
        before = now - timedelta(days=self._rules.events_hot_days)
        logs = await store.logs_to_move(self._pool, before)
        if logs:
            await self._make_months(min(oldest for _, oldest in logs), before)
        for tenant_id, _ in logs:
            while moved := await store.move_events(self._pool, tenant_id, before, self._at_once):
                MOVED.inc(moved)
                report.moved += moved
                await asyncio.sleep(PAUSE_SECONDS)

    async def _make_months(self, oldest: datetime, newest: datetime) -> None:
        month = oldest.date().replace(day=1)
        while month <= newest.date():
            await self._pool.execute(MAKE_MONTH, month)
            month = next_month(month)

    async def _webhooks(self, now: datetime, tenants: Sequence[TenantKeeping], report: Report) -> None:
        longest = max(tenant.keeping.webhooks_days for tenant in tenants)
        kept = await self._drop_months("inbound_webhooks", "webhooks", now - timedelta(days=longest), report)
        for tenant in tenants:
            if kept or tenant.keeping.webhooks_days < longest:
                before = now - timedelta(days=tenant.keeping.webhooks_days)
                await self._webhooks_of(tenant, before, report)

    async def _webhooks_of(self, tenant: TenantKeeping, before: datetime, report: Report) -> None:
        place: Position | None = END
        while place is not None:
            gone, place = await store.forget_webhooks(self._pool, tenant.tenant_id, before, self._at_once, place)
            report.count("webhooks", gone)
            await asyncio.sleep(PAUSE_SECONDS if place else 0)

    async def _deliveries(self, now: datetime, tenants: Sequence[TenantKeeping], report: Report) -> None:
        longest = max(tenant.keeping.deliveries_days for tenant in tenants)
        place: Position | None = END
        while place is not None:
            place, gone = await store.forget_deliveries(self._pool, longest, self._at_once, place)
            report.count("deliveries", gone)
            await asyncio.sleep(PAUSE_SECONDS if place else 0)
        for tenant in tenants:
            if tenant.keeping.deliveries_days < longest:
                before = now - timedelta(days=tenant.keeping.deliveries_days)
                await self._deliveries_of(tenant, before, report)
        await self._drop_months("webhook_attempts", "attempts", now - timedelta(days=longest), report)

    async def _deliveries_of(self, tenant: TenantKeeping, before: datetime, report: Report) -> None:
        last: UUID | None = store.FIRST
        while last is not None:
            gone, last = await store.forget_deliveries_of(self._pool, tenant.tenant_id, before, self._at_once, last)
            report.count("deliveries", gone)
            await asyncio.sleep(PAUSE_SECONDS if last else 0)

    async def _events(self, now: datetime, tenants: Sequence[TenantKeeping], report: Report) -> None:
        longest = max(tenant.keeping.events_days for tenant in tenants)
        edge = (now - timedelta(days=longest) - MARGIN).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        for tenant in tenants:
            report.count("events", await store.forget_events(self._pool, tenant.tenant_id, edge, None))
            days = tenant.keeping.events_days
            if days < longest or days <= self._rules.events_hot_days:
                await self._events_of(tenant, now - timedelta(days=days), report)
        for name in await self._drop_months("old_events", "events", edge, report):
            await self._clear_month(name)

    async def _events_of(self, tenant: TenantKeeping, before: datetime, report: Report) -> None:
        while True:
            gone = await store.forget_events(self._pool, tenant.tenant_id, before, self._at_once)
            report.count("events", gone)
            if gone.rows < self._at_once:
                return
            await asyncio.sleep(PAUSE_SECONDS)

    async def _drop_months(self, table: MonthlyTable, kind: str, before: datetime, report: Report) -> list[str]:
        """Drop the months that ended before a moment; returns those that have to stay."""
        kept, name = [], ""
        while month := await store.drop_month(self._pool, table, before, name):
            name = month.partition
            if month.state == "dropped":
                report.months.append(name)
                report.count(kind, month.gone if table != "old_events" else Gone(0, month.gone.bytes))
            elif month.state == "kept":
                kept.append(name)
        report.kept += kept
        return kept

    async def _clear_month(self, name: str) -> None:
        found = NAME.search(name)
        if found is None:
            return
        first = datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)
        behind = datetime.combine(next_month(first.date()), first.timetz())
        while await store.clear_month(self._pool, first, behind, self._at_once) == self._at_once:
            await asyncio.sleep(PAUSE_SECONDS)
