"""The embedded server over its whole life, crashes of either side included."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.embedded import AlreadyRunning, EmbeddedPostgres, ServerFailed, Superuser
from gateway.embedded.account import Account
from gateway.embedded.binaries import installed, programs
from gateway.embedded.folders import Folders
from gateway.embedded.pidfile import command_line
from tests.embedded.conftest import Make, needs_root

DAEMON, NOBODY, NAMELESS = 1, 65534, 54321  # user ids
START_AND_HANG = """
import sys
from pathlib import Path
from gateway.embedded import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]), fast=True)
superuser = postgres.start_blocking()
postgres.announce("http://127.0.0.1:8080")
print(superuser.port, flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def connection(url: str) -> AsyncIterator[Any]:
    """A connection that is closed afterwards."""
    opened = await asyncpg.connect(url, timeout=10)
    try:
        yield opened
    finally:
        await opened.close()


async def remember(superuser: Superuser, word: str) -> None:
    """Store a word."""
    async with connection(superuser.url()) as db:
        await db.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        await db.execute("INSERT INTO words VALUES ($1)", word)


async def recall(superuser: Superuser) -> list[str]:
    """Read all words."""
    async with connection(superuser.url()) as db:
        return [row["word"] for row in await db.fetch("SELECT word FROM words")]


def postmaster_pid(data_dir: Path) -> int:
    """The server's process id, from its pid file."""
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def holder(data_dir: Path) -> subprocess.Popen[str]:
    """Another process that runs the server of the folder."""
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", START_AND_HANG, str(data_dir)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def started(process: subprocess.Popen[str]) -> int:
    """Wait for the other process to say its port."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def killed(process: subprocess.Popen[str]) -> None:
    """Kill the other process the hard way."""
    process.kill()
    process.communicate(timeout=10)


async def test_a_second_start_keeps_data_password_and_port(make_postgres: Make, open_folder: Path) -> None:
    first = make_postgres(open_folder / "new" / "data")
    before = await first.start()
    await remember(before, "kept")
    await first.stop()
    after = await make_postgres(open_folder / "new" / "data").start()
    assert await recall(after) == ["kept"]
    assert (after.password, after.port) == (before.password, before.port)


async def test_the_unix_socket_answers_too(make_postgres: Make, open_folder: Path) -> None:
    superuser = await make_postgres(open_folder).start()
    async with connection(superuser.socket_url()) as db:
        assert await db.fetchval("SELECT inet_server_addr()") is None


@pytest.mark.parametrize("where", ["url", "socket_url"])
async def test_nobody_enters_without_the_password(make_postgres: Make, open_folder: Path, where: str) -> None:
    superuser = await make_postgres(open_folder).start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(getattr(superuser, where)(user="postgres", password="wrong"), timeout=10)


async def test_text_beyond_ascii_is_understood(make_postgres: Make, open_folder: Path) -> None:
    superuser = await make_postgres(open_folder).start()
    async with connection(superuser.url()) as db:
        assert await db.fetchval("SELECT lower('ÄŁΣ') = 'äłσ' AND 'ÉTÉ' ILIKE 'été'")


async def test_the_password_is_for_its_owner_alone(make_postgres: Make, open_folder: Path) -> None:
    superuser = await make_postgres(open_folder).start()
    assert (open_folder / "superuser.password").stat().st_mode & 0o777 == 0o600
    assert (open_folder / "postgres.log").stat().st_mode & 0o777 == 0o600
    assert superuser.password not in repr(superuser)
    assert superuser.password not in command_line(postmaster_pid(open_folder))


async def test_a_server_left_by_a_killed_parent_is_taken_over(make_postgres: Make, open_folder: Path) -> None:
    parent = holder(open_folder)
    port = started(parent)
    server = postmaster_pid(open_folder)
    killed(parent)
    postgres = make_postgres(open_folder)
    superuser = await postgres.start()
    assert (superuser.port, postmaster_pid(open_folder)) == (port, server)
    await postgres.stop()
    assert command_line(server) == ""


async def test_a_killed_server_starts_again_with_its_data(make_postgres: Make, open_folder: Path) -> None:
    postgres = make_postgres(open_folder, fast=False)
    await remember(await postgres.start(), "committed")
    os.kill(postmaster_pid(open_folder), signal.SIGKILL)
    await postgres.stop()
    assert await recall(await make_postgres(open_folder).start()) == ["committed"]


async def test_a_killed_server_is_revived_on_its_port(make_postgres: Make, open_folder: Path) -> None:
    postgres = make_postgres(open_folder, fast=False)
    superuser = await postgres.start()
    await remember(superuser, "committed")
    keeper = asyncio.create_task(postgres.keep_running())
    os.kill(postmaster_pid(open_folder), signal.SIGKILL)
    async with asyncio.timeout(30):
        while True:
            try:
                assert await recall(superuser) == ["committed"]
                break
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)  # the pause between two looks at whether it is back
    keeper.cancel()


async def test_a_pid_file_that_names_a_stranger_does_no_harm(make_postgres: Make, open_folder: Path) -> None:
    postgres = make_postgres(open_folder)
    await remember(await postgres.start(), "committed")
    file = open_folder / "postgres" / "postmaster.pid"
    left_over = file.read_text()
    await postgres.stop()
    stranger = subprocess.Popen(["/bin/sleep", "60"])
    file.write_text(left_over.replace(left_over.splitlines()[0], str(stranger.pid), 1))
    assert await recall(await make_postgres(open_folder).start()) == ["committed"]
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


async def test_a_half_made_cluster_is_made_anew(make_postgres: Make, open_folder: Path) -> None:
    (open_folder / "postgres.unfinished").mkdir()
    (open_folder / "postgres.unfinished" / "PG_VERSION").write_text("18")
    await remember(await make_postgres(open_folder).start(), "works")


async def test_the_second_of_two_starters_is_told_where_the_first_is(make_postgres: Make, open_folder: Path) -> None:
    first = make_postgres(open_folder)
    await first.start()
    first.announce("http://127.0.0.1:8080")
    with pytest.raises(AlreadyRunning, match=r"already running on http://127\.0\.0\.1:8080") as refused:
        await make_postgres(open_folder).start()
    assert refused.value.process == os.getpid()


def test_of_two_processes_at_once_one_wins(make_postgres: Make, open_folder: Path) -> None:
    parent = holder(open_folder)
    started(parent)
    with pytest.raises(AlreadyRunning, match=f"process {parent.pid}"):
        make_postgres(open_folder).start_blocking()
    killed(parent)
    make_postgres(open_folder).start_blocking()


@pytest.mark.parametrize("name", ["with space", "Grüße-你好", "a,b'c\"d%41&e", "-leading"])
async def test_an_odd_path_works(make_postgres: Make, open_folder: Path, name: str) -> None:
    superuser = await make_postgres(open_folder / name).start()
    async with connection(superuser.url()) as tcp, connection(superuser.socket_url()) as unix:
        assert await tcp.fetchval("SELECT 1") == await unix.fetchval("SELECT 1")


async def test_a_path_too_long_for_a_socket_works(make_postgres: Make, open_folder: Path) -> None:
    deep = open_folder / ("d" * 60) / ("e" * 60)
    superuser = await make_postgres(deep).start()
    async with connection(superuser.socket_url()) as db:
        assert await db.fetchval("SELECT 1") == 1
    assert len(superuser.socket_dir) < 60


async def test_a_busy_port_is_not_fought_for(make_postgres: Make, open_folder: Path) -> None:
    other = make_postgres(open_folder / "one")
    taken = await other.start()
    (open_folder / "two").mkdir()
    (open_folder / "two" / "postgres.port").write_text(str(taken.port))
    assert (await make_postgres(open_folder / "two").start()).port != taken.port


async def test_a_failed_start_says_why_and_frees_the_folder(make_postgres: Make, open_folder: Path) -> None:
    postgres = EmbeddedPostgres(open_folder, fast=True, settings={"shared_buffers": "none"})
    with pytest.raises(ServerFailed, match="invalid value for parameter"):
        await postgres.start()
    await make_postgres(open_folder).start()


def test_removing_leaves_nothing(open_folder: Path) -> None:
    postgres = EmbeddedPostgres(open_folder / "data", fast=True, clusters=open_folder / "moved" / "clusters")
    (open_folder / "data").mkdir(mode=0o700)
    postgres.start_blocking()
    postgres.remove_blocking()
    assert list(open_folder.rglob("PG_VERSION")) == []
    assert not (open_folder / "data").exists()


@needs_root
async def test_roots_closed_folder_works_and_keeps_its_data(make_postgres: Make, open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    first = make_postgres(closed / "data")
    await remember(await first.start(), "kept")
    await first.stop()
    assert await recall(await make_postgres(closed / "data").start()) == ["kept"]
    assert not (closed / "data" / "postgres").exists()


@needs_root
async def test_root_becomes_the_folders_owner(make_postgres: Make, open_folder: Path) -> None:
    data_dir = open_folder / "owned"
    data_dir.mkdir()
    os.chown(data_dir, DAEMON, DAEMON)
    await make_postgres(data_dir).start()
    assert (data_dir / "postgres").stat().st_uid == DAEMON
    assert Path(f"/proc/{postmaster_pid(data_dir)}").stat().st_uid == DAEMON


@needs_root
async def test_an_owner_without_a_name_is_passed_over(make_postgres: Make, open_folder: Path) -> None:
    os.chown(open_folder, NAMELESS, NAMELESS)
    await make_postgres(open_folder).start()
    assert (open_folder / "postgres").stat().st_uid != NAMELESS


@needs_root
def test_programs_under_a_closed_folder_are_copied_once(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = Folders(open_folder, Account(NOBODY, NOBODY))
    monkeypatch.setattr(Account, "may_enter", lambda *_: False)
    copy = programs(folders)
    assert copy.is_relative_to(open_folder)
    version = subprocess.run([copy / "postgres", "--version"], user=NOBODY, capture_output=True, check=True, text=True)
    assert "PostgreSQL" in version.stdout
    subprocess.run([copy / "psql", "--version"], user=NOBODY, capture_output=True, check=True)
    inode = copy.stat().st_ino
    assert programs(folders).stat().st_ino == inode


@needs_root
def test_a_user_who_is_not_root_runs_it_as_itself(open_folder: Path) -> None:
    if not Account(NOBODY, NOBODY).may_enter(installed()):
        pytest.skip("LOUD: the virtual environment is closed to other users")
    os.chown(open_folder, NOBODY, NOBODY)
    child = os.fork()
    if child == 0:
        os._exit(run_as_nobody(open_folder / "data"))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (open_folder / "data" / "postgres").stat().st_uid == NOBODY
    assert (open_folder / "data").stat().st_mode & 0o777 == 0o700


def run_as_nobody(data_dir: Path) -> int:
    """Start and stop the server in this forked process, as another user."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    postgres = EmbeddedPostgres(data_dir, fast=True)
    postgres.start_blocking()
    postgres.stop_blocking()
    return 0
