"""Tenants filled with made-up conversations, in a database of their own: the other rows account for theirs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from benchmarks.bench import Bench
from benchmarks.plan import Size
from benchmarks.progress import say
from benchmarks.tenants import make_tenants
from gateway.migrate import migrate
from gateway.seed import sow

NAME = "seeded"


@dataclass(frozen=True, slots=True)
class Seeded:
    """The database.

    Attributes:
        app_url: as the role of the API, under row-level security.
        admin_url: as the superuser, past it.
        tenants: one for each size.
    """

    app_url: str
    admin_url: str
    tenants: Sequence[UUID]


@asynccontextmanager
async def seeded(bench: Bench, sizes: Sequence[Size]) -> AsyncIterator[Seeded]:
    """Make a tenant of each size; leaving drops the database."""
    superuser = bench.database.superuser
    await _administer(superuser.url(), f'CREATE DATABASE "{NAME}"')
    try:
        await migrate(superuser.url(NAME), {})  # passwords belong to the server: those of the other database stay
        app_url = bench.database.urls["postgate_app"].rsplit("/", 1)[0] + f"/{NAME}"
        hooks = await make_tenants(superuser.url(NAME), bench.database.master_key, len(sizes))
        tenants = [UUID(hook.tenant_id) for hook in hooks]
        connection = await asyncpg.connect(app_url)
        try:
            for tenant, size in zip(tenants, sizes, strict=True):
                say(f"  a tenant with {size.conversations:,} conversations, {size.messages:,} messages")
                await sow(connection, tenant, size.conversations, size.messages, now=datetime.now(UTC))
        finally:
            await connection.close()
        await _administer(superuser.url(NAME), "VACUUM ANALYZE")
        yield Seeded(app_url, superuser.url(NAME), tenants)
    finally:
        await _administer(superuser.url(), f'DROP DATABASE "{NAME}" WITH (FORCE)')


async def _administer(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
