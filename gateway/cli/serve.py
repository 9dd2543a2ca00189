"""``postgate serve``: the gateway on a database that is there already."""

import asyncio
from typing import Annotated

import typer

from gateway.cli.configured import configured
from gateway.logs import configure_logs
from gateway.running import Refused, event_loop, serve_until_stopped
from gateway.workers import Supervisor

ROLES = "What to do behind the scenes: sending, delivery, media, detection, housekeeping, separated by commas; or none."


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port to listen on.")] = None,
    smtp: Annotated[int | None, typer.Option(min=0, max=65535, help="The port to take mail on, by SMTP.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="How many processes share the port; without it, this one serves by itself.")
    ] = None,
    roles: Annotated[str | None, typer.Option(help=ROLES)] = None,
) -> None:
    """Serve webhooks, mail by SMTP, the API, websockets and the page, until SIGTERM or Ctrl-C.

    With --workers, SIGHUP replaces the workers one after the other, by ones that read settings and program anew.
    """
    told = {
        key: value
        for key, value in (
            ("host", host), ("port", port), ("smtp_port", smtp), ("workers", workers), ("roles", roles),
        )
        if value is not None
    }  # fmt: skip
    settings = configured(told)
    try:
        if settings.workers is not None:
            configure_logs(settings.log_level)
            asyncio.run(Supervisor(settings, told, settings.workers).run())
            return
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(serve_until_stopped(settings))
    except Refused as refused:
        typer.echo(f"not started: {refused}", err=True)
        raise typer.Exit(1) from None
