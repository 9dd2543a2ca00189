"""``postgate keys``: what wraps the data keys, exchanging them, and destroying those of a tenant."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

import asyncpg
import typer

from gateway.audit.operators import row_of
from gateway.cli.instance import DataDir, keyring_of, operated
from gateway.cli.users import run
from gateway.keys import KeysUnavailable
from gateway.parts import id_of_now, now
from gateway.rekeying import SETTLE_SECONDS, TELL, Busy, Exchange
from gateway.settings import Settings
from gateway.store import audit, key_stock, operating
from gateway.store.pool import TenantTx
from gateway.store.rekeying import Rotation

keys = typer.Typer(no_args_is_help=True, help="Tell what wraps the data keys, exchange them, or destroy a tenant's.")

#: Between two lines about the same step.
LINE_SECONDS = 1.0
DATABASE_TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


@keys.command()
def status(data_dir: DataDir = None) -> None:
    """Tell how many data keys are wrapped by what, and how far the last exchange came."""
    settings = operated(data_dir)
    keyring = keyring_of(settings)
    found = run(key_stock.stock, settings)
    try:
        current = asyncio.run(keyring.current())
    except KeysUnavailable as error:
        typer.echo(f"what wraps now can't be told: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"wraps now: {current}")
    for one in found.wrapped:
        older = "" if one.master_key_id == current else "  (`postgate keys rotate` wraps them anew)"
        typer.echo(f"{one.place}\t{one.keys} data keys\twrapped by {one.master_key_id}{older}")
    typer.echo(f"{found.older} data keys that another one took the place of")
    for slug in found.shredded:
        typer.echo(f"{slug}\tits data keys were destroyed")
    last = found.last
    if last is None:
        typer.echo("keys were never exchanged")
        return
    what = "new data keys" if last.data_keys else "data keys wrapped anew"
    end = f"finished {last.finished_at:%Y-%m-%d %H:%M}" if last.finished_at else f"not finished, at: {last.step}"
    typer.echo(f"last exchange: {what}, begun {last.created_at:%Y-%m-%d %H:%M}, {end}")
    for step, many in sorted(last.counts.items()):
        typer.echo(f"  {step}: {many}")


@keys.command()
def rotate(
    data_keys: Annotated[
        bool, typer.Option("--data-keys", help="Also make new data keys, and seal all values anew with them.")
    ] = False,
    settle: Annotated[
        float, typer.Option(help="How many seconds gateways may go on sealing with the keys they know.", min=0)
    ] = SETTLE_SECONDS,
    from_vault: Annotated[
        bool, typer.Option("--from-vault", help="Wrap by the master key what Vault wraps, to do without Vault.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Wrap all data keys by the current master key, or Vault's current version. Gateways keep running.

    It can be broken off at any time: run it again, and it goes on where it was.
    """
    settings = operated(data_dir)
    try:
        done = asyncio.run(_rotate(settings, data_keys=data_keys, settle=settle, from_vault=from_vault))
    except KeyboardInterrupt:
        typer.echo("broken off; run it again, and it goes on there", err=True)
        raise typer.Exit(130) from None
    except (Busy, KeysUnavailable, *DATABASE_TROUBLE) as error:
        typer.echo(f"broken off, run it again to go on: {error}", err=True)
        raise typer.Exit(1) from None
    left = {what: many for what, many in done.counts.items() if " not to be " in what}
    for what, many in left.items():
        typer.echo(f"left as they are: {many} in {what}; what wrapped them is not here", err=True)
    if left:
        typer.echo(
            "ended, but for these: `postgate keys status` names the master keys, or Vault; give them, and run it again",
            err=True,
        )
        raise typer.Exit(1)
    typer.echo("done")
    if data_keys and not done.data_keys:
        typer.echo("that only wrapped data keys anew; run it again to make new ones", err=True)
        raise typer.Exit(1)


@keys.command()
def shred(
    tenant: Annotated[str, typer.Argument(help="The tenant's slug.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: nothing brings them back.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Destroy a tenant's data keys, and suspend it: its secrets and its raw webhooks can't be read any more."""
    if not yes:
        typer.echo(f"this destroys the data keys of {tenant} for ever: say --yes", err=True)
        raise typer.Exit(2)

    async def destroy(connection: asyncpg.Connection) -> int | None:
        tenant_id: UUID | None = await operating.tenant_id(connection, tenant)
        if tenant_id is None:
            return None
        row = row_of(tenant_id, "remove", "postgate keys shred", "inbound_webhooks", [], now())
        await audit.note(TenantTx(connection, tenant_id), row)
        return await key_stock.shred(connection, tenant_id)

    settings = operated(data_dir)
    many = run(destroy, settings)
    if many is None:
        typer.echo(f"there is no tenant {tenant}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{many} data keys of {tenant} are destroyed, and it is suspended")
    url = settings.admin_database_url.get_secret_value() if settings.admin_database_url else ""
    try:
        asyncio.run(_told_and_wiped(url))
    except DATABASE_TROUBLE as error:
        typer.echo(f"not wiped from the table's file: {error}; run VACUUM FULL encryption_keys", err=True)
        raise typer.Exit(1) from None
    typer.echo("backups made before this still hold the keys, wrapped: see docs/keys.md")


async def _rotate(settings: Settings, *, data_keys: bool, settle: float, from_vault: bool) -> Rotation:
    if settings.admin_database_url is None:
        typer.echo("POSTGATE_ADMIN_DATABASE_URL is not set: this needs a role that sees all tenants", err=True)
        raise typer.Exit(2)
    connection = await asyncpg.connect(settings.admin_database_url.get_secret_value(), timeout=10)
    lines, keyring = Lines(), keyring_of(settings)
    if from_vault:
        keyring.leave_service()
    try:
        exchange = Exchange(connection, keyring, lines.tell, lines.say, id_of_now, settle)
        return await exchange.run(data_keys=data_keys)
    finally:
        lines.end()
        connection.terminate()


async def _told_and_wiped(admin_url: str) -> None:
    """Let gateways look the tenant's connections up anew, and take the old rows out of the table's file."""
    connection = await asyncpg.connect(admin_url, timeout=10)
    try:
        await connection.execute(TELL)
    finally:
        await connection.close()
    await key_stock.wipe(admin_url)


class Lines:
    """Says how far it came: a line for each step, and one each second while a step lasts."""

    def __init__(self) -> None:
        self._said: tuple[str, int] | None = None
        self._now: tuple[str, int] | None = None
        self._at = float("-inf")

    def tell(self, step: str, many: int) -> None:
        """Take what is done of a step."""
        if self._now is not None and self._now[0] != step:
            self.end()
            self._at = float("-inf")
        self._now = (step, many)
        if time.monotonic() - self._at >= LINE_SECONDS:
            self.end()

    def say(self, sentence: str) -> None:
        """Say a sentence, after what was not said yet."""
        self.end()
        typer.echo(sentence)

    def end(self) -> None:
        """Say what was not said yet."""
        if self._now is not None and self._now != self._said:
            typer.echo(f"{self._now[0]}: {self._now[1]}")
            self._said, self._at = self._now, time.monotonic()
