"""Work that lasts as long as the process."""

import asyncio

from gateway.lasting import keep_at


async def test_a_fault_does_not_end_the_work() -> None:
    calls: list[int] = []

    async def work() -> None:
        calls.append(len(calls))
        if len(calls) < 3:
            raise ValueError("nobody foresaw this")

    async with asyncio.timeout(10):
        await keep_at("work", work, pause_seconds=0)
    assert calls == [0, 1, 2]


async def test_the_work_can_be_cancelled() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = keep_at("work", work)
    async with asyncio.timeout(10):
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled()
    assert ended.is_set()
