"""The plans that Postgres really used for a query, as ``EXPLAIN (ANALYZE, BUFFERS)`` writes them.

The module ``auto_explain`` tells them of each statement, also of those inside functions, as the role that asks: with
the conditions of row-level security in them.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from gateway.store.pool import ENTER_TENANT, TenantTx

#: Set for a database, so that a role without powers is told, too.
TELLING = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_nested_statements": "on",
    "auto_explain.log_level": "notice",
}
#: What stands before the plan is the statement and its values.
PLAN = re.compile(r"(duration: [\d.]+ ms).*?^(\S[^\n]*\(cost=.*)", re.DOTALL | re.MULTILINE)

#: What differs between two plans that go the same way.
NUMBERS = re.compile(r"'[^']*'|[\d.]+|never executed|Buffers:[^\n]*")


async def plans(
    admin_url: str, app_url: str, tenant: UUID, query: Callable[[TenantTx], Awaitable[object]]
) -> list[str]:
    """Ask a query; returns time and plan of its statements that read a table, in the order in which they ended.

    A function that is called for each row is read in the same way each time: that is told once.

    Args:
        admin_url: as the superuser; the database is told to explain itself, and to stop that.
        app_url: as the role that asks.
        tenant: whose rows it reads.
        query: given its transaction.
    """
    told: list[str] = []
    async with _telling(admin_url):
        connection = await asyncpg.connect(app_url)
        try:
            await _ask(connection, tenant, query)  # the driver asks for the types of the answers once
            connection.add_log_listener(lambda _connection, message: told.append(message.message))
            await _ask(connection, tenant, query)
        finally:
            await connection.close()
    found = [PLAN.search(text) for text in told]
    read = [plan for plan in found if plan is not None and " Scan " in plan[2]]
    ways = {NUMBERS.sub("", plan[2]): plan for plan in reversed(read)}
    return [f"{plan[1]}\n{plan[2]}" for plan in reversed(ways.values())]


async def _ask(connection: asyncpg.Connection, tenant: UUID, query: Callable[[TenantTx], Awaitable[object]]) -> None:
    async with connection.transaction():
        await connection.execute(ENTER_TENANT, str(tenant))
        await query(TenantTx(connection, tenant))


@asynccontextmanager
async def _telling(admin_url: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(admin_url)
    try:
        database = await connection.fetchval("SELECT quote_ident(current_database())")
        for name, value in TELLING.items():
            await connection.execute(f"ALTER DATABASE {database} SET {name} = '{value}'")
        try:
            yield
        finally:
            for name in TELLING:
                await connection.execute(f"ALTER DATABASE {database} RESET {name}")
    finally:
        await connection.close()
