"""``postgate work``: what is done beside serving, in processes of its own."""

import asyncio
from typing import Annotated

import typer

from gateway.cli.configured import configured
from gateway.cli.serve import ROLES
from gateway.running import Refused, event_loop, work_until_stopped


def work(
    host: Annotated[str | None, typer.Option(help="The address to tell on how it is.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The port for /healthz, /readyz and /metrics; without it there are none."),
    ] = None,
    roles: Annotated[str | None, typer.Option(help=ROLES)] = None,
) -> None:
    """Send, deliver events, read mail, fetch files and do the other work behind the scenes, until SIGTERM or Ctrl-C.

    Serving processes do the same work, unless they have no such roles. Any number of processes share it.
    """
    settings = configured({key: value for key, value in (("host", host), ("roles", roles)) if value is not None})
    try:
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(work_until_stopped(settings, port))
    except Refused as refused:
        typer.echo(f"not started: {refused}", err=True)
        raise typer.Exit(1) from None
