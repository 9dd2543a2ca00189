"""``postgate simulate``: post signed sample webhooks to a running gateway."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.ready import read_ready
from gateway.demo.connections import connections_of
from gateway.demo.plan import planned
from gateway.demo.runner import Report, post_all
from gateway.demo.samples import MAKERS

console = Console(stderr=True)


def simulate(
    ready_file: Annotated[
        Path | None, typer.Option(help="The ready file of the gateway; by default that of the default data folder.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="The data folder of the gateway, if not the default.")] = None,
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many different messages.")] = 30,
    rate: Annotated[float, typer.Option(min=0, help="Posts a second; 0 for as fast as it goes.")] = 3.0,
    provider: Annotated[
        list[str] | None, typer.Option(help=f"Only this one; may be repeated: {', '.join(MAKERS)}.")
    ] = None,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="The share that is posted twice.")] = 0.0,
    shuffle: Annotated[bool, typer.Option(help="Let messages overtake each other.")] = False,
    seed: Annotated[int | None, typer.Option(help="Decides what chance decides.")] = None,
    json: Annotated[bool, typer.Option(help="Write the report as JSON.")] = False,
) -> None:
    """Post signed WhatsApp, SMS and mail samples to a running gateway, and report how it answered."""
    path, facts = read_ready(ready_file, data_dir)
    connections = connections_of(facts, set(provider or MAKERS))
    unknown = set(provider or ()) - {connection.provider for connection in connections}
    if unknown or not connections:
        console.print(
            f"no connection to {', '.join(sorted(unknown)) or 'post to'}", style="red", highlight=False, markup=False
        )
        raise typer.Exit(2)
    chance = random.Random(seed)  # noqa: S311 - it decides an order, not a secret
    samples = planned(connections, count, duplicates, chance, lambda: datetime.now(UTC), shuffle=shuffle)
    report = Report()
    try:
        asyncio.run(_run(samples, rate, report))
    except KeyboardInterrupt:
        console.print("stopped early")
    typer.echo(orjson.dumps(report.as_json()).decode() if json else _words(report))
    if report.refused and not report.accepted:
        console.print(
            f"posted to {facts['base_url']}, as {path} says: is that the gateway that runs? If not, name its"
            " --data-dir or --ready-file",
            style="red", highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    if report.refused:
        raise typer.Exit(1)


async def _run(samples: list[Any], rate: float, report: Report) -> None:
    columns = (TextColumn("Posting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("posting", total=len(samples))
        await post_all(samples, rate, report, lambda: progress.advance(bar))


def _words(report: Report) -> str:
    lines = [f"accepted  {report.accepted} in {report.elapsed:.1f} s"]
    lines += [f"refused   {number} × {answer}" for answer, number in sorted(report.refused.items())]
    if report.accepted:
        p50, p95, p99 = (report.percentile(share) for share in (0.5, 0.95, 0.99))
        lines.append(f"latency   p50 {p50:.1f} ms   p95 {p95:.1f} ms   p99 {p99:.1f} ms")
    return "\n".join(lines)
