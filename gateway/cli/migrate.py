"""``postgate migrate``: bring the database to this version."""

import asyncio
from typing import Annotated
from urllib.parse import unquote, urlsplit

import asyncpg
import typer

from gateway.cli.configured import configured
from gateway.migrate import MigrationChanged, make_roles
from gateway.migrate import migrate as run_migrations
from gateway.settings import Settings


def migrate(
    roles_only: Annotated[
        bool, typer.Option("--roles-only", help="Make the roles alone, for a backup that is to be put back.")
    ] = False,
) -> None:
    """Make the roles and apply the missing migrations. Safe to run from many places at once."""
    settings = configured()
    if settings.admin_database_url is None:
        typer.echo("POSTGATE_ADMIN_DATABASE_URL is not set: migrations need a role that may create roles", err=True)
        raise typer.Exit(2)
    url = settings.admin_database_url.get_secret_value()
    try:
        if roles_only:
            asyncio.run(make_roles(url, passwords(settings)))
            typer.echo("the roles are there")
            return
        applied = asyncio.run(run_migrations(url, passwords(settings)))
    except (MigrationChanged, asyncpg.PostgresError, OSError) as error:
        typer.echo(f"not migrated: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to apply")


def passwords(settings: Settings) -> dict[str, str]:
    """Return the passwords of the login roles, by role, from the URLs that the server uses."""
    found = {}
    for url in (settings.database_url, settings.hook_database_url, settings.relay_database_url):
        parts = urlsplit(url.get_secret_value())
        if parts.username and parts.password:
            found[unquote(parts.username)] = unquote(parts.password)
    return found
