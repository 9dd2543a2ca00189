"""Telling a tenant of a member who came or changed."""

from uuid import UUID

from gateway.model.log import Entry
from gateway.problems import NotFound
from gateway.store import log, members
from gateway.store.pool import TenantTx

UPDATED = "member.updated"


async def tell_of_member(tx: TenantTx, user_id: UUID, event_id: UUID) -> Entry:
    """Write of a member to the log, whose lock is taken here: as the last thing of the transaction.

    Raises:
        NotFound: when there is no such member.
    """
    await log.lock_head(tx)
    shown = await members.one_json(tx, user_id)
    if shown is None:
        raise NotFound("there is no such member")
    return await log.append(tx, UPDATED, None, shown, event_id)
