"""Cases for the tools that judge one from the arguments, or many from a file of JSON lines."""

import base64
import binascii
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import orjson
import typer

from channels.errors import SignatureInvalid
from channels.inspection import CaseInvalid
from channels.standard_webhooks import keys_of

STDIN = "-"


def answer_all(
    source: str, answer: Callable[[bytes], Mapping[str, Any]], unusable: Callable[[CaseInvalid], Mapping[str, Any]]
) -> NoReturn:
    """Answer each line of a batch; the lines may come and be answered one by one.

    Args:
        source: a file, or - for stdin.
        answer: judges a line; may raise ``CaseInvalid``.
        unusable: makes the answer of a line that can't be judged.

    Raises:
        typer.Exit: 0 when all lines were answered, whatever the answers; 2 when there was nothing to read.
    """
    try:
        for line in _lines(source):
            try:
                show(answer(line))
            except CaseInvalid as error:
                show(unusable(error))
    except OSError as error:
        show(unusable(CaseInvalid("file_unreadable", error.strerror or "the file can't be read")))
        raise typer.Exit(2) from None
    raise typer.Exit(0)


def show(answer: Mapping[str, Any]) -> None:
    """Print an answer, as one line of JSON."""
    typer.echo(orjson.dumps(answer))


def object_of(text: str | bytes, name: str) -> Mapping[str, Any]:
    """Read a JSON object. What it holds is never repeated: it may be a secret.

    Raises:
        CaseInvalid: when it is none; ``name`` says which.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise CaseInvalid(f"{name}_invalid", f"{name}: not JSON") from None
    if not isinstance(value, dict):
        raise CaseInvalid(f"{name}_invalid", f"{name}: not a JSON object")
    return value


def header_fields(lines: list[str]) -> list[tuple[str, str]]:
    """Read options like ``Name: value``.

    Raises:
        CaseInvalid: when one is written otherwise.
    """
    pairs = [line.partition(":") for line in lines]
    if not all(name.strip() and colon for name, colon, _ in pairs):
        raise CaseInvalid("headers_invalid", "a header is written 'Name: value'")
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def header_texts(value: Any) -> Mapping[str, str]:
    """Take the headers of a line.

    Raises:
        CaseInvalid: when they are no object of texts.
    """
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise CaseInvalid("headers_invalid", "headers have to be an object of texts")
    return value


def bytes_of(file: str | None) -> bytes:
    """Read a body from a file, or from stdin.

    Raises:
        CaseInvalid: when it can't be read.
    """
    if file is None:
        raise CaseInvalid("file_missing", "no file was given that holds the body; - is stdin")
    try:
        return sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise CaseInvalid("file_unreadable", f"{file!r}: {why or 'it has no such name'}") from error


def decoded(value: Any) -> bytes:
    """Read the body of a line.

    Raises:
        CaseInvalid: when it is no base64.
    """
    if not isinstance(value, str):
        raise CaseInvalid("body_invalid", "body_base64 has to be a text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise CaseInvalid("body_invalid", "body_base64 isn't base64") from None


def moment_of(value: Any) -> datetime:
    """Read a clock: epoch seconds as number or text, or ISO 8601 (UTC unless it says otherwise); None is now.

    Raises:
        CaseInvalid: when it is none of that.
    """
    if value is None:
        return datetime.now(UTC)
    value = "" if isinstance(value, bool) else value
    try:
        if isinstance(value, int | float) or value.replace(".", "", 1).isdecimal():
            return datetime.fromtimestamp(float(value), UTC)
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (AttributeError, TypeError, ValueError, OverflowError, OSError):
        raise CaseInvalid("now_invalid", "now is neither ISO 8601 nor epoch seconds") from None


def usable_secrets(secrets: Any) -> Sequence[bytes]:
    """Take the secrets of Standard Webhooks.

    Raises:
        CaseInvalid: when there is none, or one can't be.
    """
    if not isinstance(secrets, list) or not all(isinstance(secret, str) for secret in secrets):
        raise CaseInvalid("secrets_invalid", "secrets have to be a list of texts")
    if not secrets:
        raise CaseInvalid("secret_missing", "no secret was given (--secret, in a batch secrets)")
    written = [secret.encode("utf-8", "surrogatepass") for secret in secrets]
    try:
        keys_of(written)
    except SignatureInvalid as error:
        raise CaseInvalid(error.code, error.detail) from error
    return written


def _lines(source: str) -> Iterator[bytes]:
    if source == STDIN:
        yield from sys.stdin.buffer
        return
    with Path(source).open("rb") as lines:
        yield from lines
