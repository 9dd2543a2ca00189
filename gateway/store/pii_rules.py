"""What a tenant's texts are searched for: the kinds that are on, and patterns of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from gateway.model.ids import public
from gateway.pii.detecting import Detectors, Rule
from gateway.pii.finding import KINDS, Kind
from gateway.pii.templates import TemplateInvalid, compiled
from gateway.store.pool import TenantTx

log = structlog.get_logger(__name__)

#: Kinds of data that are known without a pattern of the tenant's.
BUILT_IN: Sequence[Kind] = tuple(kind for kind in KINDS if kind != "custom")
#: On where the tenant says nothing: what can be misused, and is seldom meant to be in a message.
ON_AT_FIRST = frozenset[Kind]({"payment_card", "iban", "national_id"})


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as it is stored; of a custom pattern with its template."""

    id: UUID
    kind: Kind
    name: str
    pattern: str | None
    enabled: bool
    countries: Sequence[str] | None


ALL = """
SELECT id, kind, name, pattern, enabled, countries FROM pii_detection_rules
WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY lower(name), id
"""


async def all_of(tx: TenantTx) -> Sequence[StoredRule]:
    """Return what the tenant says."""
    return [StoredRule(*row) for row in await tx.connection.fetch(ALL, tx.tenant_id)]


async def detectors(tx: TenantTx) -> Detectors:
    """Return what finds all that the tenant looks for."""
    return detectors_of(await all_of(tx))


def detectors_of(stored: Iterable[StoredRule]) -> Detectors:
    """Return what finds all that is on by such rules, and by what holds for kinds without one."""
    said = {rule.kind: rule for rule in stored if rule.kind != "custom"}
    rules = [
        Rule(kind, countries=said[kind].countries if kind in said else None)
        for kind in BUILT_IN
        if (said[kind].enabled if kind in said else kind in ON_AT_FIRST)
    ]
    for rule in stored:
        if rule.kind == "custom" and rule.enabled and _usable(rule):
            rules.append(Rule("custom", public("pat", rule.id), rule.pattern))
    return Detectors(rules)


def _usable(rule: StoredRule) -> bool:
    """Tell whether a pattern can be used; one that was stored could."""
    try:
        compiled(rule.pattern or "")
    except TemplateInvalid:
        log.exception("pii.pattern_unusable", rule=str(rule.id))
        return False
    return True


SET = """
INSERT INTO pii_detection_rules (tenant_id, id, kind, enabled, countries, changed_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, kind) WHERE kind <> 'custom' DO UPDATE
SET enabled = excluded.enabled, countries = excluded.countries, changed_by = excluded.changed_by
"""


async def set_built_in(
    tx: TenantTx, rule_id: UUID, kind: Kind, *, enabled: bool, countries: Sequence[str] | None, by: UUID | None
) -> None:
    """Say whether a kind is looked for; ``rule_id`` is a new id, for the first time."""
    await tx.connection.execute(SET, tx.tenant_id, rule_id, kind, enabled, countries, by)


ADD = """
INSERT INTO pii_detection_rules (tenant_id, id, kind, name, pattern, enabled, changed_by)
VALUES ($1, $2, 'custom', $3, $4, $5, $6)
"""
CHANGE = """
UPDATE pii_detection_rules SET name = coalesce($3, name), pattern = coalesce($4, pattern),
    enabled = coalesce($5, enabled), changed_by = $6
WHERE tenant_id = $1 AND id = $2 AND kind = 'custom' AND deleted_at IS NULL RETURNING true
"""
REMOVE = """
UPDATE pii_detection_rules SET deleted_at = now(), enabled = false, changed_by = $3
WHERE tenant_id = $1 AND id = $2 AND kind = 'custom' AND deleted_at IS NULL RETURNING true
"""
COUNT = "SELECT count(*) FROM pii_detection_rules WHERE tenant_id = $1 AND kind = 'custom' AND deleted_at IS NULL"


class NameTaken(Exception):
    """Another pattern has that name; nothing more can be done in this transaction."""


async def count_patterns(tx: TenantTx) -> int:
    """Tell how many patterns of its own the tenant has."""
    found: int = await tx.connection.fetchval(COUNT, tx.tenant_id)
    return found


async def add_pattern(tx: TenantTx, rule_id: UUID, name: str, pattern: str, *, enabled: bool, by: UUID | None) -> None:
    """Add a pattern.

    Raises:
        NameTaken: when there is one of that name.
    """
    try:
        await tx.connection.execute(ADD, tx.tenant_id, rule_id, name, pattern, enabled, by)
    except asyncpg.UniqueViolationError:
        raise NameTaken from None


async def change_pattern(
    tx: TenantTx, rule_id: UUID, name: str | None, pattern: str | None, *, enabled: bool | None, by: UUID | None
) -> bool:
    """Change a pattern; what is None stays. False: there is none.

    Raises:
        NameTaken: when another has that name.
    """
    try:
        changed = await tx.connection.fetchval(CHANGE, tx.tenant_id, rule_id, name, pattern, enabled, by)
    except asyncpg.UniqueViolationError:
        raise NameTaken from None
    return changed is not None


async def remove_pattern(tx: TenantTx, rule_id: UUID, by: UUID | None) -> bool:
    """Remove a pattern; what it found stays until it is looked through anew. False: there is none."""
    return await tx.connection.fetchval(REMOVE, tx.tenant_id, rule_id, by) is not None


MASKED = """
UPDATE webhook_endpoints SET version = version + 1
WHERE tenant_id = $1 AND mask_pii = 'detected' AND deleted_at IS NULL RETURNING id
"""


async def touch_endpoints(tx: TenantTx) -> Sequence[UUID]:
    """Have endpoints that get data masked read anew by whoever delivers; returns them, to be told after the commit."""
    return [row["id"] for row in await tx.connection.fetch(MASKED, tx.tenant_id)]


TO_MASK = "SELECT endpoint_id, id, kind, pattern, enabled, countries FROM endpoints_to_mask($1, $2)"


async def of_endpoints(pool: asyncpg.Pool, which: Sequence[tuple[UUID, UUID]]) -> Mapping[UUID, Detectors]:
    """Return what finds the data that endpoints, given as tenant and id, get masked; the others are left out.

    Args:
        pool: of the role ``hook``.
    """
    rows = await pool.fetch(TO_MASK, [one[0] for one in which], [one[1] for one in which], timeout=30)
    found: dict[UUID, list[StoredRule]] = {row["endpoint_id"]: [] for row in rows}
    for row in rows:
        if row["id"] is not None:
            rule = StoredRule(row["id"], row["kind"], "", row["pattern"], row["enabled"], row["countries"])
            found[row["endpoint_id"]].append(rule)
    return {endpoint_id: detectors_of(rules) for endpoint_id, rules in found.items()}
