"""The fields that a tenant keeps of its customers beside what all tenants keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.store.pool import TenantTx


@dataclass(frozen=True, slots=True)
class Field:
    """A field, as far as its values go."""

    key: str
    name: str
    type: str
    choices: Sequence[str]


OF_TENANT = """
SELECT key, name, type, choices FROM custom_fields WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY position, key
"""


async def of_tenant(tx: TenantTx) -> Mapping[str, Field]:
    """Return the fields in use, by key, in order."""
    return {row["key"]: Field(*row) for row in await tx.connection.fetch(OF_TENANT, tx.tenant_id)}


LIST = """
SELECT v.data::text FROM custom_fields f CROSS JOIN LATERAL custom_field_json(f) v
WHERE f.tenant_id = $1 AND f.deleted_at IS NULL ORDER BY f.position, f.key
"""


async def in_order(tx: TenantTx) -> Sequence[str]:
    """Return the fields in use as JSON texts, in order."""
    return [row[0] for row in await tx.connection.fetch(LIST, tx.tenant_id)]


SHOWN = """
SELECT v.data::text FROM custom_fields f CROSS JOIN LATERAL custom_field_json(f) v WHERE f.tenant_id = $1 AND f.id = $2
"""


async def shown(tx: TenantTx, field_id: UUID) -> str:
    """Return a field as JSON text; deleted ones too.

    Raises:
        LookupError: when there never was such a field.
    """
    found: str | None = await tx.connection.fetchval(SHOWN, tx.tenant_id, field_id)
    if found is None:
        raise LookupError(f"there is no field {field_id}")
    return found


LOCK = """
SELECT name, type, choices, position FROM custom_fields
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR UPDATE
"""


async def lock(tx: TenantTx, field_id: UUID) -> Mapping[str, Any] | None:  # Any: values of columns
    """Return what can be changed of a field (name, choices, position) and its type; None when there is none."""
    row = await tx.connection.fetchrow(LOCK, tx.tenant_id, field_id)
    return dict(row) if row else None


PUT = """
INSERT INTO custom_fields (tenant_id, id, key, type, name, choices, position) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, key) DO UPDATE
SET name = excluded.name, choices = excluded.choices, position = excluded.position, deleted_at = NULL
WHERE custom_fields.deleted_at IS NOT NULL AND custom_fields.type = excluded.type
RETURNING id
"""


async def put(
    tx: TenantTx, field_id: UUID, key: str, kind: str, name: str, choices: Sequence[str], position: int
) -> UUID | None:
    """Add a field, or bring back the deleted one of this key; returns its id, None when the key is in use."""
    args = (tx.tenant_id, field_id, key, kind, name, list(choices), position)
    found: UUID | None = await tx.connection.fetchval(PUT, *args)
    return found


CHANGE = "UPDATE custom_fields SET name = $3, choices = $4, position = $5 WHERE tenant_id = $1 AND id = $2"
REMOVE = "UPDATE custom_fields SET deleted_at = now() WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL"


async def change(tx: TenantTx, field_id: UUID, name: str, choices: Sequence[str], position: int) -> None:
    """Change a field; its key and type stay."""
    await tx.connection.execute(CHANGE, tx.tenant_id, field_id, name, list(choices), position)


async def remove(tx: TenantTx, field_id: UUID) -> bool:
    """Remove a field; its values stay with the customers. False when there is none."""
    done: str = await tx.connection.execute(REMOVE, tx.tenant_id, field_id)
    return done == "UPDATE 1"
