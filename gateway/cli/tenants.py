"""``postgate tenants``: the tenants of an installation, for its operator."""

import re
from typing import Annotated

import asyncpg
import typer

from gateway.cli.instance import DataDir, keyring_of, operated
from gateway.cli.users import Password, Refused, address, join, run
from gateway.parts import id_of_now
from gateway.store import operating, provision

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

tenants = typer.Typer(no_args_is_help=True, help="List tenants, or make one with its first owner.")


@tenants.command("list")
def list_tenants(data_dir: DataDir = None) -> None:
    """List tenants: slug, status, how many people are active, name."""
    for one in run(operating.tenants, operated(data_dir)):
        typer.echo(f"{one.slug}\t{one.status}\t{one.members} members\t{one.name}\t{one.id}")


@tenants.command("add")
def add_tenant(
    slug: Annotated[str, typer.Argument(help="A short name in lower case: letters, digits and hyphens.")],
    owner: Annotated[str, typer.Option(help="The e-mail address of its first owner.")],
    name: Annotated[str | None, typer.Option(help="What people call it; without it, the slug.")] = None,
    owner_name: Annotated[str | None, typer.Option(help="What others call the owner.")] = None,
    password: Password = None,
    data_dir: DataDir = None,
) -> None:
    """Make a tenant with its first owner; who has no account yet gets one, with a password."""
    if SLUG.fullmatch(slug) is None:
        typer.echo(f"a slug is a short word in lower case, of letters, digits and hyphens: not {slug!r}", err=True)
        raise typer.Exit(2)
    address(owner)
    settings = operated(data_dir)
    keyring = keyring_of(settings)

    async def add(connection: asyncpg.Connection) -> str | None:
        if await operating.tenant_id(connection, slug) is not None:
            raise Refused(f"there is a tenant {slug} already")
        tenant_id = id_of_now()
        _, key = await keyring.new_data_key()
        await provision.add_tenant(connection, tenant_id, slug, name or slug, id_of_now())
        await provision.add_data_key(connection, tenant_id, id_of_now(), key.wrapped, key.master_key_id)
        return await join(connection, owner, slug, owner_name, "owner", password)

    made = run(add, settings)
    typer.echo(f"{owner} is owner of {slug}")
    if made is not None:
        typer.echo(f"password: {made}")
