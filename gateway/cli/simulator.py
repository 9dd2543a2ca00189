"""``postgate simulator``: the provider simulator by itself."""

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.ready import read_ready
from gateway.demo.cast import names
from gateway.running import event_loop
from gateway.simulator.accounts import accounts_of
from gateway.simulator.server import LOOPBACK, serve_simulator


def simulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8090,
    ready_file: Annotated[
        Path | None, typer.Option(help="The ready file of the gateway; by default that of the default data folder.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="The data folder of the gateway, if not the default.")] = None,
    pace: Annotated[float, typer.Option(min=0, max=100, help="How long its pauses are; 0 for none.")] = 1.0,
) -> None:
    """Imitate the send APIs of WhatsApp, Twilio, SendGrid, Postmark and Mailgun, for the accounts of a ready file."""
    _, facts = read_ready(ready_file, data_dir)
    try:
        with asyncio.Runner(loop_factory=event_loop) as runner:
            runner.run(_serve(port, pace, facts))
    except OSError as error:
        typer.echo(f"not started: can't listen on {LOOPBACK}:{port}: {error.strerror}", err=True)
        raise typer.Exit(1) from None


async def _serve(port: int, pace: float, facts: dict[str, Any]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serve_simulator(lambda: datetime.now(UTC), port=port, scale=pace, names=names()) as serving:
        serving.simulator.know(accounts_of(facts))
        typer.echo(f"simulating on {serving.url}; a connection calls it with this as its base_url")
        await stopped.wait()
