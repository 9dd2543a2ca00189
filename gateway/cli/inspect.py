"""``postgate inspect``: what the gateway makes of a recorded webhook, without a gateway.

One case comes from the arguments, many from a file of JSON lines. The answer is JSON on stdout: one object, or one
line for each line read, in order.
"""

import base64
import binascii
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import orjson
import typer

from channels.http import Headers, HttpRequest
from channels.inspection import Case, CaseInvalid, Finding, examine, unusable

STDIN = "-"


def inspect(
    provider: Annotated[str | None, typer.Argument(help="Whose webhook it is, e.g. twilio.")] = None,
    file: Annotated[str | None, typer.Argument(help="The raw body; - is stdin.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="'Name: value'; may be repeated.")] = None,
    url: Annotated[str, typer.Option(help="The public URL that the provider called.")] = "",
    credentials: Annotated[str, typer.Option(help="A JSON object.")] = "{}",
    method: Annotated[str, typer.Option(help="GET tries a handshake.")] = "POST",
    now: Annotated[str | None, typer.Option(help="The clock: ISO 8601 or epoch seconds.")] = None,
    context: Annotated[str, typer.Option(help="Settings for mail, a JSON object.")] = "{}",
    batch: Annotated[str | None, typer.Option(help="Cases as JSON lines; - is stdin.")] = None,
) -> None:
    """Verify and parse a recorded webhook. Exit 0 verified and parsed, 1 not verified, 2 malformed."""
    if batch is not None:
        _inspect_all(batch)
    fields = {
        "provider": provider, "method": method, "url": url, "credentials": credentials, "now": now,
        "context": context,
    }  # fmt: skip
    finding = _try_arguments(fields, file, header or [])
    _print(finding)
    raise typer.Exit(finding.exit_code)


def _inspect_all(source: str) -> NoReturn:
    """Answer each line of a batch; the lines may come and be answered one by one.

    Raises:
        typer.Exit: 0 when all lines were answered, whatever the answers; 2 when there was nothing to read.
    """
    try:
        for line in _lines(source):
            _print(_try_line(line))
    except OSError as error:
        _print(unusable(CaseInvalid("file_unreadable", error.strerror or "the file can't be read")))
        raise typer.Exit(2) from None
    raise typer.Exit(0)


def _lines(source: str) -> Iterator[bytes]:
    if source == STDIN:
        yield from sys.stdin.buffer
        return
    with Path(source).open("rb") as lines:
        yield from lines


def _print(finding: Finding) -> None:
    typer.echo(orjson.dumps(finding.as_dict()))


def _try_arguments(fields: Mapping[str, Any], file: str | None, headers: list[str]) -> Finding:
    try:
        objects = {name: _object_of(fields[name], name) for name in ("credentials", "context")}
        return _examine({**fields, **objects, "headers": _headers_of(headers)}, _bytes_of(file))
    except CaseInvalid as error:
        return unusable(error)


def _try_line(line: bytes) -> Finding:
    try:
        fields = _object_of(line, "line")
        return _examine(fields, _decoded(fields.get("body_base64", "")))
    except CaseInvalid as error:
        return unusable(error)


def _examine(fields: Mapping[str, Any], body: bytes) -> Finding:
    given = {name: value for name, value in fields.items() if value is not None}
    method, url = given.get("method", "POST"), given.get("url", "")
    if not isinstance(given.get("provider"), str) or not isinstance(method, str) or not isinstance(url, str):
        raise CaseInvalid("case_invalid", "provider, method and url have to be texts")
    request = HttpRequest(method.upper(), url, _headers(given.get("headers", {})), body)
    credentials, context = _mapping(given, "credentials"), _mapping(given, "context")
    case = Case(given["provider"], request, credentials, _moment(given.get("now")), context)
    try:
        return examine(case)
    except Exception as error:  # noqa: BLE001 - every line gets an answer, even one that finds a bug of ours
        return unusable(CaseInvalid("internal_error", f"the adapter failed with {type(error).__name__}"))


def _object_of(text: str | bytes, name: str) -> Mapping[str, Any]:
    """Read a JSON object. What it holds is never repeated: it may be a secret."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise CaseInvalid(f"{name}_invalid", f"{name}: not JSON") from None
    if not isinstance(value, dict):
        raise CaseInvalid(f"{name}_invalid", f"{name}: not a JSON object")
    return value


def _mapping(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise CaseInvalid(f"{name}_invalid", f"{name}: not a JSON object")
    return value


def _headers_of(lines: list[str]) -> Mapping[str, str]:
    pairs = [line.partition(":") for line in lines]
    if not all(name.strip() and colon for name, colon, _ in pairs):
        raise CaseInvalid("headers_invalid", "a header is written 'Name: value'")
    return {name.strip(): value.strip() for name, _, value in reversed(pairs)}  # of a repeated field the first counts


def _headers(value: Any) -> Headers:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise CaseInvalid("headers_invalid", "headers have to be an object of texts")
    return Headers.of(value)


def _bytes_of(file: str | None) -> bytes:
    if file is None:
        raise CaseInvalid("file_missing", "which file holds the body?")
    try:
        return sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
    except OSError as error:
        raise CaseInvalid("file_unreadable", error.strerror or "the file can't be read") from error


def _decoded(value: Any) -> bytes:
    if not isinstance(value, str):
        raise CaseInvalid("body_invalid", "body_base64 has to be a text")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise CaseInvalid("body_invalid", "body_base64 isn't base64") from None


def _moment(value: Any) -> datetime:
    """Read a clock: epoch seconds as number or text, or ISO 8601 (UTC unless it says otherwise)."""
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
