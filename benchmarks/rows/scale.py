"""Row 12: what the list and the search take in a large tenant, against a small one of the same database."""

from collections.abc import Mapping
from functools import partial

import asyncpg

from benchmarks.bench import Bench
from benchmarks.explained import plans
from benchmarks.plan import Size
from benchmarks.progress import say
from benchmarks.results import Goal, Line, Round, compared
from benchmarks.rows.queries import SHARE, Query, list_page, rate, search_for, search_messages
from benchmarks.seeded import Seeded, seeded

ROW = 12
MILLISECONDS = 1000
#: Whose plans are shown: a word in most messages, and two that hardly any has.
SHOWN: Mapping[str, Query] = {
    "the list": list_page,
    "a search for “the”": partial(search_for, "messages", ("the",)),
    "a search for “waffle ir”": partial(search_for, "messages", ("waffle ir",)),
}


async def large_against_small(bench: Bench) -> list[Line]:
    """Row 12. Both tenants are in one database, so each is also searched beside the other's words."""
    async with seeded(bench, [bench.plan.small, bench.plan.large]) as where:
        return await measure(where, bench.plan.rounds, bench.plan.seconds * SHARE, bench.plan.small, bench.plan.large)


async def measure(where: Seeded, rounds: int, seconds: float, small: Size, large: Size) -> list[Line]:
    """Measure both tenants in turns."""
    lines = []
    async with asyncpg.create_pool(where.app_url, min_size=1, max_size=1) as pool:
        for name, query in (("list", list_page), ("search", search_messages)):
            found = []
            for _ in range(rounds):
                of_small = MILLISECONDS / await rate(pool, where.tenants[0], query, seconds)
                of_large = MILLISECONDS / await rate(pool, where.tenants[1], query, seconds)
                say(f"  {name}: {of_large:.1f} ms in the large tenant, {of_small:.1f} ms in the small one")
                found.append(Round(of_large, of_small))
            sizes = (
                f"{large.conversations:,} conversations, {large.messages:,} messages"
                f" against {small.conversations:,}, {small.messages:,}"
            )
            goal = Goal(1.5, at_least=False)
            lines.append(compared(ROW, f"{name} in a large tenant ÷ in a small one", "ms", found, goal, note=sizes))
    for what, asked in SHOWN.items():
        say(f"  how Postgres reads {what} in the large tenant:")
        for plan in await plans(where.admin_url, where.app_url, where.tenants[1], asked):
            say("    " + plan.replace("\n", "\n    "))
    return lines
