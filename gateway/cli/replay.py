"""``postgate replay``: parse stored webhooks again."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

import typer

from gateway.cli.instance import DataDir, operated
from gateway.model.ids import IdInvalid, parse
from gateway.running import Refused, replay_all


def replay(
    tenant: Annotated[str, typer.Option(help="The tenant's id.")],
    webhook: Annotated[
        list[str] | None, typer.Argument(help="Webhook ids (whk_…); all quarantined ones when none is given.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Parse stored webhooks again, after a fix. What was stored before is not stored twice."""
    try:
        tenant_id = UUID(tenant)
        webhooks = [parse("whk", text) for text in webhook or ()]
    except (ValueError, IdInvalid) as error:
        typer.echo(f"not an id: {error}", err=True)
        raise typer.Exit(2) from None
    started = time.monotonic()
    try:
        outcomes = asyncio.run(replay_all(operated(data_dir), tenant_id, webhooks))
    except Refused as refused:
        typer.echo(f"not replayed: {refused}", err=True)
        raise typer.Exit(1) from None
    for outcome in outcomes:
        typer.echo(outcome)
    typer.echo(f"{len(outcomes)} replayed in {time.monotonic() - started:.1f} s")
