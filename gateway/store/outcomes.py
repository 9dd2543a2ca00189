"""What became of a message that was to be sent, recorded by the worker whose lease it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from gateway.model.sending import MAIL_FAILED, PHONE_FAILED
from gateway.store.claims import Claimed, LeaseLost
from gateway.store.pool import TenantTx

# Ids are claimed before the send is locked: whoever stores a status takes them in that order.
CLAIM_ID = """
INSERT INTO external_message_mappings AS x (tenant_id, channel_id, external_id, message_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, channel_id, external_id) DO UPDATE SET message_id = excluded.message_id, reference = NULL
WHERE x.message_id IS NULL OR x.message_id = excluded.message_id
RETURNING x.message_id
"""
HOLDER = """
SELECT message_id FROM external_message_mappings
WHERE tenant_id = $1 AND channel_id = $2 AND external_id = $3 FOR UPDATE
"""
TAKE_ID = """
UPDATE external_message_mappings SET message_id = $4 WHERE tenant_id = $1 AND channel_id = $2 AND external_id = $3
"""
DROP_DOUBLE = """
UPDATE messages SET external_id = NULL, text = NULL, preview = '', deleted_at = now()
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL
"""
FINISH = """
UPDATE sends SET state = $4, lease_token = NULL, lease_until = NULL
WHERE tenant_id = $1 AND message_id = $2 AND lease_token = $3
"""
SENT = """
UPDATE messages m
SET external_id = $3, status = 'sent', status_rank = 2, error = NULL,
    status_at = m.status_at - 'unknown' || jsonb_build_object('sent', iso(now()))
WHERE m.tenant_id = $1 AND m.id = $2
"""
# As ingest_fold does: the highest rank wins, every time is kept.
FOLD = """
UPDATE messages m
SET status = CASE WHEN f.rank >= m.status_rank THEN f.status ELSE m.status END,
    error = CASE WHEN f.rank >= m.status_rank THEN f.error ELSE m.error END,
    status_rank = greatest(m.status_rank, f.rank), status_at = m.status_at || f.status_at
FROM (
    SELECT (array_agg(s.status ORDER BY s.rank DESC, s.status))[1] AS status, max(s.rank) AS rank,
        (array_agg(s.error ORDER BY s.rank DESC, s.status))[1] AS error,
        jsonb_object_agg(s.status, iso(s.first_at)) AS status_at
    FROM (
        SELECT a.status, max(a.rank) AS rank, min(a.occurred_at) AS first_at,
            (array_agg(a.error ORDER BY a.occurred_at, a.key))[1] AS error
        FROM message_statuses a WHERE a.tenant_id = $1 AND a.channel_id = $3 AND a.external_id = $4
        GROUP BY a.status) s
    HAVING count(*) > 0) f
WHERE m.tenant_id = $1 AND m.id = $2
"""
HELD = """
SELECT x.external_id FROM external_message_mappings x
WHERE x.tenant_id = $1 AND x.channel_id = $2 AND x.reference = $3 AND x.message_id IS NULL
ORDER BY x.created_at, x.external_id LIMIT 1
"""
ADOPT = "SELECT adopt_send($1, $2, $3, $4)"


async def accepted(tx: TenantTx, claimed: Claimed, channel_id: UUID, external_id: str) -> UUID | None:
    """Note that the provider took a message; what it told of it before is applied now.

    Returns a message that turned out to be the same one, and is gone: an echo that was here first.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    key = (tx.tenant_id, channel_id, external_id)
    double: UUID | None = None
    if await tx.connection.fetchval(CLAIM_ID, *key, claimed.message_id) is None:
        double = await tx.connection.fetchval(HOLDER, *key)
        await tx.connection.execute(TAKE_ID, *key, claimed.message_id)
    await _finish(tx, claimed, "sent")
    if double is not None:
        await tx.connection.execute(DROP_DOUBLE, tx.tenant_id, double)
    await tx.connection.execute(SENT, tx.tenant_id, claimed.message_id, external_id)
    await tx.connection.execute(FOLD, tx.tenant_id, claimed.message_id, channel_id, external_id)
    return double


FAILED = """
UPDATE messages m
SET status = 'failed', status_rank = CASE m.medium WHEN 'email' THEN $4::integer ELSE $5::integer END,
    error = $3::text::jsonb, status_at = m.status_at || jsonb_build_object('failed', iso(now()))
WHERE m.tenant_id = $1 AND m.id = $2
"""


