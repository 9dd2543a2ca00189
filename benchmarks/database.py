"""The Postgres of a run: the embedded one, with the settings that the product gives it, in a folder of its own."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks import machine
from benchmarks.errors import NotMeasured
from gateway.embedded import EmbeddedPostgres, EmbeddedPostgresError, Superuser
from gateway.keys import new_master_key
from gateway.migrate import migrate

PRODUCT = "postgate"
BARE = "bare"  # for what is measured without the product
ROLES = ("postgate_app", "postgate_hook", "postgate_relay")


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database, and an empty one beside it.

    Attributes:
        urls: of the product's database, by role.
        postmaster: Postgres' first process, the parent of all others.
    """

    superuser: Superuser
    urls: Mapping[str, str]
    master_key: str
    postmaster: int

    @property
    def admin_url(self) -> str:
        """The product's database, as the superuser."""
        return self.superuser.url(PRODUCT)

    @property
    def bare_url(self) -> str:
        """The empty database, as the superuser."""
        return self.superuser.url(BARE)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a gateway on this database is told."""
        return {
            "POSTGATE_DATABASE_URL": self.urls["postgate_app"],
            "POSTGATE_HOOK_DATABASE_URL": self.urls["postgate_hook"],
            "POSTGATE_RELAY_DATABASE_URL": self.urls["postgate_relay"],
            "POSTGATE_MASTER_KEY": self.master_key,
        }

    async def fetch(self, statement: str, *args: Any) -> list[Any]:
        """Run a query on the product's database as the superuser, past row-level security."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            return list(await connection.fetch(statement, *args))
        finally:
            await connection.close()


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Database]:
    """Start Postgres and prepare its databases; leaving stops it and deletes everything.

    Raises:
        NotMeasured: when it does not start.
    """
    server = EmbeddedPostgres(folder)
    try:
        superuser = await server.start()
    except EmbeddedPostgresError as error:
        raise NotMeasured(f"Postgres did not start: {error}") from error
    try:
        yield await _prepare(superuser)
    finally:
        await asyncio.to_thread(server.remove_blocking)


async def _prepare(superuser: Superuser) -> Database:
    connection = await asyncpg.connect(superuser.url())
    try:
        for name in (PRODUCT, BARE):
            await connection.execute(f'CREATE DATABASE "{name}"')
        backend = await connection.fetchval("SELECT pg_backend_pid()")
        postmaster = machine.parent_of(backend)
    finally:
        await connection.close()
    passwords = {role: secrets.token_urlsafe(24) for role in ROLES}
    await migrate(superuser.url(PRODUCT), passwords)
    urls = {role: superuser.url(PRODUCT, role, password) for role, password in passwords.items()}
    return Database(superuser, urls, new_master_key(), postmaster or 0)
