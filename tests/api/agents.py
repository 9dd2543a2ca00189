"""Members of a tenant who are logged in, for tests of what each of them sees and does."""

import os
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.access import new_session_token, token_hash
from gateway.model.ids import parse, public
from tests.api.conftest import ORIGIN, Served
from tests.conftest import Database, Tenant, new_id

ADD_USER = "INSERT INTO users (id, email, name) VALUES ($1, $2, $3)"
ADD_MEMBER = "INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3)"
ADD_SESSION = """
INSERT INTO sessions (tenant_id, token_hash, id, user_id, expires_at) VALUES ($1, $2, $3, $4, now() + interval '1 day')
"""
EVENTS = "SELECT seq, type, conversation_id, data::text FROM events WHERE tenant_id = $1 ORDER BY seq"


@dataclass(frozen=True)
class Agent:
    """A member; ``auth`` are the headers of its browser."""

    served: Served
    id: str
    auth: dict[str, str]

    @property
    def key(self) -> UUID:
        """The id as the database has it."""
        return parse("usr", self.id)

    async def ask(self, method: str, path: str, status: int = 200, /, **sent: Any) -> Any:
        """Send a request that must be answered with a status; returns the JSON, if there is any."""
        headers = {**self.auth, **sent.pop("headers", {})}
        async with self.served.client.request(method, path, headers=headers, **sent) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return await answer.json(content_type=None) if text else None

    async def etag(self, path: str) -> str:
        """Return the tag of what is at a path."""
        async with self.served.client.get(path, headers=self.auth) as answer:
            assert answer.status == 200
            return answer.headers["ETag"]


async def member(database: Database, tenant: Tenant, name: str, role: str = "operator") -> tuple[UUID, str]:
    """Add a member to a tenant and log it in; returns its id and the cookie's value."""
    key, token = new_id(), new_session_token(tenant.id, os.urandom(32))
    await database.fetch(ADD_USER, key, f"{name.lower()}-{key.hex[-6:]}@example.org", name)
    await database.fetch(ADD_MEMBER, tenant.id, key, role)
    await database.fetch(ADD_SESSION, tenant.id, token_hash(token), new_id(), key)
    return key, token


async def agent(served: Served, database: Database, tenant: Tenant, name: str, role: str = "operator") -> Agent:
    """Add a member to a tenant and log it in."""
    key, token = await member(database, tenant, name, role)
    return Agent(served, public("usr", key), {"Cookie": f"postgate_session={token}", **ORIGIN})
