"""``postgate certify-receiver``: whether a program takes deliveries as it should, and refuses forgeries."""

import asyncio
import os
import time
from datetime import UTC, datetime
from functools import partial
from typing import Annotated
from uuid import uuid4

import orjson
import typer

from channels.errors import SignatureInvalid
from channels.http import NO_ANSWER, HttpRequest, HttpResponse
from channels.standard_webhooks import PUBLIC, keys_of
from gateway.cli.allowed import allowed_networks
from gateway.logs import configure_logs
from gateway.outgoing.egress import Network
from gateway.outgoing.http import Calls
from gateway.outgoing.target import UrlUnusable, target_of
from gateway.receivers.certifying import certify
from gateway.receivers.findings import LIMIT_SECONDS, Certificate
from gateway.receivers.probes import probes

UNUSABLE = 2


def certify_receiver(
    url: Annotated[str, typer.Argument(help="Of the receiver, as its endpoint has it.")],
    secret: Annotated[str, typer.Option(help="That it verifies with, whsec_…; or whsk_… whose public key it has.")],
    json: Annotated[bool, typer.Option("--json", help="Print the verdict for machines.")] = False,
) -> None:
    """Post genuine and forged test events to a receiver, and judge its answers.

    Exit 0 certified, 1 not, 2 not reached or unusable. Addresses inside are called only if POSTGATE_ALLOW_PRIVATE
    names them, and plain http only there.
    """
    configure_logs("error")  # what went wrong is in the verdict
    try:
        target_of(url)
        _require_signing(secret)
    except (UrlUnusable, SignatureInvalid) as error:
        typer.echo(orjson.dumps({"error": str(error)}) if json else f"{error}")
        raise typer.Exit(UNUSABLE) from None
    certificate = asyncio.run(_certify(url, secret, allowed_networks()))
    typer.echo(orjson.dumps(certificate.as_dict()) if json else _report(certificate))
    raise typer.Exit(0 if certificate.certified else 1 if certificate.reached else UNUSABLE)


def _require_signing(secret: str) -> None:
    written = secret.encode("utf-8", "surrogatepass")
    keys_of([written])
    if written.startswith(PUBLIC):
        raise SignatureInvalid("secret_unusable", "a public key can't sign: give the private key, whsk_…")


async def _certify(url: str, secret: str, allowed: tuple[Network, ...]) -> Certificate:
    all_of_them = probes(secret, _now(), lambda: uuid4().hex, os.urandom)
    async with Calls(allowed) as calls:
        return await certify(url, all_of_them, partial(_send, calls), _now, time.monotonic)


async def _send(calls: Calls, request: HttpRequest) -> HttpResponse:
    """Make a request on a connection of its own. The status alone decides: no body is waited for."""
    try:
        async with asyncio.timeout(LIMIT_SECONDS), calls.stream(request) as streamed:
            return streamed.response
    except TimeoutError:
        return HttpResponse(NO_ANSWER, failure="no answer in time")


def _now() -> datetime:
    return datetime.now(UTC)


def _report(certificate: Certificate) -> str:
    lines = []
    for one in certificate.findings:
        lines.append(f"{'ok  ' if one.passed else 'FAIL'}  {one.said} ({one.milliseconds} ms)")
        if one.advice is not None:
            lines.append(f"      {one.advice}")
    lines += [f"slow  {warning}" for warning in certificate.warnings]
    wrong = sum(not one.passed for one in certificate.findings)
    if certificate.certified:
        lines.append("certified")
    else:
        lines.append(f"not certified: {wrong} wrong" if certificate.reached else "not certified: it can't be reached")
    return "\n".join(lines)
