"""Processes are killed under load; nothing that was acknowledged is missing, and nothing is there twice."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from typer.testing import CliRunner

from gateway.cli.main import app
from tests.faults.browser import Browser
from tests.faults.load import Provider
from tests.faults.process import Gateway, alive, gateway_process


class Reader:
    """Reads a gateway's API with the demo tenant's key."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        headers = {"Authorization": f"Bearer {self._gateway.ready['api_key']}"}
        async with (
            ClientSession(self._gateway.ready["base_url"], headers=headers) as session,
            session.get(path) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def log(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the log after a position."""
        found: list[dict[str, Any]] = []
        while page := (await self.get(f"/api/v1/events?after={after}&limit=1000"))["data"]:
            found += page
            after = page[-1]["seq"]
        return found

    async def messages(self) -> dict[str, dict[str, Any]]:
        """Return all messages by id."""
        found: dict[str, dict[str, Any]] = {}
        for conversation in (await self.get("/api/v1/conversations?limit=200"))["data"]:
            path, cursor = f"/api/v1/conversations/{conversation['id']}/messages?limit=200", ""
            while True:
                page = await self.get(path + cursor)
                found |= {m["id"]: m for m in page["data"]}
                if page["next_cursor"] is None:
                    break
                cursor = f"&cursor={page['next_cursor']}"
        return found


def folded(log: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the messages that a browser holds after this log."""
    held: dict[str, dict[str, Any]] = {}
    for event in log:
        if event["type"].startswith("message."):
            held[event["data"]["id"]] = {k: v for k, v in event["data"].items() if k != "conversation"}
    return held


async def audit(reader: Reader, provider: Provider) -> None:
    """Hold what was acknowledged against what is there."""
    log = await reader.log()
    assert [e["seq"] for e in log] == list(range(1, len(log) + 1))
    stored = Counter(e["data"]["external_id"] for e in log if e["type"] == "message.created")
    assert set(provider.acknowledged) <= set(stored), "acknowledged and missing"
    assert [key for key, times in stored.items() if times > 1] == []
    assert folded(log) == await reader.messages()


async def test_nothing_acknowledged_is_lost_when_the_gateway_is_killed(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        whatsapp = next(i for i in gateway.ready["integrations"] if i["provider"] == "whatsapp_cloud")
        provider, reader = Provider(whatsapp, gateway.ready["base_url"]), Reader(gateway)
        browser = Browser(gateway.ready["base_url"], gateway.ready["api_key"])
        browser.start()
        provider.start()
        await provider.wait_for_acknowledged(150)
        await browser.wait_for(lambda: len(browser.events) > 100)
        await provider.wait_for_acknowledged(300)
        await gateway.kill()
        await gateway.start()
        await provider.wait_for_acknowledged(600)
        await provider.stop()
        await audit(reader, provider)
        log = await reader.log()
        await browser.wait_for(lambda: browser.events[-1]["seq"] == log[-1]["seq"])
        await browser.stop()
        assert browser.connections > 1
        assert browser.events == log
        assert folded(browser.events) == await reader.messages()


async def test_the_gateway_answers_503_and_recovers_when_postgres_is_killed(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        whatsapp = next(i for i in gateway.ready["integrations"] if i["provider"] == "whatsapp_cloud")
        provider, reader = Provider(whatsapp, gateway.ready["base_url"]), Reader(gateway)
        provider.start()
        await provider.wait_for_acknowledged(150)
        os.kill(gateway.postmaster, signal.SIGKILL)
        await provider.wait_for_refused(503)
        before = len(provider.acknowledged)
        await provider.wait_for_acknowledged(before + 150)
        await provider.stop()
        assert set(provider.refused) == {503}
        await audit(reader, provider)


async def test_stopping_ends_the_database_too_and_the_data_stays(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        first, postmaster = gateway.ready, gateway.postmaster
        assert await gateway.stop() == 0
        assert not alive(postmaster)
        await gateway.start()
        assert gateway.ready["api_key"] == first["api_key"]
        assert gateway.ready["integrations"] == first["integrations"]
        # Its operator's commands find it by its folder, whatever else the environment says.
        command = ["tenants", "list", "--data-dir", str(gateway.data_dir)]
        found = await asyncio.to_thread(CliRunner().invoke, app, command, env={"POSTGATE_DATABASE_URL": "nonsense"})
        assert (found.exit_code, found.output.split("\t")[:2]) == (0, ["demo", "active"])
