"""The writer and a connection that fails: everybody is told, and it comes back by itself."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest

from channels.http import Headers, HttpRequest
from gateway.ingest.webhook import Webhook
from gateway.ingest.writer import Writer
from gateway.store.pool import DatabaseUnavailable


class Connection:
    """A connection whose statement fails as told, then stores everything."""

    def __init__(self, failures: list[Exception]) -> None:
        self._failures = failures
        self.groups: list[int] = []

    async def prepare(self, _sql: str, **_limits: float) -> "Connection":
        return self

    async def fetch(self, *arguments: Sequence[Any], **_limits: float) -> list[tuple[Any, ...]]:
        if self._failures:
            raise self._failures.pop(0)
        self.groups.append(len(arguments[0]))
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

    writer = Writer(connect, lambda entries: None, list, queue_limit=10)
    await writer.start()
    async with asyncio.timeout(10):
        waiting = [writer.store(webhook()) for _ in range(3)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable] * 3
        await back.wait()
        await writer.store(webhook())
        await writer.stop()
    assert opened[1].groups == [1]
