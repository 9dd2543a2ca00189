"""Endpoints of three programs, and what was delivered to them, for pictures: no program is asked anything."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from gateway.model.ids import parse

Json = dict[str, Any]
Ask = Callable[..., Awaitable[Json]]

#: What they ask for does not happen any more once the pictures are taken: nobody is asked for anything.
SHOP: Json = {
    "url": "https://orders.example.org/hooks/postgate",
    "description": "Order system",
    "event_types": ["message.created", "customer.merged"],
    "ordering": "conversation",
    "per_second": 50,
    "schemes": ["v1a"],
    "auth": {"type": "basic", "username": "postgate", "password": "not-a-real-one"},
    "headers": {"X-Team": "orders"},
}
CRM: Json = {"url": "https://crm.example.org/in", "description": "CRM", "event_types": ["customer.merged"]}
REPORTS: Json = {"url": "https://reports.example.org/v1", "event_types": ["customer.merged", "view.*"]}

CLOSED = """
UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'failing', disabled_at = $3::timestamptz
    - interval '7 h', failing_since = $3::timestamptz - interval '5 days', warnings = 3
WHERE tenant_id = $1 AND id = $2
"""
FAILS = """
UPDATE webhook_endpoints SET failing_since = $3::timestamptz - interval '26 h', warnings = 1
WHERE tenant_id = $1 AND id = $2
"""
BACKS_OFF = """
UPDATE webhook_lanes SET failures = 9, backoff_until = $3::timestamptz + interval '2 h', cap = 1,
    failing_since = $3::timestamptz - interval '26 h', last_failure_at = $3::timestamptz - interval '4 min',
    last_success_at = $3::timestamptz - interval '26 h'
WHERE tenant_id = $1 AND endpoint_id = $2
"""
DOES_WELL = """
UPDATE webhook_lanes SET cap = 12, last_success_at = $3::timestamptz - interval '40 s',
    last_failure_at = $3::timestamptz - interval '5 h'
WHERE tenant_id = $1 AND endpoint_id = $2
"""
#: The newest messages: how each fares depends on where it goes.
OWED = """
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, seq, previous_seq, conversation_id,
    conversation_sequence, status, attempts, tries, next_attempt_at, response_status_code, error_kind, error,
    last_attempt_at, finished_at, created_at)
SELECT $1, uuid_of($3::timestamptz - e.age), $2, e.id, e.type, e.seq, lag(e.seq) OVER (ORDER BY e.seq),
    e.conversation_id, CASE WHEN $4 = 'SUCCESS' THEN row_number() OVER (PARTITION BY e.conversation_id ORDER BY e.seq)
    END, $4, $5, $5, CASE WHEN $4 IN ('PENDING', 'RETRYING') THEN $3::timestamptz + interval '3 h' END,
    $6, $7, $8, CASE WHEN $5 > 0 THEN $3::timestamptz - e.age + interval '90 ms' END,
    CASE WHEN $4 IN ('SUCCESS', 'FAILED') THEN $3::timestamptz - e.age + interval '90 ms' END, $3::timestamptz - e.age
FROM (
    SELECT v.*, row_number() OVER (ORDER BY v.seq DESC) * interval '47 s' + interval '40 s' AS age
    FROM events v WHERE v.tenant_id = $1 AND v.type = 'message.created' ORDER BY v.seq DESC LIMIT $9) e
"""
TRIED = """
INSERT INTO webhook_attempts (tenant_id, started_at, delivery_id, endpoint_id, number, outcome, status_code, error_kind,
    error, address, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, tls_version, tls_expires_at, request_url,
    request_headers, response_headers, response_body)
