"""``postgate check-url``: what the egress guard makes of a URL, without a gateway and without a call.

One URL comes from the arguments, many from a file of JSON lines. The answer is JSON on stdout: one object, or one
line for each line read, in order.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from gateway.outgoing.egress import Guard
from gateway.outgoing.registration import Resolve, UrlVerdict, judge
from gateway.outgoing.resolver import GuardedResolver
from gateway.outgoing.target import UrlUnusable, host_of
from gateway.settings import Networks, Settings

STDIN = "-"
Names = Mapping[str, Sequence[str]]


class LineInvalid(ValueError):
    """A line of a batch, or an option, that is none. The text says why."""


class Allowed(BaseSettings):
    """The one setting that the guard knows."""

    model_config = Settings.model_config

    allow_private: Networks = ()


def check_url(
    url: Annotated[str | None, typer.Argument(help="What is to be called.")] = None,
    resolve: Annotated[
        list[str] | None,
        typer.Option(help="HOST=IP,IP: what a name means; may be repeated. Then nothing is looked up."),
    ] = None,
    batch: Annotated[
        str | None, typer.Option(help='Lines of JSON, {"url", "dns": {"host": ["ip"]}}; - is stdin.')
    ] = None,
) -> None:
    """Tell whether a URL may be registered and called. Exit 0 allowed, 1 not."""
    allowed = _allowed()
    if batch is not None:
        _check_all(batch, allowed)
    try:
        given = _text(url)
        names = None if resolve is None else _named(_pair(option) for option in resolve)
    except LineInvalid as error:
        _print(_unusable(url, error))
        raise typer.Exit(1) from None
    verdict = asyncio.run(_judged(given, names, allowed))
    _print(asdict(verdict))
    raise typer.Exit(0 if verdict.verdict == "allowed" else 1)


def _allowed() -> Networks:
    try:
        return Allowed().allow_private
    except ValidationError as error:
        typer.echo(f"POSTGATE_ALLOW_PRIVATE: {error.errors()[0]['msg']}", err=True)
        raise typer.Exit(2) from None


def _check_all(source: str, allowed: Networks) -> NoReturn:
    """Answer each line of a batch; the lines may come and be answered one by one.

    Raises:
        typer.Exit: 0 when all lines were answered, whatever the answers; 2 when there was nothing to read.
    """
    try:
        with asyncio.Runner() as runner:
            for line in _lines(source):
                _print(_answer(runner, line, allowed))
    except OSError as error:
        _print(_unusable(None, LineInvalid(error.strerror or "the file can't be read")))
        raise typer.Exit(2) from None
    raise typer.Exit(0)


def _lines(source: str) -> Iterator[bytes]:
    if source == STDIN:
        yield from sys.stdin.buffer
        return
    with Path(source).open("rb") as lines:
        yield from lines


def _answer(runner: asyncio.Runner, line: bytes, allowed: Networks) -> dict[str, Any]:
    fields: Mapping[str, Any] = {}
    try:
        fields = _object_of(line)
        url = _text(fields.get("url"))
        names = None if fields.get("dns") is None else _named(_entries(fields["dns"]))
        return asdict(runner.run(_judged(url, names, allowed)))
    except LineInvalid as error:
        return _unusable(fields.get("url"), error)


def _text(url: object) -> str:
    if not isinstance(url, str):
        raise LineInvalid("url has to be a text")
    return url


async def _judged(url: str, names: Names | None, allowed: Networks) -> UrlVerdict:
    guard = Guard(allowed)
    resolver = GuardedResolver(guard)
    try:
        look: Resolve = resolver.addresses if names is None else _Known(names).addresses
        return await judge(url, guard, Guard(allowed, public=False), look)
    finally:
        await resolver.close()


class _Known:
    """Names whose meaning was told; the others have none."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def addresses(self, host: str) -> Sequence[str]:
        """Return what a name means."""
        return self._names.get(host, ())


def _object_of(line: bytes) -> Mapping[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise LineInvalid("the line is not JSON") from None
    if not isinstance(value, dict):
        raise LineInvalid("the line is not a JSON object")
    return value


def _entries(dns: Any) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(dns, dict):
        raise LineInvalid("dns has to be an object of lists of addresses")
    for host, addresses in dns.items():
        if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
            raise LineInvalid("dns has to be an object of lists of addresses")
        yield host, addresses


def _pair(option: str) -> tuple[str, list[str]]:
    host, equals, addresses = option.partition("=")
    if not equals:
        raise LineInvalid("--resolve is written HOST=IP,IP")
    return host, [address.strip() for address in addresses.split(",") if address.strip()]


def _named(entries: Iterator[tuple[str, list[str]]]) -> Names:
    """Gather what names mean, each as a URL's host is looked up; what can be no name is no URL's host either."""
    names: dict[str, list[str]] = {}
    for host, addresses in entries:
        try:
            names.setdefault(host_of(host), []).extend(addresses)
        except UrlUnusable:
            continue
    return names


def _unusable(url: object, error: LineInvalid) -> dict[str, Any]:
    verdict = UrlVerdict(url if isinstance(url, str) else "", "rejected", f"{error}")
    return asdict(verdict) | {"error": {"code": "line_invalid", "detail": f"{error}"}}


def _print(answer: dict[str, Any]) -> None:
    shown = answer | {
        "url": _writable(answer["url"]),
        "reason": answer["reason"] and _writable(answer["reason"]),
        "addresses": [_writable(address) for address in answer["addresses"]],
    }
    typer.echo(orjson.dumps(shown))


def _writable(text: str) -> str:
    """Return a text that JSON can hold: arguments may be any bytes."""
    return text.encode("utf-8", "replace").decode()
