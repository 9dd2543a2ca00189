"""Waiting, at the end, until nothing is under way any more; and then comparing what browsers show."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import aiohttp

from tests.drill.browsers import TIMEOUT, Browser
from tests.drill.collecting import Ledger, Taken
from tests.drill.evidence import Browsed
from tests.drill.snapshots import NotLoaded, load
from tests.live.fold import Inbox

#: Leases of calls to providers last three minutes, and endpoints that failed are left alone for a while.
PATIENCE_SECONDS = 360.0
LOOK_SECONDS = 0.5
#: So long no log may have grown: statuses still come for a while after an answer was sent.
STILL_SECONDS = 4.0
#: Until a browser holds what happened; and how often a log may grow while it is compared.
REACH_SECONDS = 60.0
COMPARISONS = 10


async def settled(ledger: Ledger, taken: Taken, open_posts: Callable[[], int], *, hurry: bool) -> dict[str, int]:
    """Wait until nothing waits for anything; returns what does, when patience is over.

    Args:
        ledger: what is asked.
        taken: what providers took, which is noted meanwhile.
        open_posts: tells how many posts are not acknowledged.
        hurry: whether leases of the dead are ended.
    """
    loop = asyncio.get_running_loop()
    ends = loop.time() + PATIENCE_SECONDS
    heads: Mapping[str, int] = {}
    still_since = loop.time()
    while True:
        await taken.look()
        if hurry:
            await ledger.end_leases()
        waits = {**await ledger.unsettled(), "posts that are not acknowledged": open_posts()}
        before, heads = heads, await ledger.heads()
        now = loop.time()
        if heads != before or any(waits.values()):
            still_since = now
        if now - still_since >= STILL_SECONDS or now >= ends:
            return {what: number for what, number in waits.items() if number}
        await asyncio.sleep(LOOK_SECONDS)


async def compared(browsers: Sequence[Browser], gateway: str) -> list[Browsed]:
    """Hold the state of all browsers against fresh loads at the same position."""
    of_company: dict[str, list[Browser]] = defaultdict(list)
    for browser in browsers:
        browser.stay()
        of_company[browser.company.name].append(browser)
    found: list[Browsed] = []
    for theirs in of_company.values():
        fresh = await _fresh(theirs, gateway)
        found += [browser.told(fresh) for browser in theirs]
    return found


async def _fresh(browsers: Sequence[Browser], gateway: str) -> Inbox | None:
    """Return the inbox of a tenant, at a position at which all of its browsers are, or should be."""
    fresh = None
    async with aiohttp.ClientSession(headers=browsers[0].company.auth, timeout=TIMEOUT) as session:
        for _ in range(COMPARISONS):
            try:
                fresh = await load(session, gateway)
                async with asyncio.timeout(REACH_SECONDS):
                    seqs = [await browser.reach(fresh["seq"]) for browser in browsers]
            except (aiohttp.ClientError, OSError, NotLoaded):
                break
            if set(seqs) == {fresh["seq"]}:
                break
    return fresh
