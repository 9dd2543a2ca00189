"""Erasures that are held where others meet them, and done by a worker of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from gateway.files.disk import DiskStorage
from gateway.files.keeping import Files
from gateway.model.ids import new_id as id_of_moment
from gateway.model.ids import parse, public
from gateway.parts import now
from gateway.store import data_requests, erasing
from gateway.store.pool import open_pool, tenant_tx
from gateway.subjects.erasing import Eraser
from gateway.subjects.exporting import Exporter
from gateway.subjects.worker import Subjects
from tests.conftest import new_id
from tests.ingest.reading import until
from tests.privacy.customer import Town
from tests.privacy.eraser import LIMIT

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def app_pool(town: Town) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the role ``app``."""
    pool = await open_pool(town.database.app_url, 3)
    yield pool
    await pool.close()


async def waiters(town: Town, many: int) -> None:
    """Wait until so many transactions wait for a lock."""
    await until(lambda: town.database.value(WAITING), lambda found: found == many)


@asynccontextmanager
async def about_to_begin(town: Town, pool: asyncpg.Pool, customer: str) -> AsyncIterator[UUID]:
    """Hold an erasure between its beginning and its commit; whoever comes meanwhile waits."""
    request, person = new_id(), parse("cus", customer)
    async with tenant_tx(pool, town.tenant.id) as tx:
        await erasing.hold_imports(tx)
        people = [one.id for one in await erasing.lock(tx, person)]
        await data_requests.cancel_exports(tx, people)
        await data_requests.add(tx, request, "erasure", person, None)
        await erasing.begin(tx, request, people)
        yield request


async def status_of(town: Town, method: str, path: str, body: Any) -> int:
    """Ask the API, whatever it answers."""
    async with town.client.request(method, f"/api/v1/{path}", headers=town.tenant.auth, json=body) as answer:
        await answer.read()
        return answer.status


async def work(town: Town, pool: asyncpg.Pool, kind: type[Eraser] = Eraser) -> str:
    """Do what is asked for, as far as it can be done; returns the state of what was asked for last."""
    hook = await open_pool(town.database.hook_url, 1)
    files = Files(DiskStorage(town.files), pool, town.keyring, now, id_of_moment, LIMIT)
    subjects = Subjects(hook, pool, kind(files, town.keyring), Exporter(pool, files, town.keyring, now), new_id)
    await subjects.work()
    await hook.close()
    state: str = await town.database.value("SELECT state FROM data_requests ORDER BY created_at DESC LIMIT 1")
    return state


async def erased(town: Town, pool: asyncpg.Pool, request: UUID, kind: type[Eraser] = Eraser) -> dict[str, Any]:
    """Do an erasure to its end, and search."""
    await work(town, pool, kind)
    done = await town.done(public("dsr", request))
    assert (done["state"], done["error"]) == ("done", None)
    assert await town.tables_that_tell() == set()
    return done
