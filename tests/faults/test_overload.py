"""More is offered than can be done: memory stays bounded, refusals are honest, and nothing acknowledged is lost."""

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from tests.conftest import Database, MakeTenant, Tenant
from tests.ingest.posts import Post, text, unique, whatsapp

LIMIT = 40
SHARE = LIMIT // 4
BODY = 1024 * 1024
#: More than the bodies that may wait take: those are held twice while they are stored.
GROWTH = 3 * LIMIT * BODY + 64 * 1024 * 1024
SECONDS = 60
STORED = "SELECT external_id FROM messages WHERE direction = 'inbound'"


class Gateway:
    """A gateway in a process of its own, and what was answered.

    Attributes:
        answers: how often each status came.
        acknowledged: the messages that were answered 200.
    """

    def __init__(self, process: asyncio.subprocess.Process, client: ClientSession) -> None:
        self._process = process
        self._client = client
        self._news = asyncio.Condition()
        self.answers: Counter[int] = Counter()
        self.acknowledged: set[str] = set()

    @property
    def memory(self) -> int:
        """Bytes of the process."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def post(self, tenant: Tenant, padding: int = 0) -> int:
        """Post a message of a tenant; returns the status."""
        key = unique("wamid.O")
        post = whatsapp(tenant.integration("whatsapp_cloud"), [text(key) | {"ignored": "x" * padding}])
        status = await self._send(post)
        async with self._news:
            self.answers[status] += 1
            if status == 200:
                self.acknowledged.add(key)
            self._news.notify_all()
        return status

    async def _send(self, post: Post) -> int:
        async with self._client.post(post.path, data=post.body, headers=post.headers) as answer:
            await answer.read()
            if answer.status != 200:
                assert answer.status in {429, 503}, answer.status
                assert 1 <= int(answer.headers["Retry-After"]) <= 120
                assert answer.content_type == "application/problem+json"
            return answer.status

    async def until_answered(self, count: int) -> None:
        """Wait for so many answers."""
        await self.until(lambda answers: answers.total() >= count)

    async def until(self, holds: Callable[[Counter[int]], bool]) -> None:
        """Wait until something holds of what was answered."""
        async with asyncio.timeout(SECONDS), self._news:
            await self._news.wait_for(lambda: holds(self.answers))


@pytest.fixture
async def gateway(database: Database, master_key: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that lets few webhooks wait."""
    environment = {
        **os.environ,
        "POSTGATE_DATABASE_URL": database.app_url,
        "POSTGATE_HOOK_DATABASE_URL": database.hook_url,
        "POSTGATE_RELAY_DATABASE_URL": database.relay_url,
        "POSTGATE_MASTER_KEY": master_key,
        "POSTGATE_PUBLIC_URL": "http://gateway.test",
        "POSTGATE_QUEUE_LIMIT": str(LIMIT),
    }
    output = tmp_path / "gateway.log"
    command = [sys.executable, "-m", "gateway.cli.main", "serve", "--port", "0"]
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=file, stderr=file)
    try:
        async with asyncio.timeout(SECONDS):
            while not (url := re.search(r'"url": ?"(http[^"]+)"', output.read_text())):
                assert process.returncode is None, output.read_text()
                await asyncio.sleep(0.02)  # between two looks for the line that says it serves
        session = ClientSession(url[1], connector=TCPConnector(limit=0), timeout=ClientTimeout(total=SECONDS))
        async with session as client:
            yield Gateway(process, client)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_far_more_than_it_can_do_is_refused_honestly_and_it_recovers_at_once(
    gateway: Gateway, database: Database, make_tenant: MakeTenant
) -> None:
    tenants = [await make_tenant(f"tenant-{number}") for number in range(5)]
    for tenant in tenants:
        assert await gateway.post(tenant) == 200
    before, highest = gateway.memory, 0
    tasks: set[asyncio.Task[int]] = set()
    blocker = await asyncpg.connect(database.admin_url)
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE tenant_heads IN EXCLUSIVE MODE")  # nothing can be stored
        for wave in range(1, 6):
            for tenant in tenants:
                tasks |= {asyncio.create_task(gateway.post(tenant, BODY)) for _ in range(2 * SHARE)}
            await gateway.until_answered(len(tenants) + wave * len(tenants) * 2 * SHARE - LIMIT)
            highest = max(highest, gateway.memory)
        assert set(gateway.answers) == {200, 429, 503}
        assert gateway.answers[200] == len(tenants), "nothing is acknowledged that is not stored"
    await asyncio.wait_for(asyncio.gather(*tasks), SECONDS)
    await blocker.close()
    assert highest - before < GROWTH
    assert [await gateway.post(tenant) for tenant in tenants] == [200] * len(tenants)
    stored = {row["external_id"] for row in await database.fetch(STORED)}
    assert gateway.acknowledged <= stored


async def test_a_tenant_that_floods_is_refused_and_no_other_one(
    gateway: Gateway, database: Database, make_tenant: MakeTenant
) -> None:
    noisy, quiet = await make_tenant("noisy"), await make_tenant("quiet")
    over = False

    async def flood() -> Counter[int]:
        answers: Counter[int] = Counter()
        while not over:
            answers[await gateway.post(noisy)] += 1
        return answers

    floods = [asyncio.create_task(flood()) for _ in range(6 * SHARE)]
    await gateway.until(lambda answers: answers[429] > SHARE)
    assert [await gateway.post(quiet) for _ in range(20)] == [200] * 20
    over = True
    told = sum(await asyncio.wait_for(asyncio.gather(*floods), SECONDS), Counter())
    assert set(told) == {200, 429}
    assert await gateway.post(noisy) == 200
    stored = {row["external_id"] for row in await database.fetch(STORED)}
    assert gateway.acknowledged <= stored
