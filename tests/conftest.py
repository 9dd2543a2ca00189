"""Fixtures that most tests need: a real Postgres, a database per test, tenants, and a gateway on a real socket."""

import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings

from gateway import chores, passwords
from gateway.demo import tenant as demo_tenant
from gateway.embedded import EmbeddedPostgres, Superuser
from gateway.keys import Keyring, new_master_key
from gateway.model.ids import new_id as id_of_moment
from gateway.model.log import Entry
from gateway.running import Running, event_loop, run_gateway
from gateway.settings import Settings
from tests import leaks
from tests.databases import PASSWORDS, Databases
from tests.described import ALL_ENTRIES, log_faults

# How long an example takes says more about the machine's other work than about the code.
hypothesis_settings.register_profile("postgate", deadline=None)
hypothesis_settings.load_profile("postgate")

# A gateway within a test begins with no chores: a slow test would meet them, and a quick one would not.
chores.FIRST_SECONDS = 3600.0

HERE = Path(__file__).parent
# Folders and files of tests that take up to a minute each: they kill processes and wait for what becomes of it.
LONGEST = {"drill", "faults", "processes", "test_kills.py", "test_matrix.py", "test_screens.py"}

# Nobody attacks the passwords of tests: hashes that cost a thousandth will do, and are checked like any others.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def pytest_configure(config: pytest.Config) -> None:
    """Fail every test that lets a secret out."""
    config.pluginmanager.register(leaks)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect ten thousand tests without looking for garbage: they all stay, and no test need look at them either."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with those that take longest: whoever takes one last would be waited for alone."""
    items.sort(key=lambda item: LONGEST.isdisjoint(item.path.relative_to(HERE).parts))


@pytest.fixture(scope="session")
def _asyncio_loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Run all tests on the event loop that the gateway runs on: others differ where one does not expect it.

    This is what pytest-asyncio makes its loops by. The hook that is meant for it (``pytest_asyncio_loop_factories``)
    gives each test a factory of its own, and so ends after each test what is there for the whole run: the browser.
    """
    return event_loop


def new_id() -> UUID:
    """Make an id of now."""
    return id_of_moment(time.time_ns() // 1_000_000)


@dataclass(frozen=True)
class Database:
    """One migrated database, and the URL of each role."""

    name: str
    admin_url: str
    app_url: str
    hook_url: str
    relay_url: str

    async def fetch(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        """Run a query as the superuser, past row-level security."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            found: list[asyncpg.Record] = await connection.fetch(statement, *args)
            return found
        finally:
            await connection.close()

    async def value(self, statement: str, *args: Any) -> Any:
        """Return the first value of a query, as the superuser."""
        rows = await self.fetch(statement, *args)
        return rows[0][0] if rows else None

    async def script(self, statements: str) -> None:
        """Run statements without answers, as the superuser."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            await connection.execute(statements)
        finally:
            await connection.close()


@dataclass(frozen=True)
class Tenant:
    """A tenant with a connection to each provider; ``ready`` is what a ready file would say of it."""

    id: UUID
    facts: dict[str, Any]
    ready: dict[str, Any]

    @property
    def auth(self) -> dict[str, str]:
        """The header of its API key."""
        return {"Authorization": f"Bearer {self.ready['api_key']}"}

    def integration(self, provider: str) -> dict[str, Any]:
        """Return the connection to a provider: id, hook_url, credentials, channels."""
        return next(i for i in self.ready["integrations"] if i["provider"] == provider)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superuser]:
    """A Postgres of this run."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), fast=True)
    try:
        yield server.start_blocking()
    finally:
        server.remove_blocking()


@pytest.fixture(scope="session")
def databases(cluster: Superuser) -> Databases:
    """The databases of this run."""
    made = Databases(cluster)
    asyncio.run(made.prepare())
    return made


@pytest.fixture
def new_database() -> bool:
    """Whether the test counts what the database reads, so that rows that are gone would count, too."""
    return False


@pytest.fixture
async def database(cluster: Superuser, databases: Databases, new_database: bool) -> AsyncIterator[Database]:
    """A database of this test alone."""
    name = await databases.take(new=new_database)
    app, hook, relay = (cluster.url(name, role, password) for role, password in PASSWORDS.items())
    yield Database(name, cluster.url(name), app, hook, relay)
    await databases.give_back(name)


@pytest.fixture(scope="session")
def master_key() -> str:
    """The master key of this run."""
    key = new_master_key()
    leaks.know("master key", key, always=True)
    return key


@pytest.fixture
def settings(database: Database, master_key: str, tmp_path: Path) -> Settings:
    """The settings of a gateway on the test's database, on a free port."""
    return Settings.model_validate(
        {
            "database_url": database.app_url,
            "hook_database_url": database.hook_url,
            "relay_database_url": database.relay_url,
            "master_key": master_key,
            "port": 0,
            "public_url": "http://gateway.test",
            "pool_size": 4,
            "files_dir": tmp_path / "files",
        }
    )


MakeTenant = Callable[[str], Awaitable[Tenant]]


@pytest.fixture
def make_tenant(database: Database, master_key: str) -> MakeTenant:
    """Makes a tenant by its short name."""

    async def make(slug: str) -> Tenant:
        facts = dict(demo_tenant.make(new_id, slug))
        await demo_tenant.ensure(database.admin_url, Keyring(master_key), facts, new_id)
        ready = demo_tenant.ready(facts, "http://gateway.test", database.app_url)
        leaks.know_tenant(ready)
        return Tenant(UUID(facts["tenant_id"]), facts, ready)

    return make


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    """A tenant."""
    return await make_tenant("acme")


@pytest.fixture
async def gateway(settings: Settings, database: Database) -> AsyncIterator[Running]:
    """The whole gateway, in this process, on a real socket; ``gateway.url`` is where. All its events are described."""
    async with run_gateway(settings) as running:
        yield running
    assert log_faults(Entry(*row) for row in await database.fetch(ALL_ENTRIES)) == []


@pytest.fixture
async def client(gateway: Running) -> AsyncIterator[ClientSession]:
    """An HTTP client whose paths are the gateway's."""
    async with ClientSession(gateway.url) as session:
        yield session


Start = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def start_worker(database: Database, master_key: str, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts ``postgate work`` processes."""
    environment = {
        **os.environ,
        "POSTGATE_DATABASE_URL": database.app_url,
        "POSTGATE_HOOK_DATABASE_URL": database.hook_url,
        "POSTGATE_RELAY_DATABASE_URL": database.relay_url,
        "POSTGATE_MASTER_KEY": master_key,
        "POSTGATE_PUBLIC_URL": "http://gateway.test",
        "POSTGATE_ALLOW_PRIVATE": "127.0.0.0/8",
        "POSTGATE_FILES_DIR": str(tmp_path / "files"),
    }
    started: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "gateway.cli.main", "work", *arguments]
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.DEVNULL)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()
