"""What an operator does at the command line, as the audit tells it: nobody is known by name there, and from nowhere."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from gateway.model.audit import TABLES, Does, Table
from gateway.model.ids import new_id
from gateway.store.audit import Row, array_of


def row_of(tenant_id: UUID, does: Does, command: str, table: Table, ids: Collection[UUID], now: datetime) -> Row:
    """Make a row.

    Args:
        tenant_id: whose data it is.
        does: what is done.
        command: as it is typed, for example ``postgate replay``.
        table: with what.
        ids: with which records.
        now: when.
    """
    return Row(
        tenant_id=tenant_id,
        id=new_id(int(now.timestamp() * 1000)),
        at=now,
        actor="operator",
        actor_id=None,
        does=does,
        action=command,
        table=table,
        records=array_of(ids),
        first_seq=None,
        last_seq=None,
        personal=TABLES[table].personal,
        ip=None,
        user_agent=None,
        request_id=None,
    )
