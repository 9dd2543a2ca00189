"""``postgate listen``: a developer's machine gets each event once and in order, whatever happens to the gateway."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.listening.following import Follower, Heard, Refused
from gateway.listening.forwarding import Forwarder
from gateway.running import Running, run_gateway
from gateway.settings import Settings
from tests.conftest import Database, Tenant
from tests.listening.receiver import Program, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLKSw"  # of the specification's example


async def write(url: str, tenant: Tenant, *names: str) -> None:
    async with ClientSession(url, headers=tenant.auth) as client:
        for name in names:
            async with client.post("/api/v1/labels", json={"name": name, "color": "blue"}) as answer:
                assert answer.status == 201, await answer.text()


async def page(url: str, tenant: Tenant) -> list[dict[str, Any]]:
    async with ClientSession(url, headers=tenant.auth) as client, client.get("/api/v1/events?after=0") as answer:
        events: list[dict[str, Any]] = (await answer.json())["data"]
        return events


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.01)


def refusing(seq: int, attempt: int) -> int:
    """Refuse the second event once, and the third for good."""
    return 500 if (seq == 2 and attempt == 1) or seq == 3 else 204


async def test_each_event_arrives_in_order_through_a_restart(settings: Settings, tenant: Tenant) -> None:
    program = Program(SECRET, refusing)
    shown: list[str] = []
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as free:
        settings = settings.model_copy(update={"port": free.getsockname()[1]})
    async with serving(program) as forward_to, ClientSession() as http:
        async with run_gateway(settings) as gateway:
            await write(gateway.url, tenant, "one")
            follower = Follower(http, gateway.url, tenant.ready["api_key"], 0, told.append, lambda: 0.0)
            forwarder = Forwarder(http, forward_to, SECRET, lambda: datetime.now(UTC), shown.append, (0.0, 0.0))
            listening = asyncio.create_task(forward(follower, forwarder))
            await write(gateway.url, tenant, "two", "three", "four")
            await until(lambda: follower.seq == 4)
        async with run_gateway(settings) as gateway:
            await write(gateway.url, tenant, "five", "six")
            await until(lambda: follower.seq == 6)
            events = await page(gateway.url, tenant)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    tried = [(int(one["postgate-seq"]), int(one["postgate-attempt"])) for one in program.got]
    assert tried == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3), (4, 1), (5, 1), (6, 1)]
    first = {int(one["postgate-seq"]): one.get("postgate-previous-seq") for one in program.got}
    assert first == {1: None, 2: "1", 3: "2", 4: "3", 5: "4", 6: "5"}
    assert [json.loads(body) for body in dict.fromkeys(program.bodies)] == events
    assert [one["webhook-id"] for one in program.got if one["postgate-attempt"] == "1"] == [e["id"] for e in events]
    assert [line.split()[:3] for line in shown] == [
        ["label.updated", str(seq), str(refusing(seq, attempt))] for seq, attempt in tried
    ]
    assert "connected again" in told


async def forward(follower: Follower, forwarder: Forwarder) -> None:
    async for heard in follower.events():
        await forwarder.forward(heard)


async def test_a_program_that_is_away_does_not_stop_the_stream() -> None:
    shown: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/hooks"
    async with ClientSession() as http:
        forwarder = Forwarder(http, url, SECRET, lambda: datetime.now(UTC), shown.append, (0.0,))
        for seq in (1, 2):
            await forwarder.forward(Heard(seq, f"evt_{seq}", "label.updated", b"{}"))
    assert [line.split()[1] for line in shown] == ["1", "1", "2", "2"]
    assert all("connect" in line.lower() for line in shown)


MANY = """
WITH head AS (UPDATE tenant_heads SET last_seq = 10050 WHERE tenant_id = $1)
INSERT INTO events (tenant_id, seq, id, type, data) SELECT $1, n, gen_random_uuid(), 'label.updated', '{"n": 1}'
FROM generate_series(1, 10050) n
"""


async def test_a_machine_that_slept_for_long_reads_the_log_first(
    settings: Settings, tenant: Tenant, database: Database
) -> None:
    await database.fetch(MANY, tenant.id)  # more than a connection begins with
    async with run_gateway(settings) as gateway, ClientSession() as http:
        follower = Follower(http, gateway.url, tenant.ready["api_key"], 0, lambda _: None, lambda: 0.0)
        seqs: list[int] = []
        async for heard in follower.events():
            seqs.append(heard.seq)
            if heard.seq == 10050:
                break
    assert seqs == list(range(1, 10051))


async def first(follower: Follower) -> Heard:
    return await anext(follower.events())


async def test_what_cannot_be_followed_is_told(gateway: Running, tenant: Tenant) -> None:
    told: list[str] = []
    async with ClientSession() as http:
        follower = Follower(http, gateway.url, tenant.ready["api_key"], 99, told.append, lambda: 0.0)
        heard = asyncio.create_task(first(follower))
        await until(lambda: bool(told))
        await write(gateway.url, tenant, "one")
        async with asyncio.timeout(20):
            assert (await heard).type == "label.updated"
        assert told == ["99 is not in the log any more, or not yet: events are left out"]
        for url, words in ((gateway.url, "API key"), (f"{gateway.url}/elsewhere", "no Postgate")):
            follower = Follower(http, url, "pgk_unknown", None, lambda _: None, lambda: 0.0)
            with pytest.raises(Refused, match=words):
                await anext(follower.events())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "ftp://gateway.test"], "--url"),
        (["--forward-to", "localhost:3000"], "--forward-to"),
        (["--types", "message.created,nothing.at.all"], "--types"),
        (["--forward-to", "http://localhost:3000", "--secret", "whsec_!"], "--secret"),
        (["--forward-to", "http://localhost:3000", "--secret", f"whpk_{'A' * 43}="], "--secret"),
        (["--after", "-1"], "--after"),
    ],
)
def test_a_wrong_option_is_named(arguments: list[str], words: str) -> None:
    ended = CliRunner().invoke(app, ["listen", *arguments], env={"POSTGATE_API_KEY": "pgk_x"})
    assert ended.exit_code == 2
    assert words in ended.output


async def test_the_command_prints_events_until_it_is_stopped(gateway: Running, tenant: Tenant) -> None:
    await write(gateway.url, tenant, "one", "two")
    command = [sys.executable, "-m", "gateway.cli.main", "listen", "--url", gateway.url, "--after", "0"]
    environment = {**os.environ, "POSTGATE_API_KEY": tenant.ready["api_key"]}
    process = await asyncio.create_subprocess_exec(
        *command, "--types", "team.*,label.updated", env=environment, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        lines = [json.loads(await process.stdout.readline()) for _ in range(2)]
        assert lines == await page(gateway.url, tenant)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"stopped; go on with --after 2\n")
