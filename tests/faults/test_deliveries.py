"""The database dies while events are delivered: all of them arrive, and each is recorded once."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.delivery.receiving import receiving
from tests.faults.process import gateway_process

BEFORE, AFTER = 30, 30


async def test_events_outlive_a_crash_of_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGATE_ALLOW_PRIVATE", "127.0.0.0/8")
    async with gateway_process(tmp_path) as gateway, receiving() as receiver:
        headers = {"Authorization": f"Bearer {gateway.ready['api_key']}"}
        async with ClientSession(gateway.ready["base_url"], headers=headers) as client:

            async def make(path: str, body: Any, *statuses: int) -> bool:
                async with client.post(f"/api/v1{path}", json=body) as answer:
                    assert answer.status in statuses, await answer.text()
                    return answer.status == 201

            await make("/webhook-endpoints", {"url": receiver.url, "event_types": ["label.*"]}, 201)
            for number in range(BEFORE):
                await make("/labels", {"name": f"Before {number}", "color": "green"}, 201)
            await receiver.wait_for_count(1)
            os.kill(gateway.postmaster, signal.SIGKILL)
            made = tried = 0
            while made < AFTER:  # 503 while it is away
                made += await make("/labels", {"name": f"After {tried}", "color": "green"}, 201, 503)
                tried += 1
            log = (await (await client.get("/api/v1/events?limit=1000")).json())["data"]
            expected = {event["seq"] for event in log if event["type"] == "label.updated"}
            await receiver.wait_for(lambda: set(receiver.seqs()) >= expected)
            assert set(receiver.seqs()) == expected
            assert len(expected) >= BEFORE + AFTER
            ids = {(one.headers["webhook-id"], one.headers["postgate-seq"]) for one in receiver.receipts}
            assert len(ids) == len(expected), "what came twice came under its own id"
