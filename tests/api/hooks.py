"""Whoever manages a tenant's endpoints, for tests: asks, and looks at what is stored and told."""

from dataclasses import dataclass
from typing import Any

import orjson

from gateway.keys import Keyring, WrappedKey, unseal
from gateway.model.endpoint_secrets import EndpointSecrets, place_of
from gateway.model.ids import parse
from tests.api.agents import EVENTS
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.conftest import Database, Tenant

PATH = "/api/v1/webhook-endpoints"
URL = "https://integrator.example.org/hooks"
SEALED = """
SELECT e.sealed, k.wrapped_key, k.master_key_id FROM webhook_endpoints e JOIN encryption_keys k ON k.id = e.key_id
WHERE e.id = $1
"""


@dataclass(frozen=True)
class Owner:
    """Whoever manages a tenant's endpoints by an API key."""

    served: Served
    database: Database
    tenant: Tenant
    master_key: str

    async def ask(self, method: str, path: str, status: int, body: Any = None, **headers: str) -> Any:
        """Send a request that must be answered with a status, as described; returns the JSON and keeps the tag."""
        url, sent = f"{PATH}{path}", {**self.tenant.auth, **headers}
        async with self.served.client.request(method, url, json=body, headers=sent) as answer:
            text = await answer.text()
            assert answer.status == status, text
            if status == 204:
                return None
            found = orjson.loads(text)
        if status < 300:
            key, slash, rest = path.lstrip("/").partition("/")
            name = rest.partition("?")[0]
            pattern = PATH + ("/{id}" if key.startswith("ep_") else f"/{key}" if key else "") + slash + name
            assert faults(self.served, method, pattern, status, found) == []
        return found

    async def secrets(self, endpoint: str) -> EndpointSecrets:
        """Return what is sealed of an endpoint."""
        key = parse("ep", endpoint)
        [(sealed, wrapped, master)] = await self.database.fetch(SEALED, key)
        opened = await Keyring(self.master_key).unwrap(WrappedKey(wrapped, master))
        return EndpointSecrets.model_validate_json(unseal(opened, sealed, place_of(self.tenant.id, key)))

    async def tag(self, endpoint: str) -> str:
        """Return the tag under which an endpoint is read."""
        async with self.served.client.get(f"{PATH}/{endpoint}", headers=self.tenant.auth) as answer:
            return answer.headers["ETag"]

    async def told(self) -> list[Any]:
        """Return what the log tells of endpoints, with its positions."""
        rows = await self.database.fetch(EVENTS, self.tenant.id)
        return [(row[0], orjson.loads(row[3])) for row in rows if row[1] == "webhook_endpoint.updated"]
