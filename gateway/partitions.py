"""The months of the tables that are kept by month: this one and the next, made ahead of time.

A month that is missing costs nothing: there is a table for the rest.
"""

from datetime import date, timedelta

import asyncpg

#: What makes a month's partition of each such table, given a day of it; one that exists is left alone.
MAKE = (
    "CALL make_ledger_partition($1)",
    "CALL make_attempts_partition($1)",
    "CALL make_old_events_partition($1)",
    "CALL make_audit_partition($1)",
)


async def make_months(pool: asyncpg.Pool, today: date) -> None:
    """Make what is missing.

    Args:
        pool: of the role ``hook``.
        today: in UTC.
    """
    async with pool.acquire() as connection:
        for make in MAKE:
            for month in (today, next_month(today)):
                await connection.execute(make, month)


def next_month(day: date) -> date:
    """Return the first day of the month after ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
