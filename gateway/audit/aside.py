"""Rows of the audit that the database refuses whatever is left out of them: told in the log, kept, and tried again.

They must not stop the rows of others, and must not vanish without a word. What a process kept aside is gone when it
stops; its line in the log stays.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from gateway.store.audit import Row, RowRefused
from gateway.store.pool import DatabaseUnavailable

log = structlog.get_logger(__name__)

#: How many are kept, and how often they are tried again.
MOST_ROWS = 1000
AGAIN_SECONDS = 60.0

REFUSED = Counter("postgate_audit_refused_total", "Rows of the audit that the database refused; the log tells them.")
KEPT = Gauge("postgate_audit_aside_rows", "Rows of the audit that the database refused, and that are tried again.")


class Aside:
    """Keeps the latest of them.

    Args:
        write: writes one row; raises ``RowRefused`` or ``DatabaseUnavailable``.
    """

    def __init__(self, write: Callable[[Row], Awaitable[None]]) -> None:
        self._write = write
        self._rows: dict[UUID, Row] = {}
        self._tried = 0.0

    def __len__(self) -> int:
        return len(self._rows)

    def holds_any(self, rows: Collection[Row]) -> bool:
        """Tell whether some rows are among those that were not written."""
        return bool(self._rows) and any(row.id in self._rows for row in rows)

    def put(self, row: Row) -> None:
        """Keep a row that was refused just now; with too many of them the oldest is left to the log."""
        if not self._rows:
            self._tried = time.monotonic()
        self._rows[row.id] = row
        if len(self._rows) > MOST_ROWS:
            del self._rows[next(iter(self._rows))]
        REFUSED.inc()
        KEPT.set(len(self._rows))
        log.exception("audit.row_not_written", **_told(row))

    async def try_again(self) -> None:
        """Write what is kept, if it is time to and the database takes it by now."""
        if self._rows and time.monotonic() - self._tried >= AGAIN_SECONDS:
            await self.write_all()

    async def write_all(self) -> None:
        """Write what the database takes by now."""
        self._tried = time.monotonic()
        for row in list(self._rows.values()):
            try:
                await self._write(row)
            except RowRefused:
                continue
            except DatabaseUnavailable:
                break
            del self._rows[row.id]
            log.info("audit.row_written_late", row=str(row.id))
        KEPT.set(len(self._rows))


def _told(row: Row) -> Mapping[str, Any]:
    """Return what a row says: ids and no personal data. A line of the log shows fifty of its records."""
    records = row.records.strip("{}").split(",")
    return {
        "row": str(row.id),
        "at": row.at.isoformat(),
        "tenant": str(row.tenant_id),
        "actor": row.actor,
        "actor_id": str(row.actor_id),
        "operation": row.does,
        "action": row.action,
        "table": row.table,
        "records": records,
        "count": len(records),
    }
