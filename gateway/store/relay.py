"""What the live hub reads across tenants, as the role ``postgate_relay``: heads and logs, and nothing else."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from gateway.model.log import Entry
from gateway.store.log import Head
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable

HEADS = "SELECT tenant_id, last_seq, floor_seq, epoch FROM tenant_heads WHERE tenant_id = ANY ($1::uuid[])"

# LATERAL keeps its plan (one short index range per tenant) however large the table was when it was planned.
AFTER = """
SELECT e.tenant_id, e.seq, e.id, e.type, e.conversation_id, e.created_at, e.data::text
FROM unnest($1::uuid[], $2::bigint[]) AS cursor (tenant_id, after)
CROSS JOIN LATERAL (
    SELECT v.* FROM events v
    WHERE v.tenant_id = cursor.tenant_id AND v.seq > cursor.after
    ORDER BY v.seq LIMIT $3) e
ORDER BY e.tenant_id, e.seq
"""
AFTER_OLD = """
SELECT e.tenant_id, e.seq, e.id, e.type, e.conversation_id, e.created_at, e.data::text
FROM unnest($1::uuid[], $2::bigint[]) AS cursor (tenant_id, after)
JOIN tenant_heads h ON h.tenant_id = cursor.tenant_id AND h.old_seq > cursor.after
CROSS JOIN LATERAL (
    SELECT v.* FROM all_events v
    WHERE v.tenant_id = cursor.tenant_id AND v.seq > cursor.after
    ORDER BY v.seq LIMIT $3) e
ORDER BY e.tenant_id, e.seq
"""


class RelayLog:
    """The logs of all tenants, read only."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def heads(self, tenants: Collection[UUID]) -> Mapping[UUID, Head]:
        """Tell how far the logs of some tenants reach; a tenant that is not there is left out.

        Raises:
            DatabaseUnavailable: when the database can't be asked now.
        """
        return {row[0]: Head(*row) for row in await self._fetch(HEADS, list(tenants))}

    async def after(self, cursors: Mapping[UUID, int], limit: int) -> Sequence[Entry]:
        """Read on after a position in each tenant's log, at most ``limit`` entries of each, in order.

        Raises:
            DatabaseUnavailable: when the database can't be asked now.
        """
        entries = [Entry(*row) for row in await self._fetch(AFTER, list(cursors), list(cursors.values()), limit)]
        followed = {entry.tenant_id for entry in entries if entry.seq == cursors[entry.tenant_id] + 1}
        # Where the next entry is not among the new ones, it may have been moved to the old ones.
        back = {tenant: after for tenant, after in cursors.items() if tenant not in followed}
        if not back:
            return entries
        old = [Entry(*row) for row in await self._fetch(AFTER_OLD, list(back), list(back.values()), limit)]
        moved = {entry.tenant_id for entry in old}
        return sorted(
            [entry for entry in entries if entry.tenant_id not in moved] + old,
            key=lambda entry: (entry.tenant_id, entry.seq),
        )

    async def _fetch(self, statement: str, *args: object) -> Sequence[Any]:
        try:
            rows: Sequence[Any] = await self._pool.fetch(statement, *args)
        except UNAVAILABLE as error:
            raise DatabaseUnavailable("the log can't be read") from error
        return rows
