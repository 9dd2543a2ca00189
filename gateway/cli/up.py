"""``postgate up``: everything in one process, on an embedded Postgres, with a demo tenant."""

import asyncio
import os
import secrets
import shlex
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
import typer
from rich.console import Console

from gateway.cli.configured import configured
from gateway.cli.instance import DATABASE, MASTER_KEY, PASSWORDS, ROLES, connected, keyring_of
from gateway.cli.private_file import read_private, write_private
from gateway.cli.ready import READY_FILE
from gateway.demo import tenant as demo_tenant
from gateway.demo.cast import names
from gateway.demo.templates import fetch_templates
from gateway.embedded import EmbeddedPostgres, EmbeddedPostgresError, Superuser, default_data_dir
from gateway.keys import new_master_key
from gateway.migrate import MigrationChanged, migrate
from gateway.model.ids import new_id as id_of_moment
from gateway.running import Refused, Running, event_loop, serve_until_stopped
from gateway.settings import Settings
from gateway.simulator.accounts import accounts_of
from gateway.simulator.providers import IMITATIONS
from gateway.simulator.server import LOOPBACK, Serving, serve_simulator

DATABASE_EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)"

console = Console(stderr=True)


def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8080,
    smtp: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port to take mail on, by SMTP; 0 takes a free one.")
    ] = None,
    simulator: Annotated[
        int,
        typer.Option(
            min=0, max=65535, help="The port of the simulator that the demo's messages are sent to; 0 takes a free one."
        ),
    ] = 0,
    data_dir: Annotated[Path | None, typer.Option(help="Where the data is kept; made at the first start.")] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Written as JSON once everything serves: URL, login, demo secrets.")
    ] = None,
) -> None:
    """Run everything in one process, with a database of its own and a demo tenant. Ctrl-C stops it."""
    if ready_file is not None:
        ready_file.unlink(missing_ok=True)  # whoever waits for it must not find the last run's
    folder = data_dir or default_data_dir(os.environ, Path.home(), is_root=os.getuid() == 0)
    try:
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(_up(folder, host, port, smtp, simulator, ready_file))
    except MigrationChanged as error:
        raise _not_started(f"the data in {folder} is of another version ({error}); choose another --data-dir") from None
    except (EmbeddedPostgresError, Refused) as error:
        raise _not_started(str(error)) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(130) from None


def _not_started(why: str) -> typer.Exit:
    console.print(f"not started: {why}", style="red", highlight=False, markup=False, soft_wrap=True)
    return typer.Exit(1)


async def _up(folder: Path, host: str, port: int, smtp: int | None, simulator: int, ready_file: Path | None) -> None:
    _stop_by_cancelling()
    postgres = EmbeddedPostgres(folder)
    with console.status("Starting Postgres…"):
        superuser = await postgres.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(postgres.stop)
        serving = await _simulator(stack, simulator)
        with console.status("Preparing the database…"):
            settings, demo = await _prepare(folder, superuser, host, port, smtp)
            await demo_tenant.lead_to(settings.database_url.get_secret_value(), demo, IMITATIONS, serving.url)
        aside = [asyncio.create_task(postgres.keep_running(), name="postgres watch")]
        stack.callback(lambda: [task.cancel() for task in aside])
        tell = partial(_tell, postgres, folder, demo, settings, ready_file, serving, aside)
        await serve_until_stopped(settings, tell, [(LOOPBACK, serving.port)])


async def _simulator(stack: AsyncExitStack, port: int) -> Serving:
    try:
        return await stack.enter_async_context(serve_simulator(lambda: datetime.now(UTC), port=port, names=names()))
    except OSError as error:
        raise Refused(
            f"can't listen on {LOOPBACK}:{port}: {error.strerror}; choose another with --simulator"
        ) from error


def _stop_by_cancelling() -> None:
    """Let signals that come while everything still starts end it in order, the database included."""
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel if task else lambda: None)


async def _prepare(
    folder: Path, superuser: Superuser, host: str, port: int, smtp: int | None
) -> tuple[Settings, demo_tenant.Demo]:
    (folder / ".gitignore").write_text("*\n", "utf-8")  # there are secrets in it, wherever somebody puts it
    master_key = read_private(folder / MASTER_KEY, new_master_key)
    passwords: dict[str, str] = orjson.loads(
        read_private(
            folder / PASSWORDS,
            lambda: orjson.dumps({role: secrets.token_urlsafe(24) for role in ROLES}).decode(),
        )
    )
    await _ensure_database(superuser)
    admin_url = superuser.url(DATABASE)
    await migrate(admin_url, passwords)
    demo = _demo(folder / "demo.json")
    settings = configured(
        {
            **connected(superuser, passwords, master_key, folder),
            "host": host,
            "port": port,
            **({} if smtp is None else {"smtp_port": smtp}),
            "demo_file": folder / READY_FILE,
            "log_level": os.environ.get("POSTGATE_LOG_LEVEL", "warning"),
        }
    )
    await demo_tenant.ensure(admin_url, keyring_of(settings), demo, _new_id)
    return settings, demo


async def _ensure_database(superuser: Superuser) -> None:
    connection = await asyncpg.connect(superuser.url())
    try:
        if not await connection.fetchval(DATABASE_EXISTS, DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()


def _tell(
    postgres: EmbeddedPostgres,
    folder: Path,
    demo: demo_tenant.Demo,
    settings: Settings,
    ready_file: Path | None,
    serving: Serving,
    aside: list[asyncio.Task[None]],
    running: Running,
) -> None:
    postgres.announce(running.url)
    facts = demo_tenant.ready(demo, running.url, settings.database_url.get_secret_value(), settings.public_url)
    if running.smtp_port is not None:
        facts["smtp_port"] = running.smtp_port
    facts["simulator_url"] = serving.url
    serving.simulator.know(accounts_of(facts))
    aside.append(asyncio.create_task(fetch_templates(facts), name="templates"))
    text = orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode()
    for path in {folder / READY_FILE, ready_file or folder / READY_FILE}:
        write_private(path, text)
    if not (settings.assets_dir / "index.html").is_file():
        console.print("The page is not built: `make web` builds it.", style="yellow")
    sys.stdout.write(_welcome(facts, folder))
    sys.stdout.flush()


def _welcome(facts: Mapping[str, Any], folder: Path) -> str:
    usual = default_data_dir(os.environ, Path.home(), is_root=os.getuid() == 0)
    command = ".venv/bin/postgate simulate" + ("" if folder == usual else f" --data-dir {shlex.quote(str(folder))}")
    return (
        f"\n  Postgate   {facts['base_url']}\n"
        f"  Email      {facts['email']}\n"
        f"  Password   {facts['password']}\n"
        f"  Simulator  {facts['simulator_url']}\n\n"
        f"  Send sample messages from a second terminal: {command}\n"
        "  Stop with Ctrl-C; the data stays.\n\n"
    )


def _demo(path: Path) -> demo_tenant.Demo:
    """Return the demo tenant's facts; a folder of an earlier version gets connections to the providers added since."""
    stored: demo_tenant.Demo = orjson.loads(read_private(path, lambda: _written(demo_tenant.make(_new_id, "demo"))))
    demo = demo_tenant.completed(stored, _new_id)
    if demo is not stored:
        write_private(path, _written(demo))
    return demo


def _written(demo: demo_tenant.Demo) -> str:
    return orjson.dumps(demo, option=orjson.OPT_INDENT_2).decode()


def _new_id() -> UUID:
    return id_of_moment(time.time_ns() // 1_000_000)
