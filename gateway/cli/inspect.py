"""``postgate inspect``: what the gateway makes of a recorded webhook, without a gateway.

One case comes from the arguments, many from a file of JSON lines. The answer is JSON on stdout: one object, or one
line for each line read, in order.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from channels.http import Headers, HttpRequest
from channels.inspection import Case, CaseInvalid, Finding, examine, unusable
from gateway.cli.cases import answer_all, bytes_of, decoded, header_fields, header_texts, moment_of, object_of, show


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
        answer_all(batch, _try_line, lambda error: unusable(error).as_dict())
    fields = {
        "provider": provider, "method": method, "url": url, "credentials": credentials, "now": now,
        "context": context,
    }  # fmt: skip
    finding = _try_arguments(fields, file, header or [])
    show(finding.as_dict())
    raise typer.Exit(finding.exit_code)


def _try_arguments(fields: Mapping[str, Any], file: str | None, headers: list[str]) -> Finding:
    try:
        objects = {name: object_of(fields[name], name) for name in ("credentials", "context")}
        first = dict(reversed(header_fields(headers)))  # of a repeated field the first counts
        return _examine({**fields, **objects, "headers": first}, bytes_of(file))
    except CaseInvalid as error:
        return unusable(error)


def _try_line(line: bytes) -> Mapping[str, Any]:
    fields = object_of(line, "line")
    return _examine(fields, decoded(fields.get("body_base64", ""))).as_dict()


def _examine(fields: Mapping[str, Any], body: bytes) -> Finding:
    given = {name: value for name, value in fields.items() if value is not None}
    method, url = given.get("method", "POST"), given.get("url", "")
    if not isinstance(given.get("provider"), str) or not isinstance(method, str) or not isinstance(url, str):
        raise CaseInvalid("case_invalid", "provider, method and url have to be texts")
    request = HttpRequest(method.upper(), url, Headers.of(header_texts(given.get("headers", {}))), body)
    credentials, context = _mapping(given, "credentials"), _mapping(given, "context")
    case = Case(given["provider"], request, credentials, moment_of(given.get("now")), context)
    try:
        return examine(case)
    except Exception as error:  # noqa: BLE001 - every line gets an answer, even one that finds a bug of ours
        return unusable(CaseInvalid("internal_error", f"the adapter failed with {type(error).__name__}"))


def _mapping(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise CaseInvalid(f"{name}_invalid", f"{name}: not a JSON object")
    return value
