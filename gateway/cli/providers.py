"""``postgate providers``: what each provider can do, and how it is connected."""

import os
from typing import Annotated
from urllib.parse import urlsplit

import orjson
import typer

from channels.registry import ADAPTERS
from gateway.model.provider import described

EXAMPLE_URL = "https://postgate.example.org"


def providers(
    name: Annotated[str | None, typer.Argument(help="Only this one, e.g. twilio.")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="The public URL of the gateway; by default POSTGATE_PUBLIC_URL.")
    ] = None,
) -> None:
    """Describe the providers as JSON: capabilities, credentials (JSON Schema), and the steps. Exit 2: unknown name."""
    url = base_url or os.environ.get("POSTGATE_PUBLIC_URL") or EXAMPLE_URL
    if not _usable(url):
        _refuse("base_url_invalid", "the base URL has to be like https://gateway.example.org")
    if name is None:
        _print([described(ADAPTERS[known], url).model_dump() for known in sorted(ADAPTERS)])
        return
    if name not in ADAPTERS:
        _refuse("provider_unknown", f"there is no such provider; known are {', '.join(sorted(ADAPTERS))}")
    _print(described(ADAPTERS[name], url).model_dump())


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # brackets without an address in them, a port that is no number
        return False


def _refuse(code: str, detail: str) -> None:
    _print({"error": {"code": code, "detail": detail}})
    raise typer.Exit(2)


def _print(value: object) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))
