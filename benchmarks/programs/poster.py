"""The limit of delivering: aiohttp's client in a loop, with nothing around it."""

import asyncio
import time

import uvloop
from aiohttp import ClientSession, TCPConnector

from benchmarks.worker import obey

HEADERS = {"content-type": "application/json"}


async def post(url: str, count: int, in_flight: int, size: int) -> float:
    """Post a body so many times; answers with posts per second."""
    body = b"x" * size
    left = iter(range(count))

    async def work(session: ClientSession) -> None:
        for _ in left:
            async with session.post(url, data=body, headers=HEADERS) as answer:
                await answer.read()

    async with ClientSession(connector=TCPConnector(limit=in_flight)) as session:
        async with session.post(url, data=body, headers=HEADERS) as answer:
            await answer.read()
        started = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(in_flight)))
        return count / (time.perf_counter() - started)


if __name__ == "__main__":
    uvloop.run(obey({"post": post}))
