"""The writer and a connection that fails: everybody is told, and it comes back by itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.http import Headers, HttpRequest
from gateway.ingest.webhook import Webhook
from gateway.ingest.writer import CALL_ITEMS, Writer, calls_for
from gateway.problems import ShareUsed
from gateway.store.pool import DatabaseUnavailable

KNOWN, MORE, COUNT, REASON = 11, 12, 13, 17  # where the row of a webhook says what


class Connection:
    """A connection whose statement fails as told (None: it does not), then stores everything."""

    def __init__(self, failures: Sequence[Exception | None]) -> None:
        self._failures = list(failures)
        self.groups: list[int] = []
        self.rows: list[Any] = []

    async def execute(self, _sql: str, **_limits: float) -> None: ...

    async def prepare(self, _sql: str, **_limits: float) -> "Connection":
        return self

    async def fetch(self, *arguments: Sequence[Any], **_limits: float) -> list[tuple[Any, ...]]:
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
        self.groups.append(len(arguments[0]))
        self.rows += arguments[0]
        return []

    def terminate(self) -> None: ...

    async def close(self, **_limits: float) -> None: ...


def webhook() -> Webhook:
    request = HttpRequest(method="POST", url="http://gateway.test/hooks/x", headers=Headers([]), body=b"{}")
    return Webhook(
        id=UUID(int=1),
        tenant_id=UUID(int=2),
        integration_id=UUID(int=3),
        provider="twilio",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        request=request,
        verified=True,
    )


@pytest.mark.parametrize(
    "failure",
    [
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.exceptions.AdminShutdownError("terminating connection due to administrator command"),
        ConnectionResetError(),
        TimeoutError(),
        KeyError("something in the driver that nobody thought of"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_nobody_waits_for_a_connection_that_failed(failure: Exception) -> None:
    opened: list[Connection] = []
    back = asyncio.Event()

    async def connect() -> asyncpg.Connection:
        opened.append(Connection([failure] if not opened else []))
        if len(opened) > 1:
            back.set()
        return cast("asyncpg.Connection", opened[-1])

    writer = Writer(connect, lambda entries: None, list, queue_limit=100)
    await writer.start()
    async with asyncio.timeout(10):
        waiting = [writer.store(webhook()) for _ in range(3)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 3
        await back.wait()
        await writer.store(webhook())
        await writer.stop()
    assert opened[1].groups == [1]


async def test_a_large_webhook_whose_second_part_is_refused_is_set_aside() -> None:
    refused = asyncpg.DataError("what the database thinks of it")
    connection = Connection([None, refused, asyncpg.UniqueViolationError("its first part is there")])

    async def connect() -> asyncpg.Connection:
        return cast("asyncpg.Connection", connection)

    writer = Writer(connect, lambda entries: None, list, queue_limit=100)
    await writer.start()
    async with asyncio.timeout(10):
        await writer.store(replace(webhook(), messages=[(n,) for n in range(CALL_ITEMS + 1)]))
        await writer.stop()
    first, aside = connection.rows
    assert (first[KNOWN], first[COUNT]) == (False, CALL_ITEMS + 1)
    assert (aside[KNOWN], aside[COUNT], aside[REASON]) == (True, 0, "not_storable")


async def test_the_first_webhook_of_another_tenant_is_in_the_next_group() -> None:
    connection = Connection([])

    connecting = asyncio.Event()

    async def connect() -> asyncpg.Connection:
        connecting.set()
        await asyncio.sleep(0)
        return cast("asyncpg.Connection", connection)

    writer = Writer(connect, lambda entries: None, list, queue_limit=1000, answers_at_once=4)
    await writer.start(rests=True)
    async with asyncio.timeout(10):
        noisy = [writer.store(webhook())]
        await connecting.wait()
        noisy += [writer.store(webhook()) for _ in range(250)]
        with pytest.raises(ShareUsed):
            writer.store(webhook())
        quiet = writer.store(replace(webhook(), tenant_id=UUID(int=9)))
        await asyncio.gather(quiet, *noisy)
        await writer.stop()
    assert connection.groups == [1, 64, 64, 64, 59]
    assert [row[0] for row in connection.rows].index(UUID(int=9)) == 2


@given(st.lists(st.tuples(*[st.integers(0, 700)] * 3), min_size=1, max_size=8))
@settings(max_examples=50)
def test_calls_hold_everything_once_and_no_call_holds_too_much(sizes: list[tuple[int, int, int]]) -> None:
    def rows_of(place: int, kind: str, count: int) -> list[tuple[Any, ...]]:
        return [(place, kind, n % 2 == 0, UUID(int=n)) for n in range(count)]  # of the notes every other one counts

    webhooks = [
        replace(
            webhook(),
            messages=rows_of(place, "m", m),
            statuses=rows_of(place, "s", s),
            notes=rows_of(place, "n", n),
            aliases={UUID(int=3): [("+525512345678", "+5215512345678")]},
        )
        for place, (m, s, n) in enumerate(sizes)
    ]
    calls = calls_for(webhooks)
    told: list[tuple[Any, ...]] = []
    rows: list[tuple[Any, ...]] = []
    for call in calls:
        assert call.items <= CALL_ITEMS
        for items in (call.messages, call.statuses, call.notes):
            assert [row[0] for row in items] == list(range(1, len(items) + 1))
        rows += call.webhooks
        told += [(row[2:], call.webhooks[row[1] - 1]) for row in [*call.messages, *call.statuses, *call.notes]]
        writers = [row[0] for row in call.messages if row[2:][3] == UUID(int=3)]
        assert call.aliases == [(place, "+525512345678", "+5215512345678") for place in writers]
    for kind in ("messages", "statuses", "notes"):
        given_rows = [row for w in webhooks for row in getattr(w, kind)]
        assert [item for item, _ in told if item[1] == kind[0]] == given_rows
    assert sum(not row[MORE] for row in rows) == len(webhooks)
    for item, row in told:
        m, s, n = sizes[item[0]]
        assert row[COUNT] == m + s + (n + 1) // 2
