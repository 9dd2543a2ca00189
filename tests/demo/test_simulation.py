"""Sample messages: signed as their providers sign, never the same, told of in a report."""

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.demo.connections import connections_of
from gateway.demo.plan import planned
from gateway.demo.runner import Report, post_all
from gateway.demo.samples import MAKERS, Sample
from gateway.running import run_gateway
from gateway.settings import Settings
from tests.conftest import Tenant
from tests.ingest.reading import get, messages, until

COUNT = 60


def samples(ready: dict[str, Any], count: int = COUNT, **options: Any) -> list[Sample]:
    """Plan a run whose chance is always the same."""
    connections = connections_of(ready, set(MAKERS))
    return planned(connections, count, options.pop("duplicates", 0.0), random.Random(1), now, **options)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


async def test_all_samples_are_accepted_and_nobody_writes_the_same_twice(client: ClientSession, tenant: Tenant) -> None:
    report = Report()
    facts = {**tenant.ready, "base_url": str(client._base_url)}  # where this machine reaches the gateway
    await post_all(samples(facts, duplicates=0.2, shuffle=True), 0, report)
    assert (report.refused, report.accepted >= COUNT) == ({}, True)
    stored = await until(lambda: messages(client, tenant), lambda found: len(found) >= COUNT)
    assert Counter(message["channel"] for message in stored).keys() == {"whatsapp", "sms", "email"} | (
        {"mms"} & {message["channel"] for message in stored}
    )
    assert len(stored) == COUNT
    told = defaultdict(list)
    for message in stored:
        if message["kind"] not in {"voice", "location"}:
            told[message["conversation_id"]].append((message["kind"], message["text"]))
    for texts in told.values():
        assert max(Counter(texts).values()) == 1


async def test_what_is_signed_is_the_public_address(tenant: Tenant) -> None:
    facts = {**tenant.ready, "base_url": "http://127.0.0.1:9"}
    [sms, *_] = [sample for sample in samples(facts) if sample.provider == "twilio"]
    assert sms.url.startswith("http://127.0.0.1:9/hooks/int_")
    elsewhere = samples({**facts, "base_url": "http://127.0.0.1:10"})
    [other, *_] = [sample for sample in elsewhere if sample.provider == "twilio"]
    assert other.headers == sms.headers


async def test_the_page_of_the_demo_tenant_can_ask_for_samples(
    settings: Settings, tenant: Tenant, tmp_path: Path
) -> None:
    ready_file = tmp_path / "ready.json"
    async with (
        run_gateway(settings.model_copy(update={"demo_file": ready_file})) as gateway,
        ClientSession(gateway.url) as client,
    ):
        async with client.post("/api/v1/simulations", json={"count": 3}, headers=tenant.auth) as answer:
            assert answer.status == 404, await answer.text()
        ready_file.write_bytes(orjson.dumps({**tenant.ready, "base_url": gateway.url}))
        async with client.post("/api/v1/simulations", json={"count": 3, "rate": 50}, headers=tenant.auth) as answer:
            assert answer.status == 202, await answer.text()
        await until(lambda: messages(client, tenant), lambda found: len(found) == 3)
        assert len((await get(client, tenant, "/api/v1/conversations"))["data"]) == 3


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_gateway_that_is_not_there_is_named(tmp_path: Path, options: list[str]) -> None:
    integration = {
        "provider": "whatsapp_cloud",
        "hook_url": "http://127.0.0.1:9/hooks/int_1",
        "credentials": {"app_secret": "s"},
        "channels": [{"address": "1"}],
    }
    ready = tmp_path / "ready.json"
    ready.write_bytes(orjson.dumps({"base_url": "http://127.0.0.1:9", "integrations": [integration]}))
    ended = CliRunner().invoke(app, ["simulate", "--count", "2", "--rate", "0", "--ready-file", str(ready), *options])
    assert ended.exit_code == 1
    assert "http://127.0.0.1:9" in ended.stderr
    assert str(ready) in ended.stderr.replace("\n", "")
    if options:
        assert orjson.loads(ended.stdout)["accepted"] == 0


def test_a_ready_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["simulate", "--data-dir", str(tmp_path)])
    assert ended.exit_code == 2
    assert "ready.json" in ended.stderr
