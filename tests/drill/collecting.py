"""Reads what a drill left in the database, past row-level security, and what the simulator took."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg

from gateway.keys import Keyring
from gateway.model.ids import public
from tests.drill.companies import CANARY, Company
from tests.drill.evidence import Owed, Stored
from tests.drill.marks import PATTERN, marks_in, strangers
from tests.ledger import opened

MESSAGES = "SELECT tenant_id, id, direction, status, text FROM messages WHERE kind NOT IN ('note', 'activity')"
SEQS = "SELECT tenant_id, seq FROM events"
HEADS = "SELECT tenant_id, last_seq FROM tenant_heads"
OWED = """
SELECT e.id AS endpoint_id, v.seq FROM webhook_endpoints e
JOIN events v ON v.tenant_id = e.tenant_id AND v.seq > e.since_seq AND endpoint_matches(e, v.type, v.conversation_id)
WHERE e.status = 'enabled' AND e.deleted_at IS NULL
  AND NOT (v.type = 'delivery.exhausted' AND v.data ->> 'endpoint_id' = public_id('ep_', e.id))
"""
ROWS = "SELECT endpoint_id, seq FROM webhook_deliveries WHERE kind = 'event'"
UNANSWERED = """
SELECT d.endpoint_id, d.seq FROM webhook_attempts a
JOIN webhook_deliveries d ON d.tenant_id = a.tenant_id AND d.id = a.delivery_id
WHERE a.outcome = 'failure' AND a.status_code IS NULL AND d.seq IS NOT NULL
"""
#: Rows that tell anything of another tenant than theirs. $1: the pattern of marks; the tenants' names are their slugs.
FOREIGN: Mapping[str, str] = {
    table: f"""
SELECT count(*) FROM {table} r JOIN tenants t ON t.id = r.tenant_id
WHERE EXISTS (SELECT FROM regexp_matches({words}, $1, 'g') found WHERE found[1] <> t.slug)
"""
    for table, words in {
        "events": "r.data::text",
        "messages": "coalesce(r.text, '')",
        "customers": "r.name",
        "conversations": "coalesce(r.subject, '')",
        "search_documents": "coalesce(r.names, '')",
    }.items()
}
TABLES = """
SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = 'public' AND c.column_name = 'tenant_id' AND t.table_type = 'BASE TABLE'
  AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = format('%I', c.table_name)::regclass)
ORDER BY c.table_name
"""
#: How far others have got with a tenant's log, which they write down for those with an empty one too.
BOOKKEEPING = frozenset({"search_heads", "delivery_heads", "pii_heads", "webhook_minutes"})
#: That its own member and key looked at what is empty is theirs.
OF_OTHERS = {
    "data_access_audit": """AND NOT coalesce(actor_id = ANY (ARRAY(
        SELECT user_id FROM memberships WHERE tenant_id = $1 UNION ALL SELECT id FROM api_keys WHERE tenant_id = $1
    )), false)"""
}
POSTS = """
SELECT w.received_at, w.provider, w.state, w.stored, w.duplicate, w.error_code, w.tenant_id, w.id, w.url, w.body,
    w.key_id, k.wrapped_key, k.master_key_id
FROM inbound_webhooks w LEFT JOIN encryption_keys k ON k.tenant_id = w.tenant_id AND k.id = w.key_id
ORDER BY w.received_at
"""
MESSAGES_ABOUT = """
SELECT created_at, direction, medium, external_id, status FROM messages WHERE position($1 IN text) > 0
ORDER BY created_at
"""
UNSETTLED = """
SELECT (SELECT count(*) FROM inbound_webhooks WHERE state = 'pending') AS "mails that are not read",
    (SELECT count(*) FROM sends WHERE state IN ('queued', 'calling')) AS "answers that are not sent",
    (SELECT count(*) FROM webhook_deliveries WHERE next_attempt_at IS NOT NULL) AS "deliveries that are due",
    (SELECT count(*) FROM delivery_heads d JOIN tenant_heads h USING (tenant_id) WHERE d.dispatched_seq < h.last_seq)
        AS "logs that are not shared out"
