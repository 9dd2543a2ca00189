"""Two real processes, a real collector: one trace over both, and log lines at debug level that give nothing away."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.conftest import Database, Tenant
from tests.delivery.conftest import Integrator
from tests.delivery.receiving import Receiver
from tests.ingest.posts import text, unique, whatsapp
from tests.live.clients import Reader
from tests.telemetry.collector import Collector, collecting
from tests.telemetry.test_tracing import created

TEXT = "Bring the blue folder, please"
RECEIVER_PASSWORD = "lighthouse-47"


class Program:
    """A process of the gateway whose log lines are kept."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def line(self, event: str) -> dict[str, Any]:
        """Wait for the first line of an event."""
        async with asyncio.timeout(150):
            while not (found := [line for line in self.lines if line.get("event") == event]):
                if self._reading.done():
                    raise AssertionError("\n".join(self.raw))
                await asyncio.sleep(0.02)
        return found[0]

    async def stop(self) -> None:
        """Stop it as an operator would, and read what it still writes."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await self._process.wait()
            await self._reading

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.raw.append(line.decode().rstrip())
            self.lines.append(json.loads(line))


async def run(environment: dict[str, str], *arguments: str) -> Program:
    """Start a process of the gateway."""
    command = [sys.executable, "-m", "gateway.cli.main", *arguments]
    return Program(await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=PIPE))


@pytest.mark.timeout(400)  # three programs start, on a machine that may be busy
async def test_one_trace_over_two_processes_and_nothing_given_away(
    database: Database, tenant: Tenant, master_key: str, receiver: Receiver, tmp_path: Path
) -> None:
    async with collecting() as collector:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
            "POSTGATE_DATABASE_URL": database.app_url,
            "POSTGATE_HOOK_DATABASE_URL": database.hook_url,
            "POSTGATE_RELAY_DATABASE_URL": database.relay_url,
            "POSTGATE_MASTER_KEY": master_key,
            "POSTGATE_PUBLIC_URL": "http://gateway.test",
            "POSTGATE_ALLOW_PRIVATE": "127.0.0.0/8",
            "POSTGATE_FILES_DIR": str(tmp_path / "files"),
            "POSTGATE_LOG_LEVEL": "debug",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        serve = await run(
            environment | {"OTEL_SERVICE_NAME": "gate-serve", "POSTGATE_ROLES": "none"}, "serve", "--port", "0"
        )
        work = await run(environment | {"OTEL_SERVICE_NAME": "gate-work"}, "work")
        try:
            serving = await serve.line("serving")
            await work.line("working")
            async with ClientSession(serving["url"]) as client:
                secrets = await journey(client, tenant, receiver, collector)
        finally:
            await serve.stop()
            await work.stop()
    assert_lines(serve, work)
    written = "\n".join([*serve.raw, *work.raw, *(str(span) for _, span in collector.spans)])
    given_away = [secret for secret in [*secrets, *environment_secrets(environment)] if secret in written]
    assert given_away == []


async def journey(client: ClientSession, tenant: Tenant, receiver: Receiver, collector: Collector) -> list[str]:
    """Have a message come in, read, delivered; try a wrong password; returns what nobody may read of it in logs."""
    login = {"type": "basic", "username": "lamp", "password": RECEIVER_PASSWORD}
    endpoint = await Integrator(client, tenant).register(receiver, event_types=["message.*"], auth=login)
    reader = Reader(await client.ws_connect("/api/v1/stream", headers=tenant.auth))
    await reader.resume()
    post = whatsapp(tenant.integration("whatsapp_cloud"), [text(unique(), TEXT)])
    assert await post.send(client) == 200
    message = await created(reader)
    assert await post.with_body(post.body + b" ").send(client) == 401
    async with client.post("/api/v1/login", json={"email": tenant.ready["email"], "password": "x" + TEXT}) as answer:
        assert answer.status == 401
    async with client.post("/api/v1/login", json={key: tenant.ready[key] for key in ("email", "password")}) as answer:
        cookie = answer.cookies["postgate_session"].value
    await receiver.wait_for_count(1)
    await collector.wait_for(message.bytes, {"webhook", "verify", "parse", "store", "frame", "deliver"}, 120)
    found = collector.of(message.bytes)
    assert {name: service for name, (service, _) in found.items() if name in {"webhook", "frame", "deliver"}} == {
        "webhook": "gate-serve", "frame": "gate-serve", "deliver": "gate-work",
    }  # fmt: skip
    root = found["webhook"][1]
    assert not root.parent_span_id
    assert found["deliver"][1].parent_span_id == found["frame"][1].parent_span_id == root.span_id
    sent = receiver.receipts[0].headers["traceparent"]
    assert sent == f"00-{message.hex}-{found['deliver'][1].span_id.hex()}-01"
    credentials = [one for connection in tenant.ready["integrations"] for one in connection["credentials"].values()]
    return [
        TEXT, RECEIVER_PASSWORD, cookie, endpoint["secret"], tenant.ready["api_key"],
        tenant.ready["password"], tenant.ready["email"], "12025550142", post.headers["X-Hub-Signature-256"][7:],
        *(one for one in credentials if isinstance(one, str) and len(one) > 7),
    ]  # fmt: skip


def environment_secrets(environment: dict[str, str]) -> list[str]:
    """Return what processes were told and must keep to themselves."""
    urls = [environment[f"POSTGATE_{role}DATABASE_URL"] for role in ("", "HOOK_", "RELAY_")]
    return [environment["POSTGATE_MASTER_KEY"], *(url.partition("//")[2].partition("@")[0] for url in urls)]


def assert_lines(serve: Program, work: Program) -> None:
    """Look for a wide line of everything that happened."""
    taken, refused = (line for line in serve.lines if line["event"] == "webhook")
    assert (taken["verdict"], taken["stored"], taken["provider"], taken["group"]) == ("taken", 1, "whatsapp_cloud", 1)
    assert {"ms", "read_ms", "verify_ms", "parse_ms", "store_ms", "bytes", "tenant", "connection"} <= taken.keys()
    assert (refused["verdict"], refused["status"], refused["stored"]) == ("refused", 401, 0)
    assert refused["request_id"]
    [attempt] = [line for line in work.lines if line["event"] == "delivery.attempt"]
    assert (attempt["outcome"], attempt["attempt"], attempt["status"]) == ("success", 1, 204)
    [closed] = [line for line in serve.lines if line["event"] == "session.closed"]
    assert (closed["resumes"], closed["frames"] >= 3, closed["bytes"] > 1000) == (1, True, True)
    assert {line["event"] for line in serve.lines} >= {"request", "session.opened", "stopping"}
