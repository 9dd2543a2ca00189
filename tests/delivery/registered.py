"""Endpoints and events of a tenant, put into the database as the API and the log's writers do."""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gateway.keys import Keyring, WrappedKey, seal
from gateway.model.endpoint_secrets import EndpointSecrets, Secret, place_of
from tests.conftest import Database, Tenant, new_id

DATA_KEY = "SELECT id, wrapped_key, master_key_id FROM encryption_keys WHERE tenant_id = $1 LIMIT 1"
ADD = """
INSERT INTO webhook_endpoints (tenant_id, id, url, key_id, sealed, since_seq, ordering, max_in_flight)
SELECT $1, $2, $3, $4, $5, last_seq, $6, $7 FROM tenant_heads WHERE tenant_id = $1
"""
ADD_LANE = "INSERT INTO webhook_lanes (tenant_id, endpoint_id) VALUES ($1, $2)"
ADD_HEAD = """
INSERT INTO delivery_heads (tenant_id, dispatched_seq) SELECT tenant_id, last_seq FROM tenant_heads WHERE tenant_id = $1
ON CONFLICT DO NOTHING
"""
APPEND = """
WITH head AS (
    UPDATE tenant_heads SET last_seq = last_seq + $2 WHERE tenant_id = $1 RETURNING last_seq - $2 AS base
)
INSERT INTO events (tenant_id, seq, id, type, conversation_id, data)
SELECT $1, head.base + n, gen_random_uuid(), 'label.updated', ($3::uuid[])[1 + (n - 1) % cardinality($3::uuid[])],
    json_build_object('number', n)
FROM head, generate_series(1, $2::bigint) n
"""


@dataclass(frozen=True)
class Registered:
    """Endpoints of one tenant."""

    database: Database
    tenant: Tenant
    master_key: str

    async def endpoint(self, url: str, *, ordering: str = "none", max_in_flight: int = 16) -> UUID:
        """Register a receiver."""
        key = new_id()
        [(key_id, wrapped, master_key_id)] = await self.database.fetch(DATA_KEY, self.tenant.id)
        value = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
        held = EndpointSecrets(secrets=[Secret(id="1", value=value, created_at=datetime.now(UTC))])
        data_key = await Keyring(self.master_key).unwrap(WrappedKey(wrapped, master_key_id))
        sealed = seal(data_key, held.model_dump_json().encode(), place_of(self.tenant.id, key))
        await self._run(ADD, key, url, key_id, sealed, ordering, max_in_flight)
        await self._run(ADD_LANE, key)
        await self._run(ADD_HEAD)
        return key

    async def happen(self, count: int, conversations: int = 1) -> None:
        """Let events come into the log, of that many conversations in turn."""
        await self._run(APPEND, count, [new_id() for _ in range(conversations)])

    async def states(self) -> dict[str, int]:
        """Return how many deliveries there are in each state."""
        found = await self.database.fetch("SELECT status, count(*) AS many FROM webhook_deliveries GROUP BY status")
        return {row["status"]: row["many"] for row in found}

    async def _run(self, statement: str, *arguments: Any) -> None:
        await self.database.fetch(statement, self.tenant.id, *arguments)