async def failed(tx: TenantTx, claimed: Claimed, error: Mapping[str, Any]) -> None:
    """Note that a message was not sent, and will not be.

    Args:
        error: as the message shows it: code, message, retryable.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    await _finish(tx, claimed, "failed")
    shown = orjson.dumps(error).decode()
    await tx.connection.execute(FAILED, tx.tenant_id, claimed.message_id, shown, MAIL_FAILED, PHONE_FAILED)


OPTED_OUT = """
INSERT INTO consents (tenant_id, address, channel_id, category, key, word, told_at)
SELECT m.tenant_id, m.recipients[1], m.channel_id, $3, $4, 'stop', $5 FROM messages m
WHERE m.tenant_id = $1 AND m.id = $2 AND m.recipients[1] <> ''
ON CONFLICT DO NOTHING
"""


async def opted_out(tx: TenantTx, message_id: UUID, category: str, moment: datetime) -> None:
    """Note that a message was refused because its recipient does not want it.

    Args:
        category: "all", or the kind of messages that is not wanted.
        moment: when the provider said so; the customer's later word counts more.
    """
    key = f"send:{message_id}:{moment.isoformat()}"
    await tx.connection.execute(OPTED_OUT, tx.tenant_id, message_id, category, key, moment)


UNKNOWN = """
UPDATE messages m
SET status = 'unknown', error = $3::text::jsonb, status_at = m.status_at || jsonb_build_object('unknown', iso(now()))
WHERE m.tenant_id = $1 AND m.id = $2
"""


async def unknown(tx: TenantTx, claimed: Claimed, channel_id: UUID, reference: str, error: Mapping[str, Any]) -> None:
    """Note that nobody knows whether a message was sent; unless its provider has told of it already.

    Args:
        channel_id: of the message.
        reference: under which it was sent.
        error: as the message shows it.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    await _finish(tx, claimed, "unknown")
    shown = orjson.dumps(error).decode()
    await tx.connection.execute(UNKNOWN, tx.tenant_id, claimed.message_id, shown)
    external_id = await tx.connection.fetchval(HELD, tx.tenant_id, channel_id, reference)
    if external_id is not None:
        await tx.connection.execute(ADOPT, tx.tenant_id, channel_id, claimed.message_id, external_id)
        await tx.connection.execute(FOLD, tx.tenant_id, claimed.message_id, channel_id, external_id)


AGAIN = """
UPDATE sends SET state = 'queued', lease_token = NULL, lease_until = NULL, next_attempt_at = now() + $4,
    attempts = attempts + CASE WHEN state = 'queued' AND $5 THEN 1 ELSE 0 END
WHERE tenant_id = $1 AND message_id = $2 AND lease_token = $3
RETURNING channel_id
"""
SLOWED = """
UPDATE send_lanes
SET due_at = least(due_at, now() + $3), slowed_until = CASE WHEN $4 THEN greatest(slowed_until, now() + $3)
    ELSE slowed_until END
WHERE tenant_id = $1 AND channel_id = $2
"""


async def again(tx: TenantTx, claimed: Claimed, wait: timedelta, *, slow: bool = False, counts: bool = True) -> None:
    """Give a send back, to be tried again later.

    Args:
        wait: until then.
        slow: whether the whole channel is to wait as long.
        counts: whether it was an attempt; one that came to a call was counted then.

    Raises:
        LeaseLost: when somebody else has the send.
    """
    channel_id = await tx.connection.fetchval(AGAIN, tx.tenant_id, claimed.message_id, claimed.token, wait, counts)
    if channel_id is None:
        raise LeaseLost
    await tx.connection.execute(SLOWED, tx.tenant_id, channel_id, wait, slow)


IN_TROUBLE = """
UPDATE external_integrations SET status = $3, error_message = $4
WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL AND status <> 'disabled' AND status <> $3
"""


async def connection_fails(tx: TenantTx, integration_id: UUID, sentence: str) -> None:
    """Note that a provider does not take a connection's login."""
    await tx.connection.execute(IN_TROUBLE, tx.tenant_id, integration_id, "error", sentence)


async def connection_works(tx: TenantTx, integration_id: UUID) -> None:
    """Note that a provider takes a connection's login."""
    await tx.connection.execute(IN_TROUBLE, tx.tenant_id, integration_id, "active", None)


async def _finish(tx: TenantTx, claimed: Claimed, state: str) -> None:
    done = await tx.connection.execute(FINISH, tx.tenant_id, claimed.message_id, claimed.token, state)
    if done != "UPDATE 1":
        raise LeaseLost