SELECT d.tenant_id, d.last_attempt_at - (d.attempts - n) * interval '5 min', d.id, d.endpoint_id, n,
    CASE d.status WHEN 'SUCCESS' THEN 'success' ELSE 'failure' END, d.response_status_code, d.error_kind, d.error,
    '203.0.113.24', 4.2, 11.8, 23.5, 84.1, 86.9, 'TLSv1.3', $3::timestamptz + interval '61 days', e.url,
    json_build_object('content-type', 'application/json', 'webhook-id', public_id('evt_', d.event_id),
        'webhook-timestamp', extract(epoch FROM d.last_attempt_at)::bigint::text,
        'webhook-signature', 'v1,q2Vb0fYyGk0sBz1nq3cS7vJ8T5xw4mE9uKcRhD6aLZo=', 'postgate-seq', d.seq::text,
        'postgate-delivery', public_id('dlv_', d.id), 'postgate-attempt', n::text),
    '{"content-type": "application/json", "server": "nginx"}',
    CASE d.status WHEN 'SUCCESS' THEN '{"accepted": true, "order": 20931}'
        ELSE '{"error": "database is read-only", "retry": true}' END
FROM webhook_deliveries d
JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
CROSS JOIN LATERAL generate_series(1, d.attempts) AS n
WHERE d.tenant_id = $1 AND d.endpoint_id = $2
"""
#: A day of attempts; the later ones fail where "broken" says so.
DAY = """
INSERT INTO webhook_minutes (tenant_id, endpoint_id, minute, succeeded, failed, latencies)
SELECT $1, $2, date_trunc('minute', $3::timestamptz) - m * interval '1 min',
    CASE WHEN $4 THEN 0 ELSE busy END,
    CASE WHEN $4 THEN 1 + busy / 6 WHEN m BETWEEN 300 AND 320 THEN busy / 3 ELSE 0 END,
    CASE WHEN $4 THEN ARRAY[0,0,0,1,1,0,0,0,0,0,0,0]
        ELSE ARRAY[0, 0, busy / 3, busy / 2, busy / 6, (m / 97) % 2, CASE WHEN m % 211 = 0 THEN 1 ELSE 0 END,
            0, 0, 0, 0, 0] END
FROM (SELECT m, (14 + 10 * sin(m / 190.0) + (m * 7919) % 9)::integer AS busy FROM generate_series(0, 1430, 4) m) f
"""
RECOVERED = """
INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, kind, since, until, after_id, status, seen, total, queued,
    finished_at, created_at)
VALUES ($1, uuid_of($3), $2, 'recover', $3::timestamptz - interval '1 day', $3, uuid_of($3), $4, $5, 1240, $5, $3,
    $3::timestamptz - interval '20 min')
"""
FINE: Sequence[Any] = ("SUCCESS", 1, 200, None, None, 24)
REFUSED: Sequence[Any] = ("RETRYING", 3, 503, "status", "the receiver answered 503", 6)
HELD: Sequence[Any] = ("PENDING", 0, None, None, None, 8)


async def integrate(ask: Ask, admin_url: str, tenant: UUID, now: datetime) -> None:
    """Make the endpoints through the API, and write down what might have happened since.

    Args:
        ask: makes a request of the API.
        admin_url: the database, as the superuser.
        tenant: whose.
        now: everything happened before.
    """
    made: Mapping[str, UUID] = {
        name: parse("ep", (await ask("POST", "webhook-endpoints", body))["id"])
        for name, body in (("reports", REPORTS), ("crm", CRM), ("shop", SHOP))
    }
    connection = await asyncpg.connect(admin_url)
    try:
        for name, fares in (("shop", FINE), ("crm", REFUSED), ("reports", HELD)):
            await connection.execute(OWED, tenant, made[name], now, *fares)
            await connection.execute(TRIED, tenant, made[name], now)
        for name, states in (("shop", [DOES_WELL]), ("crm", [FAILS, BACKS_OFF]), ("reports", [CLOSED])):
            for state in states:
                await connection.execute(state, tenant, made[name], now)
        await connection.execute(DAY, tenant, made["shop"], now, False)
        await connection.execute(DAY, tenant, made["crm"], now, True)
        await connection.execute(RECOVERED, tenant, made["shop"], now, "canceled", 700)
    finally:
        await connection.close()
