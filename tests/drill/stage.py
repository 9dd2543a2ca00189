"""The installation that a drill is held in: Postgres, Valkey, gateways, workers and a provider simulator."""

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson

from gateway.cli.instance import DATABASE, ROLES
from gateway.embedded import Superuser
from gateway.embedded.server import free_port
from gateway.keys import new_master_key
from gateway.migrate import migrate
from tests.drill.companies import PUBLIC_URL, Company, found
from tests.drill.postgres import Postgres
from tests.drill.programs import Program
from tests.valkey import Valkey

HOST = "127.0.0.1"
#: Statuses come soon, but not all at once.
PACE = "0.3"
SIMULATOR_SECONDS = 60.0
#: What each process does beside serving, behind the scenes; so that all is done by two at least.
WORK = {
    "gateway-1": "none",
    "gateway-2": "sending,delivery,media,detection,housekeeping",
    "worker-1": "sending,delivery",
    "worker-2": "delivery,media,detection,housekeeping",
}
#: How the providers tell what became of answers: some too often, the last word first, or before they have answered.
BEHAVIOURS: Mapping[str, Mapping[str, Any]] = {
    "whatsapp_cloud": {"repeat": 2, "reorder": True},
    "twilio": {"early": True},
    "sendgrid": {"repeat": 3},
    "postmark": {"reorder": True},
}


@dataclass(frozen=True)
class Stage:
    """Everything that runs.

    Attributes:
        postgres: the database.
        valkey: what the processes share beside it.
        gateways: those that serve.
        workers: those that only work.
        simulator_url: the providers.
        companies: the tenants, the one without traffic last.
        admin_url: the database, as its superuser.
        master_key: of the gateways.
    """

    postgres: Postgres
    valkey: Valkey
    gateways: Sequence[Program]
    workers: Sequence[Program]
    simulator_url: str
    companies: Sequence[Company]
    admin_url: str
    master_key: str

    @property
    def programs(self) -> Sequence[Program]:
        """All processes of the gateway."""
        return [*self.gateways, *self.workers]

    @property
    def gateway_urls(self) -> list[str]:
        """Where the gateways are."""
        return [one.url for one in self.gateways]


@asynccontextmanager
async def staged(folder: Path, workers: int) -> AsyncIterator[Stage]:
    """Start everything, and wait until it works; leaving ends all of it.

    Args:
        folder: for everything; logs stay in ``logs`` there.
        workers: of the first gateway, which share its port; 0: it serves by itself.
    """
    logs = folder / "logs"
    logs.mkdir(parents=True)
    folder.chmod(0o755)  # Postgres' own user has to get through
    ports = {name: free_port(folder / f"{name}.port") for name in (*WORK, "simulator")}
    urls = {name: f"http://{HOST}:{port}" for name, port in ports.items()}
    async with AsyncExitStack() as stack:
        postgres = Postgres(folder / "data")
        await postgres.start()
        stack.push_async_callback(_removed, postgres, logs)
        (folder / "valkey").mkdir()
        valkey = Valkey(folder / "valkey")
        await valkey.start()
        stack.push_async_callback(_silenced, valkey)
        master_key = new_master_key()
        database = await _database(postgres)
        companies = await found(
            database["admin"], database["postgate_app"], master_key, urls["gateway-1"], urls["simulator"]
        )
        await _simulator(stack, folder, ports["simulator"], companies, logs)
        environment = _environment(database, master_key, valkey, folder)
        programs = [
            Program(name, _arguments(name, ports[name], workers), environment, urls[name], logs) for name in WORK
        ]
        for program in programs:
            stack.push_async_callback(_ended, program)
            await program.start()
        await asyncio.gather(*(program.ready() for program in programs))
        yield Stage(
            postgres, valkey, programs[:2], programs[2:], urls["simulator"], companies, database["admin"], master_key
        )


def _arguments(name: str, port: int, workers: int) -> list[str]:
    verb = "serve" if name.startswith("gateway") else "work"
    several = ["--workers", str(workers)] if name == "gateway-1" and workers else []
    return [verb, "--host", HOST, "--port", str(port), "--roles", WORK[name], *several]


def _environment(database: Mapping[str, str], master_key: str, valkey: Valkey, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "POSTGATE_DATABASE_URL": database["postgate_app"],
        "POSTGATE_HOOK_DATABASE_URL": database["postgate_hook"],
        "POSTGATE_RELAY_DATABASE_URL": database["postgate_relay"],
        "POSTGATE_MASTER_KEY": master_key,
        "POSTGATE_REDIS_URL": valkey.url,
        "POSTGATE_PUBLIC_URL": PUBLIC_URL,
        "POSTGATE_ALLOW_PRIVATE": "127.0.0.0/8",
        "POSTGATE_FILES_DIR": str(folder / "files"),
        "POSTGATE_POOL_SIZE": "4",
        "POSTGATE_LOG_LEVEL": "info",
    }


async def _database(postgres: Postgres) -> dict[str, str]:
    """Make the database; returns its URL for each role."""
    superuser = postgres.superuser
    assert isinstance(superuser, Superuser)
    connection = await asyncpg.connect(superuser.url())
    try:
        await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()
    passwords = {role: secrets.token_urlsafe(12) for role in ROLES}
    await migrate(superuser.url(DATABASE), passwords)
    return {"admin": superuser.url(DATABASE)} | {
        role: superuser.url(DATABASE, role, password) for role, password in passwords.items()
    }


async def _simulator(stack: AsyncExitStack, folder: Path, port: int, companies: Sequence[Company], logs: Path) -> None:
    """Start the provider simulator for the accounts of all tenants; nobody harms it."""
    known = {
        "base_url": companies[0].ready["base_url"],
        "integrations": [one for company in companies for one in company.ready["integrations"]],
    }
    ready = folder / "simulator.json"
    ready.write_bytes(orjson.dumps(known))
    with (logs / "simulator.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway.cli.main", "simulator",
            "--ready-file", str(ready), "--port", str(port), "--pace", PACE,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log, start_new_session=True,
        )  # fmt: skip
    stack.push_async_callback(_killed, process)
    assert process.stdout is not None
    async with asyncio.timeout(SIMULATOR_SECONDS):
        if not await process.stdout.readline():  # it says where it serves
            raise RuntimeError(f"the simulator ended before it served: see {logs / 'simulator.log'}")
    await _told(f"http://{HOST}:{port}/simulator/behaviour")


async def _told(url: str) -> None:
    """Tell the providers how to behave."""
    async with aiohttp.ClientSession() as session:
        for provider, behaviour in BEHAVIOURS.items():
            order = {"provider": provider, "behaviour": {"replies": False, **behaviour}}
            async with session.post(url, json=order) as answer:
                answer.raise_for_status()


async def _killed(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


async def _ended(program: Program) -> None:
    await program.resume()
    await program.kill()


async def _silenced(valkey: Valkey) -> None:
    await valkey.resume()
    await valkey.stop()


async def _removed(postgres: Postgres, logs: Path) -> None:
    log = postgres.log
    if log.is_file():
        shutil.copy(log, logs / "postgres.log")
    await postgres.remove()
