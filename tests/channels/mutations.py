"""Ways to spoil a recorded webhook: bytes, nodes of JSON, fields of forms."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from hypothesis import strategies as st

from channels.http import HttpRequest

#: Stands for "take the node away".
MISSING = object()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(["", "\x00", "1e400", "-1", "0", "2026-13-45T99:99:99Z", "x" * 3000, "a@b", "<>", "+", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FORM_VALUES = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "nan",
        "1e400",
        "whatsapp:",
        "whatsapp:+",
        ":",
        "\x00",
        "x" * 5000,
        "é",
        "{",
        "[]",
        "{}",
        "%",
        "\r\n",
    ]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every node of a document but its root."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy with one node replaced or, for ``MISSING``, gone."""
    whole = copy.deepcopy(document)
    node = whole
    for key in path[:-1]:
        node = node[key]
    if value is MISSING:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return whole


@st.composite
def spoilt(draw: st.DrawFn, request: HttpRequest) -> HttpRequest:
    """Change a request in one to three places, each as its content allows."""
    for _ in range(draw(st.integers(1, 3))):
        request = draw(st.sampled_from(_ways(request)))(draw, request)
    return request


def _ways(request: HttpRequest) -> list[Any]:
    ways: list[Any] = [_bytes, _bytes, _headers, _query]
    if request.body[:1] in {b"{", b"["}:
        ways += [_node] * 6
    elif "multipart" not in request.media_type and b"=" in request.body:
        ways += [_field] * 6
    return ways


def _bytes(draw: st.DrawFn, request: HttpRequest) -> HttpRequest:
    """Cut, double or overwrite a stretch of the body."""
    body = request.body
    start = draw(st.integers(0, len(body)))
    end = min(len(body), start + draw(st.integers(0, 40)))
    middle = draw(st.sampled_from([b"", body[start:end] * 2]) | st.binary(max_size=8))
    return replace(request, body=body[:start] + middle + body[end:])


def _node(draw: st.DrawFn, request: HttpRequest) -> HttpRequest:
    """Replace a node of a JSON body, or take it away."""
    try:
        document = orjson.loads(request.body)
    except orjson.JSONDecodeError:  # spoilt by an earlier step
        return _bytes(draw, request)
    found = list(places(document))
    if not found:
        return replace(request, body=orjson.dumps(draw(JSON)))
    value = draw(JSON | st.just(MISSING))
    return replace(request, body=orjson.dumps(changed(document, draw(st.sampled_from(found)), value)))


def _field(draw: st.DrawFn, request: HttpRequest) -> HttpRequest:
    """Replace, drop or repeat a field of a form."""
    return replace(request, body=_refilled(draw, request.body.decode("utf-8", "replace")).encode())


def _query(draw: st.DrawFn, request: HttpRequest) -> HttpRequest:
    """Replace, drop or repeat a field of the URL's query."""
    path, mark, query = request.url.partition("?")
    return replace(request, url=path + mark + _refilled(draw, query) if query else path)


def _refilled(draw: st.DrawFn, encoded: str) -> str:
    pairs = parse_qsl(encoded, keep_blank_values=True, errors="replace")
    if not pairs:
        return draw(TEXT)
    at = draw(st.integers(0, len(pairs) - 1))
    new = draw(st.sampled_from([[], [pairs[at], pairs[at]], [(pairs[at][0], draw(FORM_VALUES))]]))
    return urlencode([*pairs[:at], *new, *pairs[at + 1 :]])


def _headers(draw: st.DrawFn, request: HttpRequest) -> HttpRequest:
    """Write anything into a header, as a web server hands it on: bytes that are no UTF-8 as lone surrogates."""
    names = sorted(request.headers.as_dict())
    if not names:
        return request
    value = draw(st.text(st.characters(exclude_categories=[]), max_size=30) | st.sampled_from(["", "\udcff", "="]))
    return replace(request, headers=request.headers.with_fields({draw(st.sampled_from(names)): value}))
