"""``postgate users``: the people of an installation, for its operator."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import asyncpg
import typer

from gateway.audit.operators import row_of
from gateway.cli.instance import DataDir, operated
from gateway.model.audit import Does
from gateway.parts import id_of_now, now
from gateway.passwords import hash_password
from gateway.people.rules import weakness
from gateway.permissions import OF_ROLE, Role
from gateway.settings import Settings
from gateway.store import audit, log, members, operating, people
from gateway.store.operating import UserRow
from gateway.store.pool import TenantTx
from gateway.store.provision import provisioning

users = typer.Typer(no_args_is_help=True, help="List people, add one, or give one another password.")

#: Neither blanks nor control characters, and one @.
MAILBOX = re.compile(r"[^\x00-\x20\x7f@]+@[^\x00-\x20\x7f@]+")
Result = TypeVar("Result")
Email = Annotated[str, typer.Argument(help="An e-mail address.")]
Password = Annotated[
    str | None,
    typer.Option(help="The password; without it one is made up and printed. Others may see what a command was given."),
]


class Refused(Exception):
    """What was asked for can't be done; the text says why."""


@users.command("list")
def list_users(
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant (slug).")] = None, data_dir: DataDir = None
) -> None:
    """List people: address, tenant, role, status, and whether they have a second factor."""

    async def found(connection: asyncpg.Connection) -> Sequence[UserRow]:
        if tenant is not None and await operating.tenant_id(connection, tenant) is None:
            raise Refused(f"there is no tenant {tenant}")
        people_there = await operating.users(connection, tenant)
        by_tenant: dict[UUID, list[UUID]] = {}
        for one in people_there:
            by_tenant.setdefault(one.tenant_id, []).append(one.id)
        await noted(connection, "read", "postgate users list", by_tenant)
        return people_there

    for one in run(found, operated(data_dir)):
        code = "second factor" if one.second_factor else "password only"
        typer.echo(f"{one.email}\t{one.tenant}\t{one.role}\t{one.status}\t{code}\t{one.name}")


@users.command("add")
def add_user(
    email: Email,
    tenant: Annotated[str, typer.Option(help="The tenant's slug.")],
    name: Annotated[str | None, typer.Option(help="What others call them; without it, the address.")] = None,
    role: Annotated[str, typer.Option(help="owner, admin, manager, operator or viewer.")] = "operator",
    password: Password = None,
    data_dir: DataDir = None,
) -> None:
    """Make somebody a member of a tenant; who has no account yet gets one, with a password."""
    address(email)
    chosen = known_role(role)
    made = run(lambda connection: join(connection, email, tenant, name, chosen, password), operated(data_dir))
    typer.echo(f"{email} is {role} of {tenant}")
    if made is not None:
        typer.echo(f"password: {made}")


@users.command("reset-password")
def reset_password(
    email: Email,
    password: Password = None,
    without_second_factor: Annotated[
        bool, typer.Option("--without-second-factor", help="Also forget the second factor: the device is lost.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Give somebody another password. All their logins end within half a minute."""
    chosen = good(password, email)

    async def reset(connection: asyncpg.Connection) -> None:
        user = await operating.user_id(connection, email)
        if user is None:
            raise Refused(f"nobody has the address {email}")
        hashed = hash_password(chosen)
        await operating.reset_password(connection, user, hashed, now(), without_code=without_second_factor)
        theirs = {one: [user] for one in await operating.tenants_of(connection, user)}
        await noted(connection, "change", "postgate users reset-password", theirs)

    run(reset, operated(data_dir))
    typer.echo(f"password: {chosen}")


async def join(
    connection: asyncpg.Connection, email: str, slug: str, name: str | None, role: Role, password: str | None
) -> str | None:
    """Make somebody a member, and tell the tenant's log; returns the password of a new account.

    Raises:
        Refused: when there is no such tenant.
    """
    tenant_id = await operating.tenant_id(connection, slug)
    if tenant_id is None:
        raise Refused(f"there is no tenant {slug}")
    tx = TenantTx(connection, tenant_id)
    user, made = await operating.user_id(connection, email), None
    if user is None:
        user, made = id_of_now(), good(password, email)
        await people.add_person(tx, user, email, name or email, hash_password(made), now())
    await members.add(tx, user, role)
    await noted(connection, "create", "postgate users add", {tenant_id: [user]})
    await log.lock_head(tx)
    shown = await members.one_json(tx, user)
    if shown is not None:
        await log.append(tx, "member.updated", None, shown, id_of_now())
    return made


async def noted(
    connection: asyncpg.Connection, does: Does, command: str, people_of: Mapping[UUID, Sequence[UUID]]
) -> None:
    """Write down in the audit of each tenant which of its people a command reaches."""
    for tenant_id, ids in people_of.items():
        await audit.note(TenantTx(connection, tenant_id), row_of(tenant_id, does, command, "users", ids, now()))


def good(password: str | None, email: str) -> str:
    """Return the password that was given, or a new one.

    Raises:
        Exit: when the one that was given is too easy to guess.
    """
    weak = None if password is None else weakness(password, email)
    if weak is not None:
        typer.echo(weak, err=True)
        raise typer.Exit(2)
    return password or secrets.token_urlsafe(12)


def address(email: str) -> None:
    """Refuse what is no e-mail address.

    Raises:
        Exit: when it is none.
    """
    if MAILBOX.fullmatch(email) is None:
        typer.echo(f"this is no e-mail address: {email!r}", err=True)
        raise typer.Exit(2)


def known_role(role: str) -> Role:
    """Return a role.

    Raises:
        Exit: when it is none.
    """
    for known in OF_ROLE:
        if known == role:
            return known
    typer.echo(f"a role is one of {', '.join(OF_ROLE)}", err=True)
    raise typer.Exit(2)


def run(errand: Callable[[asyncpg.Connection], Awaitable[Result]], settings: Settings) -> Result:
    """Do something in one transaction that sees all tenants; ends with status 1 when it can't be done.

    Args:
        errand: what.
        settings: of the installation.
    """
    if settings.admin_database_url is None:
        typer.echo("POSTGATE_ADMIN_DATABASE_URL is not set: this needs a role that sees all tenants", err=True)
        raise typer.Exit(2)
    url = settings.admin_database_url.get_secret_value()

    async def inside() -> Result:
        async with provisioning(url) as connection:
            return await errand(connection)

    try:
        return asyncio.run(inside())
    except (Refused, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        typer.echo(f"not done: {error}", err=True)
        raise typer.Exit(1) from None
