"""``postgate sign-webhook``: the headers with which Postgate would send a body, to try a receiver with.

One case comes from the arguments, many from a file of JSON lines. The answer is JSON on stdout: one object, or one
line for each line read, in order.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from channels.errors import ChannelError
from channels.inspection import CaseInvalid
from channels.signatures import EPOCH_SECONDS
from channels.standard_webhooks import PUBLIC, keys_of
from gateway.cli.cases import answer_all, bytes_of, decoded, object_of, show, usable_secrets


def sign_webhook(
    file: Annotated[str | None, typer.Argument(help="The raw body; - is stdin.")] = None,
    secret: Annotated[
        list[str] | None, typer.Option(help="whsec_…, or whsk_… for v1a; may be repeated, each signs.")
    ] = None,
    message_id: Annotated[str | None, typer.Option("--id", help="Of the message: webhook-id.")] = None,
    timestamp: Annotated[str | None, typer.Option(help="Epoch seconds; now unless given.")] = None,
    batch: Annotated[str | None, typer.Option(help="Cases as JSON lines; - is stdin.")] = None,
) -> None:
    """Print the headers that prove a body (Standard Webhooks). Exit 0 signed, 2 unusable secret or arguments."""
    if batch is not None:
        answer_all(batch, _sign_line, _refused)
    try:
        show(_signed(bytes_of(file), secret or [], message_id, timestamp))
    except CaseInvalid as error:
        show(_refused(error))
        raise typer.Exit(2) from None


def _sign_line(line: bytes) -> Mapping[str, Any]:
    given = {name: value for name, value in object_of(line, "line").items() if value is not None}
    body = decoded(given.get("body_base64", ""))
    return _signed(body, given.get("secrets", []), given.get("id"), given.get("timestamp"))


def _signed(body: bytes, secrets: Any, message_id: Any, timestamp: Any) -> Mapping[str, str]:
    written = usable_secrets(secrets)
    if any(one.startswith(PUBLIC) for one in written):
        raise CaseInvalid("secret_unusable", "a public key verifies, and can't sign")
    stamp = _stamp(timestamp)
    signatures = keys_of(written).signatures(_header_text(message_id), stamp, body)
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signatures}


def _header_text(message_id: Any) -> str:
    """Take an id that a header can hold.

    Raises:
        CaseInvalid: when it can't.
    """
    if not isinstance(message_id, str) or not message_id:
        raise CaseInvalid("id_missing", "no id was given (--id, in a batch id): it becomes webhook-id")
    if not message_id.isprintable() or message_id != message_id.strip():
        raise CaseInvalid("id_invalid", "an id has no control characters, and no blanks around it")
    return message_id


def _stamp(value: Any) -> str:
    if value is None:
        return str(int(datetime.now(UTC).timestamp()))
    if isinstance(value, bool) or not EPOCH_SECONDS.fullmatch(str(value)):
        raise CaseInvalid("timestamp_invalid", "the time-stamp is written in whole epoch seconds")
    return str(int(value))


def _refused(error: ChannelError) -> Mapping[str, Any]:
    return {"error": {"code": error.code, "detail": error.detail}}
