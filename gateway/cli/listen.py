"""``postgate listen``: receive a tenant's events on this machine, and hand them to a program on it."""

import asyncio
import base64
import random
import secrets
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

import typer
from aiohttp import ClientSession, DummyCookieJar
from pydantic import TypeAdapter, ValidationError

from channels.errors import SignatureInvalid
from channels.standard_webhooks import keys_of
from gateway.listening.following import Follower, Refused
from gateway.listening.forwarding import Forwarder
from gateway.model.event_types import EventPattern, matches

SECRET_BYTES = 32


def listen(
    api_key: Annotated[
        str, typer.Option(envvar="POSTGATE_API_KEY", help="Of the tenant. In the environment nobody else sees it.")
    ],
    url: Annotated[str, typer.Option(help="Of the gateway.")] = "http://127.0.0.1:8080",
    forward_to: Annotated[
        str | None, typer.Option(help="Where events are posted, for example http://localhost:3000/webhooks.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option(help="Only these, with commas or repeated; message.* for all of a kind.")
    ] = None,
    secret: Annotated[
        str | None, typer.Option(help="That signs what is posted, whsec_…; without it a new one is printed.")
    ] = None,
    after: Annotated[int | None, typer.Option(min=0, help="Begin after this seq; without it, from now on.")] = None,
) -> None:
    """Receive events, and post each to a program on this machine as the gateway would; or print them.

    The stream survives restarts of the gateway. What the program refuses is posted up to three times, and the next
    one follows. Without --forward-to, events are printed as lines of JSON.
    """
    for name, value in (("--url", url), ("--forward-to", forward_to)):
        if value is not None and not _is_http(value):
            raise typer.BadParameter("this should be an http or https URL", param_hint=name)
    patterns = _patterns(types or [])
    if forward_to is not None:
        secret = _secret(secret)
    try:
        asyncio.run(_listen(url, api_key, after, patterns, forward_to, secret))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except Refused as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None


async def _listen(
    url: str, api_key: str, after: int | None, patterns: list[str], forward_to: str | None, secret: str | None
) -> None:
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        follower = Follower(http, url, api_key, after, _tell, random.random)
        forwarder = None
        if forward_to is not None and secret is not None:
            forwarder = Forwarder(http, forward_to, secret, lambda: datetime.now(UTC), typer.echo)
        try:
            async for heard in follower.events():
                if patterns and not any(matches(pattern, heard.type) for pattern in patterns):
                    continue
                if forwarder is None:
                    typer.echo(heard.body.replace(b"\r", b" ").replace(b"\n", b" "))
                else:
                    await forwarder.forward(heard)
        finally:
            if follower.seq is not None:
                _tell(f"stopped; go on with --after {follower.seq}")


def _patterns(given: list[str]) -> list[str]:
    try:
        return TypeAdapter(list[EventPattern]).validate_python([one for text in given for one in text.split(",")])
    except ValidationError as error:
        told = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise typer.BadParameter(told, param_hint="--types") from None


def _secret(given: str | None) -> str:
    if given is None:
        made = f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
        _tell(f"signing with {made}")
        return made
    try:
        keys = keys_of([given.encode()])
    except SignatureInvalid as error:
        raise typer.BadParameter(error.detail, param_hint="--secret") from None
    if not keys.shared and not keys.private:
        raise typer.BadParameter("a public key signs nothing", param_hint="--secret")
    return given


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _tell(sentence: str) -> None:
    typer.echo(sentence, err=True)
