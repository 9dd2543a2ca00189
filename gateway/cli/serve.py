"""``postgate serve``: the gateway on a database that is there already."""

import asyncio
from typing import Annotated

import typer

from gateway.cli.configured import configured
from gateway.running import Refused, event_loop, serve_until_stopped


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    smtp: Annotated[int | None, typer.Option(help="The port to take mail on, by SMTP.")] = None,
) -> None:
    """Serve webhooks, mail by SMTP, the API, websockets and the page, until SIGTERM or Ctrl-C."""
    told = {key: value for key, value in (("host", host), ("port", port), ("smtp_port", smtp)) if value is not None}
    settings = configured().model_copy(update=told)
    try:
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(serve_until_stopped(settings))
    except Refused as refused:
        typer.echo(f"not started: {refused}", err=True)
        raise typer.Exit(1) from None
