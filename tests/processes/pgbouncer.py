"""A PgBouncer that pools transactions, in front of the tests' Postgres."""

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.databases import PASSWORDS

MISSING = "no PgBouncer: scripts/pgbouncer.sh installs it"
CONFIG = """
[databases]
* = host={host} port={postgres}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
server_reset_query =
"""


def find() -> str | None:
    """Return the path of a PgBouncer; Debian puts it where only root looks."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@asynccontextmanager
async def pgbouncer(path: str, url: str) -> AsyncIterator[int]:
    """Run one; yields its port.

    Args:
        path: of the program.
        url: of the Postgres behind it.
    """
    postgres = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        config = CONFIG.format(host=postgres.hostname, postgres=postgres.port, port=port, folder=folder)
        (folder / "config.ini").write_text(config)
        (folder / "users.txt").write_text("".join(f'"{role}" "{word}"\n' for role, word in PASSWORDS.items()))
        user = ["-u", "nobody"] if os.getuid() == 0 else []  # it refuses to be root
        process = await asyncio.create_subprocess_exec(path, "-q", *user, str(folder / "config.ini"))
        try:
            async with asyncio.timeout(20):
                while not await _listens(port):
                    await asyncio.sleep(0.02)  # between two looks
            yield port
        finally:
            process.kill()
            await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
