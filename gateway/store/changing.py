"""Changing what agents set of a conversation: the row, the lines on it in the thread, and the log, in one transaction.

Locks are taken in one order: teams and labels, the conversation, the log's head. Of several conversations, take the
smallest id first.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import orjson

from gateway.model.change import State, lines
from gateway.model.log import Entry
from gateway.store import conversations, log, thread
from gateway.store.pool import TenantTx
from gateway.store.thread import Author

LOCK = """
SELECT c.status, c.snoozed_until, c.priority, c.assignee_id, c.team_id, c.subject FROM conversations c
WHERE c.tenant_id = $1 AND c.id = $2 AND c.deleted_at IS NULL FOR NO KEY UPDATE
"""
# Asked once the row is locked: in the same statement they could be older than the row.
LABELS = "SELECT label_id FROM conversation_labels WHERE tenant_id = $1 AND conversation_id = $2"


async def lock(tx: TenantTx, conversation_id: UUID) -> State | None:
    """Make everybody else who changes a conversation wait; returns how it is now, or None when it is not there."""
    row = await tx.connection.fetchrow(LOCK, tx.tenant_id, conversation_id)
    if row is None:
        return None
    labels = await tx.connection.fetch(LABELS, tx.tenant_id, conversation_id)
    return State(**row, label_ids=frozenset(label["label_id"] for label in labels))


CHANGE = """
UPDATE conversations SET status = $3, snoozed_until = $4, priority = $5, assignee_id = $6, team_id = $7, subject = $8
WHERE tenant_id = $1 AND id = $2
"""
ADD_LABELS = """
INSERT INTO conversation_labels (tenant_id, conversation_id, label_id) SELECT $1, $2, unnest($3::uuid[])
ON CONFLICT DO NOTHING
"""
REMOVE_LABELS = """
DELETE FROM conversation_labels WHERE tenant_id = $1 AND conversation_id = $2 AND label_id = ANY ($3::uuid[])
"""


async def change(tx: TenantTx, conversation_id: UUID, before: State, after: State, author: Author) -> Sequence[Entry]:
    """Make a locked conversation what it is to be; returns the new log entries, none when it was that already."""
    told = lines(before, after)
    if not told:
        return []
    await tx.connection.execute(
        CHANGE, tx.tenant_id, conversation_id, after.status, after.snoozed_until, after.priority, after.assignee_id,
        after.team_id, after.subject,
    )  # fmt: skip
    await _label(tx, conversation_id, before.label_ids, after.label_ids)
    cause = {"cause": author.cause} if author.cause else {}
    written = sorted(author.fresh_id() for _ in told)  # of one moment, they stand in a thread in the order of their ids
    for key, line in zip(written, told, strict=True):
        extra = orjson.dumps({**line, **cause}).decode()
        await thread.add(tx, conversation_id, key, "activity", author, extra=extra)
    await log.lock_head(tx)
    return [await tell(tx, conversation_id, author), *[await _tell_line(tx, conversation_id, key) for key in written]]


async def tell(tx: TenantTx, conversation_id: UUID, author: Author) -> Entry:
    """Write to the locked log how a conversation is now."""
    now = await conversations.get(tx, conversation_id)
    if now is None:
        raise LookupError(f"the conversation {conversation_id} is locked, and is not there")
    return await log.append(tx, "conversation.updated", conversation_id, now, author.fresh_id())


async def _tell_line(tx: TenantTx, conversation_id: UUID, message_id: UUID) -> Entry:
    return await log.append(tx, "activity.created", conversation_id, await thread.shown(tx, message_id), message_id)


async def _label(tx: TenantTx, conversation_id: UUID, before: Collection[UUID], after: Collection[UUID]) -> None:
    if added := [key for key in after if key not in before]:
        await tx.connection.execute(ADD_LABELS, tx.tenant_id, conversation_id, added)
    if removed := [key for key in before if key not in after]:
        await tx.connection.execute(REMOVE_LABELS, tx.tenant_id, conversation_id, removed)


async def note_reopening(tx: TenantTx, conversation_id: UUID, before: str, author: Author) -> Sequence[Entry]:
    """Write into the thread that a customer's message has opened a conversation again."""
    line = {"what": "status", "from": before, "to": "open", "cause": author.cause}
    key = author.fresh_id()
    await thread.add(tx, conversation_id, key, "activity", author, extra=orjson.dumps(line).decode())
    await log.lock_head(tx)
    return [await _tell_line(tx, conversation_id, key)]


ACTIVE_MEMBERS = """
SELECT m.user_id FROM memberships m JOIN users u ON u.id = m.user_id AND u.status = 'active'
WHERE m.tenant_id = $1 AND m.user_id = ANY ($2::uuid[]) AND m.status = 'active'
"""


async def active_members(tx: TenantTx, members: Collection[UUID]) -> frozenset[UUID]:
    """Return which of these are members who can work now."""
    found = await tx.connection.fetch(ACTIVE_MEMBERS, tx.tenant_id, list(members))
    return frozenset(row["user_id"] for row in found)


# Shared locks: until the change is committed nobody removes what it is about to name.
HOLD_TEAM = "SELECT id FROM teams WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL FOR SHARE"
HOLD_LABELS = """
SELECT id FROM labels WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR SHARE
"""


async def hold_team(tx: TenantTx, team_id: UUID) -> bool:
    """Keep a team from being removed; False when there is none."""
    return await tx.connection.fetchval(HOLD_TEAM, tx.tenant_id, team_id) is not None


async def hold_labels(tx: TenantTx, labels: Collection[UUID]) -> frozenset[UUID]:
    """Keep labels from being removed; returns those that are there."""
    found = await tx.connection.fetch(HOLD_LABELS, tx.tenant_id, list(labels))
    return frozenset(row["id"] for row in found)


def woken(state: State, moment: datetime) -> State | None:
    """Return how a conversation is once its time has come; None while it sleeps on, or does not sleep."""
    if state.snoozed_until is None or state.snoozed_until > moment:
        return None
    return replace(state, status="open", snoozed_until=None)
