"""Recording what really happens as a trace: a snapshot, the events, and the snapshot they lead to."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.conftest import Tenant
from tests.ingest.reading import events, get
from tests.live.fold import Inbox

TRACES = Path(__file__).parents[1] / "traces"
ID = re.compile(r"\b([a-z]{2,4})_([0-9a-f]{32})\b")
#: The gateway's own times differ from run to run; a provider's are part of what was posted. Where a provider tells no
#: time, the message has the time of receipt.
OWN_TIMES = frozenset(
    {"timestamp", "created_at", "updated_at", "received_at", "snoozed_until", "last_attempt_at", "finished_at"}
)
#: Of a customer's message its provider tells them too.
CHANGED_TIMES = frozenset({"edited_at", "deleted_at"})
ANY_TIME = "2026-06-01T00:00:00.000Z"  # after all that is posted, as it is in truth
Json = Any


async def snapshot(client: ClientSession, tenant: Tenant) -> Inbox:
    """Read the whole inbox through the API."""
    page = await get(client, tenant, "/api/v1/conversations?limit=200")
    threads = {}
    for conversation in page["data"]:
        thread = await get(client, tenant, f"/api/v1/conversations/{conversation['id']}/messages?limit=200")
        threads[conversation["id"]] = thread["data"][::-1]
    return {"seq": page["seq"], "conversations": page["data"], "messages": threads}


async def record(client: ClientSession, tenant: Tenant, name: str, before: Inbox) -> Json:
    """Return the trace from an earlier snapshot to now."""
    happened = await events(client, tenant, before["seq"])
    return {"name": name, "before": before, "events": happened, "after": await snapshot(client, tenant)}


def normal(trace: Json, tenant: Tenant) -> Json:
    """Write a trace with ids numbered by appearance and without the times of this run."""
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return f"{found[1]}_{numbers.setdefault(found[2], f'{len(numbers) + 1:032x}')}"

    text = json.dumps(trace, ensure_ascii=False)
    for moment in own_times(trace):
        text = text.replace(moment, ANY_TIME)
    text = text.replace(str(tenant.id), "00000000-0000-7000-8000-000000000001")
    return json.loads(ID.sub(number, text))


def own_times(value: Json) -> Iterator[str]:
    """Return the gateway's own times in a trace."""
    if isinstance(value, dict):
        for key, inner in value.items():
            own = OWN_TIMES if value.get("direction") == "inbound" else OWN_TIMES | CHANGED_TIMES
            if key in own and isinstance(inner, str):
                yield inner
            yield from own_times(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from own_times(inner)
