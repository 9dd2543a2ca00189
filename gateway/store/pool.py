"""Connections, and the transaction that shows one tenant.

Three roles, three pools: ``app`` (one tenant at a time), ``hook`` (may call the ingest functions), ``relay`` (reads
the log of all). A query takes a ``TenantTx``, which only ``tenant_tx`` makes.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

import asyncpg

#: Smaller ids are of types that come with Postgres, the same in each database (FirstNormalObjectId in transam.h).
FIRST_OWN_TYPE = 16384
CHECK_ROLE = "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
ENTER_TENANT = "SELECT set_config('app.tenant_id', $1, true)"


class RoleTooPowerful(Exception):
    """The database role could read past row-level security; the server refuses to run as it."""


#: Requests that may wait for each connection of a pool; further ones are refused.
WAITING_FOR_EACH = 16


class DatabaseUnavailable(Exception):
    """The database can't be reached or is not able to answer now; trying again later may work."""


class DatabaseBusy(DatabaseUnavailable):
    """Too many wait for a connection already."""


#: What asyncpg raises when the server is gone, going, starting, or full: nobody's request is at fault.
UNAVAILABLE: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection whose server died between two messages of a query
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.ConnectionDoesNotExistError,
)


@dataclass(frozen=True, slots=True)
class TenantTx:
    """An open transaction in which the rows of one tenant exist, and no others."""

    connection: Any  # asyncpg ships no types
    tenant_id: UUID


#: What else belongs into each transaction of this task, last of all: the audit writes down there what was written.
BEFORE_COMMIT: ContextVar[Callable[[TenantTx], Awaitable[None]] | None] = ContextVar("before_commit", default=None)


async def require_harmless_role(connection: asyncpg.Connection) -> None:
    """Refuse a superuser or a role that bypasses row-level security.

    Raises:
        RoleTooPowerful: naming the role.
    """
    name, powerful = await connection.fetchrow(CHECK_ROLE)
    if powerful:
        raise RoleTooPowerful(
            f"the database role {name!r} is a superuser or bypasses row-level security;"
            " use the roles that `postgate migrate` makes"
        )


class Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """Asks what a type of Postgres is once per process.

    asyncpg asks it anew over each connection, for ``uuid[]`` too, which takes some 20 ms, and turns JIT off and on for
    it, which would be a setting of the session.
    """

    _known: ClassVar[dict[frozenset[int], Any]] = {}

    async def _introspect_types(self, typeoids: list[int], timeout: float) -> tuple[Any, Any]:  # noqa: ASYNC109 - asyncpg's
        wanted = frozenset(typeoids)
        if wanted in self._known:
            return self._known[wanted], SimpleNamespace(name="nothing was asked")
        types, statement = await super()._introspect_types(typeoids, timeout)
        if max(wanted) < FIRST_OWN_TYPE:
            self._known[wanted] = types
        return types, statement


async def connect(url: str) -> asyncpg.Connection:
    """Open one connection of its own, checked to be of a harmless role."""
    connection = await asyncpg.connect(url, timeout=10, connection_class=Connection)
    await require_harmless_role(connection)
    return connection


async def open_pool(url: str, size: int, *, pooler: bool = False) -> asyncpg.Pool:
    """Open a pool of at most ``size`` connections; each is opened when it is needed.

    Connections are given back without a reset: every setting is local to its transaction, and nothing in a pool
    listens, takes session locks or prepares statements by name. That saves a round trip each time, and lets a pooler
    hand each transaction to another connection of the server.

    Args:
        url: of the database.
        size: connections at most.
        pooler: whether a pooler is in between that knows no prepared statements (PgBouncer before 1.21): then none
            is kept, and each is parsed together with its execution.
    """
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        init=require_harmless_role,
        reset=_no_reset,
        timeout=10,
        command_timeout=30,
        connection_class=Connection,
        **({"statement_cache_size": 0} if pooler else {}),
    )


async def prove(pool: asyncpg.Pool) -> None:
    """Open a connection of a pool, so that what is wrong with its URL or role is told now.

    Raises:
        RoleTooPowerful: naming the role.
    """
    async with pool.acquire(timeout=10):
        return


async def _no_reset(_connection: asyncpg.Connection) -> None:
    """Leave the connection as it is."""


@asynccontextmanager
async def tenant_tx(pool: asyncpg.Pool, tenant_id: UUID) -> AsyncIterator[TenantTx]:
    """Open a transaction as one tenant.

    Raises:
        DatabaseBusy: when too many wait for one.
        DatabaseUnavailable: when no connection is to be had, or it breaks.
    """
    try:
        async with _connection(pool) as connection, connection.transaction():
            await connection.execute(ENTER_TENANT, str(tenant_id))
            tx = TenantTx(connection, tenant_id)
            yield tx
            before_commit = BEFORE_COMMIT.get()
            if before_commit is not None:
                await before_commit(tx)
    except UNAVAILABLE as error:
        raise DatabaseUnavailable("the database can't be reached") from error


#: How many wait for a connection, by the pool's identity.
_waiting: Counter[int] = Counter()


@asynccontextmanager
async def _connection(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    key = id(pool)
    if _waiting[key] >= WAITING_FOR_EACH * pool.get_max_size():
        raise DatabaseBusy("too many requests wait for the database")
    _waiting[key] += 1
    try:
        connection = await pool.acquire(timeout=10)
    finally:
        _waiting[key] -= 1
    try:
        yield connection
    finally:
        await pool.release(connection)
