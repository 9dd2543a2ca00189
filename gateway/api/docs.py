"""``/openapi.json`` and, for people, ``/docs``: the same description as a page without any script."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from html import escape
from importlib.resources import files
from typing import Any

import orjson
from aiohttp import web

from gateway.openapi import Answer, Api, NoBody, NoQuery, OpenCall, Operation
from gateway.openapi.document import build
from gateway.problems import INTERNAL, TABLE, Kind

VERSION = "1"
DESCRIPTION = (
    "Messages of all channels in one inbox. Programs send an API key, made in Settings → API keys: "
    "`Authorization: Bearer pgk_…`. Lists are cut into pages: pass `next_cursor` as `cursor`. "
    "Everything that happens is an entry of the tenant's log; `seq` is a position in it."
)
TAG = "Description"
#: Made of our own words only, but cached for a short while: another version may run tomorrow.
CACHE = {"Cache-Control": "public, max-age=300"}

OPENAPI = Operation(
    method="GET",
    path="/openapi.json",
    name="get_openapi",
    tag=TAG,
    summary="Get this description (OpenAPI 3.1).",
    query=NoQuery,
    body=NoBody,
    answers={200: Answer("The document.")},
)

Json = Mapping[str, Any]  # Any: a JSON document


class Docs:
    """The handlers. The document is made at the first request, when all features are mounted."""

    def __init__(self, api: Api) -> None:
        self._api = api

    @cached_property
    def document(self) -> Json:
        """The OpenAPI document."""
        return build(self._api.mounted, VERSION, DESCRIPTION)

    async def openapi(self, _call: OpenCall[NoQuery, NoBody]) -> web.StreamResponse:
        """Answer the document."""
        return web.Response(body=orjson.dumps(self.document), content_type="application/json", headers=CACHE)

    async def page(self, _request: web.Request) -> web.StreamResponse:
        """Answer the document as a page."""
        return _page("Postgate API", self._body)

    async def problems(self, _request: web.Request) -> web.StreamResponse:
        """Answer what each problem means."""
        return _page("Problems", _problems())

    async def style(self, _request: web.Request) -> web.StreamResponse:
        """Answer the pages' style."""
        return web.Response(text=_style(), content_type="text/css", charset="utf-8", headers=CACHE)

    @cached_property
    def _body(self) -> str:
        document = self.document
        operations = [
            (method, path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ]
        by_tag = {tag["name"]: [one for one in operations if tag["name"] in one[2]["tags"]] for tag in document["tags"]}
        machines = [f"<a href='{path}'>{path}</a>" for path in document["paths"] if path.endswith(".json")]
        schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
        return (
            f"<h1>Postgate API</h1><p>{_text(DESCRIPTION)}</p>"
            f"<p>For machines: {' and '.join(machines)}. Errors: <a href='/docs/problems'>problems</a>.</p>"
            f"<nav aria-label='Operations'>{''.join(_contents(*one) for one in by_tag.items())}</nav>"
            f"{''.join(_section(*one) for one in by_tag.items())}<h2 id='objects'>Objects</h2>{''.join(schemas)}"
        )


def add_routes(api: Api, app: web.Application) -> None:
    """Mount the description; add it last, it describes what was mounted."""
    docs = Docs(api)
    api.add_open(OPENAPI, docs.openapi)
    app.router.add_get("/docs", docs.page)
    app.router.add_get("/docs/problems", docs.problems)
    app.router.add_get("/docs/style.css", docs.style)


def _page(title: str, body: str) -> web.Response:
    html = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><link rel='icon' href='data:,'>"
        "<link rel='stylesheet' href='/docs/style.css'></head>"
        f"<body><main>{body}</main></body></html>"
    )
    return web.Response(text=html, content_type="text/html", charset="utf-8", headers=CACHE)


def _style() -> str:
    return (files("gateway.api") / "docs.css").read_text("utf-8")


def _contents(tag: str, operations: Iterable[tuple[str, str, Json]]) -> str:
    links = (
        f"<li><a href='#{escape(operation['operationId'])}'>{escape(operation['summary'])}</a></li>"
        for _, _, operation in operations
    )
    return f"<p>{escape(tag)}</p><ul>{''.join(links)}</ul>"


def _section(tag: str, operations: Iterable[tuple[str, str, Json]]) -> str:
    return f"<h2>{escape(tag)}</h2>" + "".join(_operation(*one) for one in operations)


def _operation(method: str, path: str, operation: Json) -> str:
    needs = "" if operation["security"] else " <span class='soft'>(open to everybody)</span>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return (
        f"<h3 id='{escape(operation['operationId'])}'><span class='method'>{escape(method.upper())}</span>"
        f"<span class='path'>{escape(path)}</span></h3><p>{_text(operation['summary'])}{needs}</p>"
        + (f"<p>{_text(operation['description'])}</p>" if "description" in operation else "")
        + _table(("Parameter", "Kind", "Meaning"), map(_parameter, operation.get("parameters", [])))
        + (f"<p>Body: {_kind(body['schema'])}{_example(body)}</p>" if body else "")
        + _table(("Answer", "Body", "Meaning"), map(_answer, *zip(*operation["responses"].items(), strict=True)))
    )


def _example(body: Json) -> str:
    return f", for example <code>{escape(orjson.dumps(body['example']).decode())}</code>" if "example" in body else ""


def _parameter(parameter: Json) -> tuple[str, str, str]:
    must = " <span class='soft'>required</span>" if parameter["required"] else ""
    name = f"<code>{escape(parameter['name'])}</code>{must}"
    return name, _kind(parameter["schema"]), _text(parameter.get("description", ""))


def _answer(status: str, answer: Json) -> tuple[str, str, str]:
    kinds = [_kind(content["schema"]) for content in answer.get("content", {}).values()]
    return f"<code>{escape(status)}</code>", ", ".join(kinds), _text(answer["description"])


def _schema(name: str, schema: Json) -> str:
    rows = (
        (f"<code>{escape(field)}</code>", _kind(kind), _text(kind.get("description", "")))
        for field, kind in schema.get("properties", {}).items()
    )
    words = _text(schema.get("description", ""))
    table = _table(("Key", "Kind", "Meaning"), rows)
    return f"<h3 id='object-{escape(name)}'>{escape(name)}</h3><p>{words}</p>{table}"


def _kind(schema: Json) -> str:
    """Write a JSON schema in a few words."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#object-{name}'>{name}</a>"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(map(_kind, schema[several]))
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in values)
    if schema.get("type") == "array":
        return "list of " + _kind(schema.get("items", {}))
    kind = escape(str(schema.get("format") or schema.get("type") or "anything"))
    limits = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([kind, *map(escape, limits)])


def _table(heads: tuple[str, str, str], rows: Iterable[tuple[str, str, str]]) -> str:
    cells = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if not cells:
        return ""
    head = "".join(f"<th scope='col'>{escape(word)}</th>" for word in heads)
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{''.join(cells)}</tbody></table></div>"


def _problems() -> str:
    kinds = {kind.code: kind for kind in (*TABLE.values(), INTERNAL)}
    return (
        "<h1>Problems</h1><p>A request that fails is answered with <code>application/problem+json</code>"
        " (RFC 9457). <code>code</code> is a stable word; <code>errors</code> tells what is wrong where.</p>"
        + "".join(map(_problem, kinds.values()))
    )


def _problem(kind: Kind) -> str:
    code = escape(kind.code)
    return f"<h3 id='{code}'>{kind.status} <code>{code}</code></h3><p>{escape(kind.title)}. {_text(kind.advice)}</p>"


def _text(text: str) -> str:
    """Escape a text; words in backticks become code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
