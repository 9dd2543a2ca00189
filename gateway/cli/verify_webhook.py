"""``postgate verify-webhook``: whether a delivery proves where it comes from, as a receiver has to judge it.

One case comes from the arguments, many from a file of JSON lines. The answer is JSON on stdout: one object, or one
line for each line read, in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import inf
from typing import Annotated, Any

import typer

from channels.errors import ChannelError, SignatureInvalid
from channels.http import Headers
from channels.inspection import CaseInvalid
from channels.standard_webhooks import TOLERANCE, verify
from gateway.cli.cases import (
    answer_all,
    bytes_of,
    decoded,
    header_fields,
    header_texts,
    moment_of,
    object_of,
    show,
    usable_secrets,
)

#: Of these a second one with another value leaves open which one was meant.
SINGLE = frozenset({"webhook-id", "webhook-timestamp", "svix-id", "svix-timestamp"})
SIGNATURES = frozenset({"webhook-signature", "svix-signature"})
VALID = {"valid": True, "error": None}


def verify_webhook(
    file: Annotated[str | None, typer.Argument(help="The raw body; - is stdin.")] = None,
    secret: Annotated[
        list[str] | None, typer.Option(help="whsec_…, or whpk_… for v1a; may be repeated, one that fits is enough.")
    ] = None,
    header: Annotated[list[str] | None, typer.Option(help="'Name: value'; may be repeated.")] = None,
    tolerance: Annotated[str, typer.Option(help="Seconds that the time-stamp may be off, either way.")] = "300",
    now: Annotated[str | None, typer.Option(help="The clock: ISO 8601 or epoch seconds.")] = None,
    batch: Annotated[str | None, typer.Option(help="Cases as JSON lines; - is stdin.")] = None,
) -> None:
    """Verify the signature of a delivery (Standard Webhooks). Exit 0 valid, 1 not, 2 unusable secret or arguments."""
    if batch is not None:
        answer_all(batch, _verify_line, _invalid)
    try:
        secrets = usable_secrets(secret or [])
        fields = header_fields(header or [])
        within, clock, body = _seconds(tolerance), moment_of(now), bytes_of(file)
    except CaseInvalid as error:
        show(_invalid(error))
        raise typer.Exit(2) from None
    answer = _judged(fields, body, secrets, clock, within)
    show(answer)
    raise typer.Exit(0 if answer["valid"] else 1)


def _verify_line(line: bytes) -> Mapping[str, Any]:
    given = {name: value for name, value in object_of(line, "line").items() if value is not None}
    return _judged(
        header_texts(given.get("headers", {})).items(),
        decoded(given.get("body_base64", "")),
        usable_secrets(given.get("secrets", [])),
        moment_of(given.get("now")),
        _seconds(given.get("tolerance", TOLERANCE)),
    )


def _judged(
    fields: Iterable[tuple[str, str]], body: bytes, secrets: Sequence[bytes], now: datetime, tolerance: float
) -> Mapping[str, Any]:
    try:
        verify(_merged(fields), body, secrets, now, tolerance=tolerance)
    except SignatureInvalid as error:
        return _invalid(error)
    return VALID


def _invalid(error: ChannelError) -> Mapping[str, Any]:
    return {"valid": False, "error": {"code": error.code, "detail": error.detail}}


def _seconds(value: Any) -> float:
    try:
        seconds = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = -1.0
    if not 0 <= seconds < inf:
        raise CaseInvalid("tolerance_invalid", "tolerance has to be a number of seconds, 0 or more")
    return seconds


def _merged(fields: Iterable[tuple[str, str]]) -> Headers:
    """Take headers as they were sent; the signatures of several fields are those of one (RFC 9110 section 5.3).

    Raises:
        SignatureInvalid: when one that is signed was sent twice, with different values.
    """
    merged: dict[str, str] = {}
    for name, value in ((name.strip().lower(), value.strip()) for name, value in fields):
        if name in SINGLE and merged.get(name, value) != value:
            raise SignatureInvalid("header_repeated", f"{name} was sent twice, with different values")
        merged[name] = f"{merged[name]} {value}" if name in SIGNATURES and name in merged else value
    return Headers.of(merged)
