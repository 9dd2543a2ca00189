"""Customers: lists, one of them, and what agents change of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from gateway.model.ids import public
from gateway.model.page import NamePage, NamePosition, Page, Position
from gateway.store.pages import page_of
from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach a customer: one row of their identities."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom an address or a code belongs to."""

    id: UUID
    name: str | None

    def __str__(self) -> str:
        """Name them for people and for programs."""
        return f"{self.name or 'a customer'} ({public('cus', self.id)})"


# As with conversations: each status has its own stretch of the index, in order, and the cursor is plain parameters.
NEWEST = """
SELECT v.data::text AS json, page.moment, page.id
FROM (
    SELECT one.k, one.moment, one.id
    FROM unnest($2::text[]) AS wanted (status)
    CROSS JOIN LATERAL (
        SELECT k, k.created_at AS moment, k.id
        FROM customers k
        WHERE k.tenant_id = $1 AND k.status = wanted.status AND k.deleted_at IS NULL
          AND (k.created_at, k.id) < ($3, $4)
        ORDER BY k.created_at DESC, k.id DESC LIMIT $5) one
    ORDER BY one.moment DESC, one.id DESC LIMIT $5) page
CROSS JOIN LATERAL customer_json(page.k) v
ORDER BY page.moment DESC, page.id DESC
"""
NEWEST_OF_LABEL = """
SELECT v.data::text AS json, page.moment, page.id
FROM (
    SELECT k, k.created_at AS moment, k.id
    FROM customer_labels l
    JOIN customers k ON k.tenant_id = l.tenant_id AND k.id = l.customer_id
    WHERE l.tenant_id = $1 AND l.label_id = $6 AND k.status = ANY ($2::text[]) AND k.deleted_at IS NULL
      AND (k.created_at, k.id) < ($3, $4)
    ORDER BY k.created_at DESC, k.id DESC LIMIT $5) page
CROSS JOIN LATERAL customer_json(page.k) v
ORDER BY page.moment DESC, page.id DESC
"""
BY_NAME = """
SELECT v.data::text AS json, page.name, page.id
FROM (
    SELECT one.k, one.name, one.id
    FROM unnest($2::text[]) AS wanted (status)
    CROSS JOIN LATERAL (
        SELECT k, k.sort_name AS name, k.id
        FROM customers k
        WHERE k.tenant_id = $1 AND k.status = wanted.status AND k.deleted_at IS NULL
          AND (k.sort_name, k.id) > ($3::text COLLATE "C", $4)
        ORDER BY k.sort_name, k.id LIMIT $5) one
    ORDER BY one.name, one.id LIMIT $5) page
CROSS JOIN LATERAL customer_json(page.k) v
ORDER BY page.name, page.id
"""
BY_NAME_OF_LABEL = """
SELECT v.data::text AS json, page.name, page.id
FROM (
    SELECT k, k.sort_name AS name, k.id
    FROM customer_labels l
    JOIN customers k ON k.tenant_id = l.tenant_id AND k.id = l.customer_id
    WHERE l.tenant_id = $1 AND l.label_id = $6 AND k.status = ANY ($2::text[]) AND k.deleted_at IS NULL
      AND (k.sort_name, k.id) > ($3::text COLLATE "C", $4)
    ORDER BY k.sort_name, k.id LIMIT $5) page
CROSS JOIN LATERAL customer_json(page.k) v
ORDER BY page.name, page.id
"""


async def newest_first(tx: TenantTx, statuses: Sequence[str], label: UUID | None, after: Position, limit: int) -> Page:
    """Return a page of the customers in some statuses, the newest first; of one label, or of any."""
    args = (tx.tenant_id, list(statuses), after.moment, after.id, limit + 1)
    rows = tx.connection.fetch(NEWEST, *args) if label is None else tx.connection.fetch(NEWEST_OF_LABEL, *args, label)
    return page_of(await rows, limit)


async def by_name(
    tx: TenantTx, statuses: Sequence[str], label: UUID | None, after: NamePosition, limit: int
) -> NamePage:
    """Return a page of the customers in some statuses by name; those without one come first."""
    args = (tx.tenant_id, list(statuses), after.name, after.id, limit + 1)
    found = (
        tx.connection.fetch(BY_NAME, *args) if label is None else tx.connection.fetch(BY_NAME_OF_LABEL, *args, label)
    )
    found = await found
    rows = found[:limit]
    last = NamePosition(rows[-1]["name"], rows[-1]["id"]) if len(found) > limit else None
    return NamePage([row["json"] for row in rows], last)


