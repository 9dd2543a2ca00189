"""``postgate work``: what is done beside serving, in processes of its own."""

import asyncio

import typer

from gateway.cli.configured import configured
from gateway.running import Refused, event_loop, work_until_stopped


def work() -> None:
    """Send messages, read mail and do the other work behind the scenes, without serving, until SIGTERM or Ctrl-C.

    Serving processes do the same work; these are for more of it. Any number of them share it.
    """
    settings = configured()
    try:
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(work_until_stopped(settings))
    except Refused as refused:
        typer.echo(f"not started: {refused}", err=True)
        raise typer.Exit(1) from None
