"""``postgate retention``: remove now what was kept for long enough, or tell what would go."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import asyncpg
import typer

from gateway.cli.instance import DataDir, operated
from gateway.keys import KeyUnusable
from gateway.parts import keyring_of, now, rules_of
from gateway.retention import Report, Retention, Rules
from gateway.settings import Settings
from gateway.store import retention as store
from gateway.store import tenant_retention
from gateway.store.pool import UNAVAILABLE, DatabaseUnavailable, RoleTooPowerful, open_pool, tenant_tx
from gateway.store.retention import TenantKeeping


def retention(
    tenant: Annotated[str | None, typer.Option(help="Only of this tenant (slug).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go, and leave it.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Remove what was kept for long enough, as one of the gateways does every hour."""
    settings = operated(data_dir)
    rules = rules_of(settings)
    try:
        lines = asyncio.run(_preview(settings, rules, tenant) if dry_run else _tidy(settings, rules, tenant))
    except KeyUnusable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except (*UNAVAILABLE, DatabaseUnavailable, asyncpg.PostgresError, RoleTooPowerful) as error:
        typer.echo(f"the database can't be used: {error}", err=True)
        raise typer.Exit(1) from None
    if not lines:
        typer.echo(f"there is no tenant {tenant}", err=True)
        raise typer.Exit(1)
    for line in lines:
        typer.echo(line)


async def _preview(settings: Settings, rules: Rules, slug: str | None) -> list[str]:
    async with (
        await open_pool(settings.hook_database_url.get_secret_value(), 1) as hook,
        await open_pool(settings.database_url.get_secret_value(), 1) as app,
    ):
        lines = []
        for one in _chosen(await store.of_all(hook, rules.keeping), slug):
            async with tenant_tx(app, one.tenant_id) as tx:
                due = await tenant_retention.preview(tx, one.keeping)
                choice = await tenant_retention.choice(tx)
                due = {**due, **await tenant_retention.choice_preview(tx, choice)}
                examples = await tenant_retention.examples(tx, one.keeping, choice)
            for name, kept in {**asdict(one.keeping), **asdict(choice)}.items():
                if kept is None:
                    continue
                kind = name.removesuffix("_days")
                found = due[kind]
                since = f", the oldest of {found.oldest:%Y-%m-%d}" if found.oldest else ""
                some = f", such as {' '.join(examples[kind])}" if kind in examples else ""
                amounts = f"{found.amount} would go{since}, {found.held} held{some}"
                lines.append(f"{one.slug}\t{kind}\tkept {kept} days\t{amounts}")
    return lines


async def _tidy(settings: Settings, rules: Rules, slug: str | None) -> list[str]:
    async with await open_pool(settings.hook_database_url.get_secret_value(), 1) as hook:
        if slug is not None and not _chosen(await store.of_all(hook, rules.keeping), slug):
            return []
        return _told(await Retention(hook, rules, keyring_of(settings), now).tidy(slug))


def _chosen(tenants: Sequence[TenantKeeping], slug: str | None) -> list[TenantKeeping]:
    return [one for one in tenants if slug in {None, one.slug}]


def _told(report: Report) -> list[str]:
    return [
        f"{report.moved} events moved to their months",
        *(f"{kind}: {gone.rows} rows removed, {gone.bytes} bytes" for kind, gone in report.removed.items()),
        f"months dropped: {', '.join(report.months) or 'none'}",
        *(f"{month} stays: somebody needs what is in it" for month in report.kept),
    ]