COUNT = """
SELECT count(*) FROM customers WHERE tenant_id = $1 AND status = ANY ($2::text[]) AND deleted_at IS NULL
"""


async def count(tx: TenantTx, statuses: Sequence[str]) -> int:
    """Tell how many customers there are in some statuses."""
    found: int = await tx.connection.fetchval(COUNT, tx.tenant_id, list(statuses))
    return found


GET = """
SELECT v.data::text FROM customers k CROSS JOIN LATERAL customer_json(k) v
WHERE k.tenant_id = $1 AND k.id = $2 AND k.deleted_at IS NULL
"""


async def get(tx: TenantTx, customer_id: UUID) -> str | None:
    """Return a customer as JSON text; merged ones too, deleted ones not."""
    found: str | None = await tx.connection.fetchval(GET, tx.tenant_id, customer_id)
    return found


SHOWN = """
SELECT k.id, v.data::text FROM customers k CROSS JOIN LATERAL customer_json(k) v
WHERE k.tenant_id = $1 AND k.id = ANY ($2::uuid[])
"""


async def shown(tx: TenantTx, customer_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return customers as JSON text, by id; deleted ones too."""
    return {row[0]: row[1] for row in await tx.connection.fetch(SHOWN, tx.tenant_id, list(customer_ids))}


HOLD = "SELECT id FROM customers WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE"


async def hold(tx: TenantTx, customer_id: UUID) -> bool:
    """Keep others from changing a customer until the end; False if they are not there. Webhooks need not wait."""
    return await tx.connection.fetchval(HOLD, tx.tenant_id, customer_id) is not None


LOCK = """
SELECT id FROM customers WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE
"""


async def lock(tx: TenantTx, *customer_ids: UUID) -> bool:
    """Keep customers, their identities and who leads to them as they are until the end; False if one is not there.

    Whoever brings them a new identity or conversation meanwhile waits.
    """
    found = await tx.connection.fetch(LOCK, tx.tenant_id, list(customer_ids))
    return len(found) == len(set(customer_ids))


ADD = """
INSERT INTO customers (tenant_id, id, name, business_name, customer_code, status, custom_fields)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb)
"""


async def add(tx: TenantTx, customer_id: UUID, card: Mapping[str, Any]) -> None:  # Any: values of the card
    """Store a new customer.

    Args:
        card: name, business_name, customer_code, status, custom_fields.

    Raises:
        asyncpg.UniqueViolationError: when another one has the code.
    """
    await tx.connection.execute(ADD, tx.tenant_id, customer_id, *_columns(card))


CHANGE = """
UPDATE customers SET name = $3, business_name = $4, customer_code = $5, status = $6, custom_fields = $7::text::jsonb
WHERE tenant_id = $1 AND id = $2
"""


async def change(tx: TenantTx, customer_id: UUID, card: Mapping[str, Any]) -> None:  # Any: values of the card
    """Set the whole card of a customer; takes and raises what ``add`` does."""
    await tx.connection.execute(CHANGE, tx.tenant_id, customer_id, *_columns(card))


OF_CODE = """
SELECT id, name FROM customers
WHERE tenant_id = $1 AND customer_code = $2 AND deleted_at IS NULL AND status <> 'merged'
"""


async def of_code(tx: TenantTx, code: str) -> Owner | None:
    """Return who has a customer code."""
    row = await tx.connection.fetchrow(OF_CODE, tx.tenant_id, code)
    return Owner(*row) if row else None


REMOVE = "UPDATE customers SET deleted_at = now() WHERE tenant_id = $1 AND id = $2"
FREE_IDENTITIES = "DELETE FROM customer_identities WHERE tenant_id = $1 AND customer_id = $2"


async def remove(tx: TenantTx, customer_id: UUID) -> None:
    """Delete a customer, and let go of the identities: whoever writes under one is a new customer."""
    await tx.connection.execute(FREE_IDENTITIES, tx.tenant_id, customer_id)
    await tx.connection.execute(REMOVE, tx.tenant_id, customer_id)


# A shared lock: until the change is committed nobody removes what it is about to name.
HOLD_LABELS = """
SELECT id FROM labels WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR SHARE
"""
DROP_LABELS = "DELETE FROM customer_labels WHERE tenant_id = $1 AND customer_id = $2 AND label_id <> ALL ($3::uuid[])"
ADD_LABELS = """
INSERT INTO customer_labels (tenant_id, customer_id, label_id)
SELECT $1, $2, label FROM unnest($3::uuid[]) label
ON CONFLICT DO NOTHING
"""


async def hold_labels(tx: TenantTx, label_ids: Sequence[UUID]) -> set[UUID]:
    """Keep labels from being removed; returns those that are there."""
    return {row[0] for row in await tx.connection.fetch(HOLD_LABELS, tx.tenant_id, list(label_ids))}


async def set_labels(tx: TenantTx, customer_id: UUID, label_ids: Sequence[UUID]) -> None:
    """Give a customer these labels and no others."""
    await tx.connection.execute(DROP_LABELS, tx.tenant_id, customer_id, list(label_ids))
    await tx.connection.execute(ADD_LABELS, tx.tenant_id, customer_id, list(label_ids))


OWNERS = """
SELECT i.kind, i.value, k.id, k.name
FROM customer_identities i JOIN customers k ON k.tenant_id = i.tenant_id AND k.id = i.customer_id
WHERE i.tenant_id = $1 AND i.kind = ANY ($2::text[]) AND i.value = ANY ($3::text[])
"""
#: A number is one person's, whether it writes by SMS or by WhatsApp.
NUMBERS = ("phone", "whatsapp")


async def owners(tx: TenantTx, addresses: Sequence[Address]) -> Mapping[Address, Owner]:
    """Return whom addresses belong to; a number counts under either kind."""
    kinds = sorted({kind for one in addresses for kind in kinds_of(one.kind)})
    rows = await tx.connection.fetch(OWNERS, tx.tenant_id, kinds, [one.value for one in addresses])
    held = {(row["kind"], row["value"]): Owner(row["id"], row["name"]) for row in rows}
    found: dict[Address, Owner] = {}
    for one in addresses:
        for kind in kinds_of(one.kind):
            if owner := held.get((kind, one.value)):
                found.setdefault(one, owner)
    return found


def kinds_of(kind: str) -> Sequence[str]:
    """Return the kinds under which an address of a kind may be known, its own first."""
    return (kind, *(other for other in NUMBERS if other != kind)) if kind in NUMBERS else (kind,)


ADD_IDENTITY = """
INSERT INTO customer_identities (tenant_id, kind, value, customer_id) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
"""


async def add_identity(tx: TenantTx, customer_id: UUID, address: Address) -> bool:
    """Give a customer an address; False when somebody has it already."""
    args = (tx.tenant_id, address.kind, address.value, customer_id)
    done: str = await tx.connection.execute(ADD_IDENTITY, *args)
    return done == "INSERT 0 1"


REMOVE_IDENTITY = """
DELETE FROM customer_identities WHERE tenant_id = $1 AND customer_id = $2 AND kind = $3 AND value = $4
"""


async def remove_identity(tx: TenantTx, customer_id: UUID, address: Address) -> bool:
    """Take an address off a customer; False when it was not theirs."""
    args = (tx.tenant_id, customer_id, address.kind, address.value)
    done: str = await tx.connection.execute(REMOVE_IDENTITY, *args)
    return done == "DELETE 1"


ALIKE = """
SELECT DISTINCT i.customer_id FROM customer_identities i
WHERE i.tenant_id = $1 AND i.kind IN ('phone', 'whatsapp') AND i.value = ANY ($2::text[]) AND i.customer_id <> $3
LIMIT 10
"""
NAMESAKES = """
SELECT k.id FROM customers k
WHERE k.tenant_id = $1 AND k.status IN ('active', 'blocked') AND k.deleted_at IS NULL AND k.id <> $2
  AND k.sort_name <> '' AND k.sort_name = (SELECT n.sort_name FROM customers n WHERE n.tenant_id = $1 AND n.id = $2)
ORDER BY k.id LIMIT 10
"""


async def known_by(tx: TenantTx, numbers: Sequence[str], but: UUID) -> Sequence[UUID]:
    """Return the customers who have one of some numbers, other than one of them; at most ten."""
    return [row[0] for row in await tx.connection.fetch(ALIKE, tx.tenant_id, list(numbers), but)]


async def namesakes(tx: TenantTx, customer_id: UUID) -> Sequence[UUID]:
    """Return the customers who have the same name, whatever its case; at most ten."""
    return [row[0] for row in await tx.connection.fetch(NAMESAKES, tx.tenant_id, customer_id)]


def _columns(card: Mapping[str, Any]) -> tuple[Any, ...]:  # Any: values of the card
    fields = orjson.dumps(card["custom_fields"]).decode()
    return card["name"], card["business_name"], card["customer_code"], card["status"], fields
