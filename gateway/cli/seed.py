"""``postgate seed``: fill a tenant with made-up conversations."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import asyncpg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.configured import configured
from gateway.cli.ready import read_ready
from gateway.seed import NoChannel, sow

console = Console(stderr=True)


def seed(
    conversations: Annotated[int, typer.Option(min=1, max=5_000_000, help="How many conversations.")] = 1000,
    messages: Annotated[int | None, typer.Option(min=1, help="About how many messages; ten each if not told.")] = None,
    tenant: Annotated[
        str | None, typer.Option(help="A tenant's id, on the database of the settings; else the demo tenant.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="The ready file of the demo; by default that of the default data folder.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="The data folder of the demo, if not the default.")] = None,
    chance: Annotated[int | None, typer.Option(help="Decides what chance decides.")] = None,
) -> None:
    """Fill a tenant with made-up customers, conversations and messages, for tests of scale. They stay."""
    if tenant is None:
        _, facts = read_ready(ready_file, data_dir)
        url, tenant_id = str(facts["database_url"]), UUID(str(facts["tenant_id"]))
    else:
        tenant_id = _tenant(tenant)
        url = configured().database_url.get_secret_value()
    wanted = conversations * 10 if messages is None else messages
    try:
        asyncio.run(_seed(url, tenant_id, conversations, wanted, random.Random(chance).uniform(-1, 1)))  # noqa: S311
    except (NoChannel, asyncpg.PostgresError, OSError) as error:
        console.print(f"not seeded: {error}", style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    typer.echo(f"{conversations:,} conversations with about {wanted:,} messages; whoever has the page open reloads it")


async def _seed(url: str, tenant_id: UUID, conversations: int, messages: int, chance: float) -> None:
    columns = (TextColumn("Writing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    connection = await asyncpg.connect(url, timeout=10)
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            bar = progress.add_task("writing", total=conversations)
            await sow(
                connection, tenant_id, conversations, messages, now=datetime.now(UTC), chance=chance,
                told=lambda done: progress.update(bar, completed=done),
            )  # fmt: skip
    finally:
        await connection.close()


def _tenant(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        typer.echo("--tenant: this is not a tenant's id", err=True)
        raise typer.Exit(2) from None
