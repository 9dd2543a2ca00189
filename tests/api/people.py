"""People for tests: colleagues of a tenant's owner, and browsers in which they are logged in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiohttp import ClientSession, CookieJar

from gateway.model.ids import public
from gateway.passwords import hash_password
from tests.api.conftest import ORIGIN, Served
from tests.conftest import Database, Tenant, new_id

PASSWORD = "a quiet harbour"
HASH = hash_password(PASSWORD)
ADD_USER = "INSERT INTO users (id, email, name, password_hash, verified_at) VALUES ($1, $2, $3, $4, now())"
ADD_MEMBER = "INSERT INTO memberships (tenant_id, user_id, role, extra_permissions) VALUES ($1, $2, $3, $4)"


@dataclass(frozen=True)
class Colleague:
    """Somebody with an account; ``id`` as the API shows it."""

    id: str
    email: str


async def colleague(
    database: Database, tenant: Tenant, role: str, *, name: str = "kim", extra: tuple[str, ...] = ()
) -> Colleague:
    """Add a member."""
    user_id, email = new_id(), f"{name}@example.org"
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(ADD_USER, user_id, email, name.capitalize(), HASH)
        await connection.execute(ADD_MEMBER, tenant.id, user_id, role, list(extra))
    finally:
        await connection.close()
    return Colleague(public("usr", user_id), email)


@dataclass(frozen=True)
class Browser:
    """A browser on the gateway's own page."""

    session: ClientSession

    async def send(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """Make a request as the page does; returns the answer's JSON, or None when it has none."""
        sent = {"json": body} if body is not None else {}
        async with self.session.request(method, f"/api/v1{path}", headers=ORIGIN, **sent) as answer:
            text = await answer.text()
            assert answer.status == (status or answer.status), (method, path, answer.status, text)
            assert status is not None or answer.status < 300, (method, path, answer.status, text)
            return await answer.json(content_type=None) if text else None

    async def log_in(self, email: str, password: str = PASSWORD, *, status: int = 200, **more: Any) -> Any:
        """Log in."""
        return await self.send("POST", "/login", {"email": email, "password": password, **more}, status=status)


@asynccontextmanager
async def browser(served: Served) -> AsyncIterator[Browser]:
    """Open one more browser."""
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    async with ClientSession(served.url, cookie_jar=CookieJar(unsafe=True), headers=headers) as session:
        yield Browser(session)


@asynccontextmanager
async def logged_in(served: Served, person: Colleague) -> AsyncIterator[Browser]:
    """Open a browser in which somebody is logged in."""
    async with browser(served) as opened:
        await opened.log_in(person.email)
        yield opened


@asynccontextmanager
async def owner(served: Served, tenant: Tenant) -> AsyncIterator[Browser]:
    """Open a browser in which the tenant's owner is logged in."""
    async with browser(served) as opened:
        await opened.log_in(tenant.ready["email"], tenant.ready["password"])
        yield opened
