"""Row 102: what it costs to verify and parse a webhook of each provider, against bare JSON parsing plus an HMAC.

The webhooks are the recordings that the tests use. Where a body is no JSON (a form, a raw mail), the bare side parses
the same text as one JSON string: there is no cheaper way to look at every byte.
"""

import hmac
import time
from collections.abc import Callable, Sequence

import orjson

from benchmarks.bench import Bench
from benchmarks.progress import say
from benchmarks.results import Line, Round, compared
from channels.registry import ADAPTERS
from tests.channels.fixtures import Recorded, recorded

ROW = 102
SECRET = b"a secret of thirty-two bytes ...."
BATCH = 20

Work = Callable[[], object]


async def adapters_against_bare_parsing(bench: Bench) -> list[Line]:
    """Row 102, without a goal: one line for each provider that has recordings."""
    seconds = bench.plan.seconds / 15
    lines = []
    for provider in sorted(ADAPTERS):
        cases = [case for case in recorded(provider) if case.valid]
        if not cases:
            continue
        ours, bare = [_ours(case) for case in cases], [_bare(case) for case in cases]
        rounds = [Round(_rate(ours, seconds), _rate(bare, seconds)) for _ in range(bench.plan.rounds)]
        line = compared(ROW, f"{provider}: verify and parse ÷ JSON and HMAC", "1/s", rounds, None)
        say(f"  {provider} {line.ours:,.0f}/s, bare {line.limit:,.0f}/s")
        lines.append(line)
    return lines


def _ours(case: Recorded) -> Work:
    adapter, request, now = case.adapter, case.request, case.now
    credentials = adapter.credentials.model_validate(case.credentials)

    def work() -> object:
        adapter.verify(request, credentials, now)
        return adapter.parse(request, {})

    return work


def _bare(case: Recorded) -> Work:
    body = case.request.body
    try:
        orjson.loads(body)
        document = body
    except orjson.JSONDecodeError:
        document = orjson.dumps((body or case.request.url.encode()).decode("utf-8", "replace"))

    def work() -> object:
        hmac.digest(SECRET, body, "sha256").hex()
        return orjson.loads(document)

    return work


def _rate(works: Sequence[Work], seconds: float) -> float:
    """Return how many webhooks a second are worked off, each recording as often as the others."""
    for work in works:
        work()
    done, started = 0, time.perf_counter()
    while (taken := time.perf_counter() - started) < seconds:
        for work in works:
            for _ in range(BATCH):
                work()
        done += BATCH * len(works)
    return done / taken
