"""``postgate restored``: the step between a database put back from a backup and the first gateway on it."""

import asyncio
from typing import Annotated

import asyncpg
import typer

from gateway.cli.instance import DataDir, operated
from gateway.store.provision import provisioning
from gateway.store.restoring import Restored, note_restored


def restored(
    send_what_waits: Annotated[
        bool, typer.Option("--send-what-waits", help="Send messages that waited: nothing was sent after the backup.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Say that the database was put back from a backup; run it once, before any gateway.

    Browsers and integrators are told to load afresh, all logins end, and messages that waited are not sent again.
    """
    settings = operated(data_dir)
    if settings.admin_database_url is None:
        typer.echo("POSTGATE_ADMIN_DATABASE_URL is not set: this needs the role that migrates", err=True)
        raise typer.Exit(2)
    url = settings.admin_database_url.get_secret_value()

    async def note() -> Restored:
        async with provisioning(url) as connection:
            return await note_restored(connection, send_what_waits=send_what_waits)

    try:
        done = asyncio.run(note())
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        typer.echo(f"not noted: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{done.tenants} logs begin another epoch: whoever follows one is told to load afresh")
    typer.echo(f"{done.sends} messages that waited are not sent: they will show as unknown, and can be sent again")
    typer.echo(f"{done.sessions} logins ended; look through API keys and members that were removed after the backup")
