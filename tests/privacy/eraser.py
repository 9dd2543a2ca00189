"""A worker of erasures that says each part that it begins: somebody may kill it there."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from gateway.files.disk import DiskStorage
from gateway.files.keeping import Files
from gateway.keys import Keyring
from gateway.model.ids import new_id as id_of_moment
from gateway.store.data_requests import Running
from gateway.store.pool import TenantTx, open_pool
from gateway.subjects.erasing import Eraser, Part
from gateway.subjects.exporting import Exporter
from gateway.subjects.worker import Subjects
from tests.conftest import new_id

LIMIT = 1024 * 1024


class Telling(Eraser):
    """Says that a part begins, which it does when the one before is committed."""

    async def do(self, tx: TenantTx, running: Running, step: str) -> Part:
        sys.stdout.write("a part\n")
        sys.stdout.flush()
        return await super().do(tx, running, step)


def worker_of(
    hook: asyncpg.Pool, pool: asyncpg.Pool, master_key: str, folder: Path, *, at_once: int, kind: type[Eraser] = Eraser
) -> Subjects:
    """Make a worker on a database and a folder of files."""
    keyring = Keyring(master_key)
    files = Files(DiskStorage(folder / "files"), pool, keyring, _now, id_of_moment, LIMIT)
    return Subjects(hook, pool, kind(files, keyring, at_once), Exporter(pool, files, keyring, _now), new_id)


def _now() -> datetime:
    return datetime.now(UTC)


async def main(app_url: str, hook_url: str, master_key: str, folder: str) -> None:
    """Do what is asked for."""
    hook, pool = await open_pool(hook_url, 1), await open_pool(app_url, 2)
    await worker_of(hook, pool, master_key, Path(folder), at_once=1, kind=Telling).work()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
