"""``postgate check-url``: what the egress guard makes of a URL, without a gateway and without a call.

One URL comes from the arguments, many from a file of JSON lines. The answer is JSON on stdout: one object, or one
line for each line read, in order.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from channels.inspection import CaseInvalid
from gateway.cli.allowed import allowed_networks
from gateway.cli.cases import answer_all, object_of, show
from gateway.outgoing.egress import Guard
from gateway.outgoing.registration import Resolve, UrlVerdict, judge
from gateway.outgoing.resolver import GuardedResolver
from gateway.outgoing.target import UrlUnusable, host_of
from gateway.settings import Networks

Names = Mapping[str, Sequence[str]]


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
    allowed = allowed_networks()
    with asyncio.Runner() as runner:
        if batch is not None:
            answer_all(batch, lambda line: asdict(runner.run(_line_judged(line, allowed))), _unusable)
        try:
            names = None if resolve is None else _named(_pair(option) for option in resolve)
            verdict = runner.run(_judged(url, names, allowed))
        except CaseInvalid as error:
            show(_unusable(error))
            raise typer.Exit(1) from None
    show(asdict(_writable(verdict)))
    raise typer.Exit(0 if verdict.verdict == "allowed" else 1)


async def _line_judged(line: bytes, allowed: Networks) -> UrlVerdict:
    fields = object_of(line, "line")
    names = None if fields.get("dns") is None else _named(_entries(fields["dns"]))
    return await _judged(fields.get("url"), names, allowed)


async def _judged(url: object, names: Names | None, allowed: Networks) -> UrlVerdict:
    if not isinstance(url, str):
        raise CaseInvalid("url_invalid", "no URL was given" if url is None else "url has to be a text")
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


def _entries(dns: Any) -> Iterator[tuple[str, list[str]]]:
    if not isinstance(dns, dict) or not all(_is_list_of_texts(addresses) for addresses in dns.values()):
        raise CaseInvalid("dns_invalid", "dns has to be an object of lists of addresses")
    yield from dns.items()


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _pair(option: str) -> tuple[str, list[str]]:
    host, equals, addresses = option.partition("=")
    if not equals:
        raise CaseInvalid("resolve_invalid", "--resolve is written HOST=IP,IP")
    return host, [address.strip() for address in addresses.split(",") if address.strip()]


def _named(entries: Iterable[tuple[str, list[str]]]) -> Names:
    """Gather what names mean, each as a URL's host is looked up; what can be no name is no URL's host either."""
    names: dict[str, list[str]] = {}
    for host, addresses in entries:
        try:
            names.setdefault(host_of(host), []).extend(addresses)
        except UrlUnusable:
            continue
    return names


def _unusable(error: CaseInvalid) -> Mapping[str, Any]:
    told = {"code": error.code, "detail": error.detail}
    return {"url": None, "verdict": "rejected", "reason": error.detail, "addresses": [], "error": told}


def _writable(verdict: UrlVerdict) -> UrlVerdict:
    """Return a verdict on arguments as JSON can hold it: they may be any bytes."""
    return replace(verdict, url=_text(verdict.url), addresses=tuple(map(_text, verdict.addresses)))


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode()
