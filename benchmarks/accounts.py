"""Holding what was acknowledged against what is stored, logged and shown: nothing missed, no hole, nothing twice."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from benchmarks.database import Database

HEADS = "SELECT tenant_id, last_seq FROM tenant_heads WHERE tenant_id = ANY ($1::uuid[])"
MESSAGES_SINCE = """
SELECT c.tenant_id, (
    SELECT count(*) FROM events e
    WHERE e.tenant_id = c.tenant_id AND e.seq > c.seq AND e.type = 'message.created') AS messages
FROM unnest($1::uuid[], $2::bigint[]) AS c (tenant_id, seq)
"""
STORED = "SELECT external_id FROM external_message_mappings WHERE message_id IS NOT NULL"
MESSAGES = """
SELECT count(*) AS messages, count(*) - count(DISTINCT (tenant_id, channel_id, external_id)) AS duplicates
FROM messages WHERE kind <> 'activity'
"""
LOGS = """
SELECT coalesce(sum(h.last_seq - coalesce(e.entries, 0)), 0)::bigint AS holes,
    coalesce(sum(e.created), 0)::bigint AS created,
    count(*) FILTER (WHERE e.lowest <> 1 OR e.highest <> h.last_seq) AS crooked
FROM tenant_heads h
LEFT JOIN (
    SELECT tenant_id, count(*) AS entries, count(*) FILTER (WHERE type = 'message.created') AS created,
        min(seq) AS lowest, max(seq) AS highest
    FROM events GROUP BY tenant_id) e USING (tenant_id)
"""
LEDGER = "SELECT count(*) FROM inbound_webhooks"

#: Counts that are not faults.
HARMLESS = frozenset({"acknowledged", "stored", "entries_shown"})


async def heads(database: Database, tenants: Sequence[UUID]) -> list[int]:
    """Return how far some tenants' logs reach."""
    found = dict(await database.fetch(HEADS, list(set(tenants))))
    return [found[tenant] for tenant in tenants]


async def account_of_sockets(
    database: Database, tenants: Sequence[UUID], ends: Sequence[int], seen: Sequence[Mapping[str, int]]
) -> dict[str, int]:
    """Hold what sockets were sent against the logs.

    Args:
        database: where the logs are.
        tenants: whom each socket followed.
        ends: how far each log reached once the load was over.
        seen: by each socket.
    """
    starts = [s["first"] for s in seen]
    messages = dict(await database.fetch(MESSAGES_SINCE, list(tenants), starts))
    return {
        "entries_shown": sum(s["entries"] for s in seen),
        "not_shown": sum(max(0, end - s["first"] - s["entries"]) for s, end in zip(seen, ends, strict=True)),
        "messages_not_shown": sum(
            abs(messages[tenant] - s["messages"]) for s, tenant in zip(seen, tenants, strict=True)
        ),
        "holes_shown": sum(s["holes"] for s in seen),
        "shown_twice": sum(s["repeats"] for s in seen),
        "socket_faults": sum(s["faults"] for s in seen),
    }


async def account_of_log(database: Database, acknowledged: Sequence[str]) -> dict[str, int]:
    """Hold all that was ever acknowledged against the whole database.

    Args:
        database: nothing else has written to it.
        acknowledged: the external ids, as often as each was answered 200.
    """
    sent = set(acknowledged)
    stored = {row[0] for row in await database.fetch(STORED)}
    (messages,) = await database.fetch(MESSAGES)
    (logs,) = await database.fetch(LOGS)
    (ledger,) = await database.fetch(LEDGER)
    return {
        "acknowledged": len(acknowledged),
        "stored": messages["messages"],
        "lost": len(sent - stored) + abs(len(stored) - messages["messages"]),
        "never_acknowledged": len(stored - sent),
        "stored_twice": messages["duplicates"],
        "not_in_ledger": abs(len(acknowledged) - ledger[0]),
        "not_logged": abs(messages["messages"] - logs["created"]),
        "holes": abs(logs["holes"]) + logs["crooked"],
    }


def faults(counts: Mapping[str, int]) -> int:
    """Return how much is wrong in an account."""
    return sum(number for name, number in counts.items() if name not in HARMLESS)