"""
#: As if as much time had passed as leases last, for whoever holds one and did not touch it lately: those at work renew
#: them, or need them for a moment only.
END_LEASES = """
UPDATE inbound_webhooks SET lease_until = now() - interval '1 second'
WHERE lease_until > now() AND updated_at < now() - interval '6 seconds';
UPDATE sends SET lease_until = now() - interval '1 second', next_attempt_at = now() - interval '1 second'
WHERE lease_until > now() AND updated_at < now() - interval '6 seconds';
UPDATE send_lanes SET due_at = now() WHERE due_at > now();
UPDATE webhook_lanes SET lease_until = now() - interval '1 second'
WHERE lease_until > now() AND updated_at < now() - interval '6 seconds'
"""


class Ledger:
    """Questions to the database, as its superuser.

    Args:
        connection: to it.
        companies: the tenants.
        master_key: of the gateways: raw webhooks are sealed.
    """

    def __init__(self, connection: asyncpg.Connection, companies: Sequence[Company], master_key: str) -> None:
        self._connection = connection
        self._keyring = Keyring(master_key)
        self._names = {company.id: company.name for company in companies}

    async def stored(self) -> list[Stored]:
        """Return all messages."""
        return [
            Stored(self._name(row[0]), public("msg", row[1]), row[2], row[3], next(iter(marks_in(row[4] or "")), None))
            for row in await self._connection.fetch(MESSAGES)
        ]

    async def seqs(self) -> dict[str, list[int]]:
        """Return the positions in each log."""
        found: dict[str, list[int]] = {name: [] for name in self._names.values()}
        for tenant_id, seq in await self._connection.fetch(SEQS):
            found[self._name(tenant_id)].append(seq)
        return found

    async def heads(self) -> dict[str, int]:
        """Return the last position that was given in each log."""
        return {self._name(tenant_id): seq for tenant_id, seq in await self._connection.fetch(HEADS)}

    async def owed(self) -> set[Owed]:
        """Return what endpoints have to get, by the log and their filters alone."""
        return {(public("ep", key), seq) for key, seq in await self._connection.fetch(OWED)}

    async def rows(self) -> Counter[Owed]:
        """Return what delivery rows there are."""
        return Counter((public("ep", key), seq) for key, seq in await self._connection.fetch(ROWS))

    async def unanswered(self) -> Counter[Owed]:
        """Return how many attempts of what got no answer, as far as the gateway knows."""
        return Counter((public("ep", key), seq) for key, seq in await self._connection.fetch(UNANSWERED))

    async def foreign_rows(self) -> dict[str, int]:
        """Return how many rows of each table tell anything of another tenant."""
        found = {table: await self._connection.fetchval(query, PATTERN) for table, query in FOREIGN.items()}
        names = [(self._name(row["tenant_id"]), body) async for row, body in self._posts()]
        return {**found, "inbound_webhooks": sum(bool(strangers(name, body)) for name, body in names)}

    async def canary_rows(self) -> dict[str, int]:
        """Return how many rows the tenant without traffic has in each table."""
        [canary] = [tenant_id for tenant_id, name in self._names.items() if name == CANARY]
        tables = [row[0] for row in await self._connection.fetch(TABLES)]
        return {
            table: await self._connection.fetchval(
                f'SELECT count(*) FROM "{table}" WHERE tenant_id = $1 {OF_OTHERS.get(table, "")}', canary
            )
            for table in tables
            if table not in BOOKKEEPING
        }

    async def unsettled(self) -> dict[str, int]:
        """Return what still waits for something, and how many of it."""
        return dict(await self._connection.fetchrow(UNSETTLED))

    async def traces(self, mark: str) -> list[str]:
        """Return what there is about one message, in words."""
        posts = [
            f"{mark}: webhook {row[0]:%H:%M:%S.%f} {row[1]} {row[2]} ({row[3]} stored, {row[4]} duplicate, {row[5]})"
            async for row, body in self._posts()
            if mark in body
        ]
        rows = [
            f"{mark}: message {row[0]:%H:%M:%S.%f} {row[1]} {row[2]} {row[3]} {row[4]}"
            for row in await self._connection.fetch(MESSAGES_ABOUT, mark)
        ]
        return posts + rows

    async def end_leases(self) -> None:
        """Let the leases of those end now who died."""
        await self._connection.execute(END_LEASES)

    async def _posts(self) -> AsyncIterator[tuple[asyncpg.Record, str]]:
        """Yield the webhooks with their bodies, the oldest first; none is stored in clear."""
        async with self._connection.transaction():
            async for row in self._connection.cursor(POSTS, prefetch=200):
                yield row, (await opened(row, self._keyring)).body.decode("utf-8", "replace")

    def _name(self, tenant_id: UUID) -> str:
        return self._names[tenant_id]


class Taken:
    """What the simulator took, which forgets all but the last thousand: to be asked often enough.

    Args:
        url: of the simulator.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen: dict[str, str] = {}

    async def look(self) -> None:
        """Note what it took since the last look.

        Raises:
            RuntimeError: when it forgot some of it.
        """
        async with aiohttp.ClientSession() as session, session.get(f"{self._url}/simulator/messages") as answer:
            listed: list[dict[str, Any]] = (await answer.json())["data"]
        if self._seen and len(listed) >= 1000 and not any(one["id"] in self._seen for one in listed):
            raise RuntimeError("the simulator took more in a moment than it remembers")
        self._seen |= {one["id"]: one["text"] for one in listed}

    def times(self) -> Counter[str]:
        """Return how often each mark was taken."""
        return Counter(found for text in self._seen.values() for found in marks_in(text)[:1])
