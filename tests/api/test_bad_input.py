"""Hostile values in every place of every operation: a clear problem, or stored harmless; never a fault of ours."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import count, islice
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from yarl import URL

from tests.api.asking import Described, Request, operations, request
from tests.api.companies import Company, company
from tests.api.conftest import Served
from tests.api.test_matrix import LAST, all_answers, client, closed, document, live
from tests.conftest import Database, Tenant

__all__ = ["client", "document", "live"]

Json = Any
MARK = "@@here@@"
#: What stands here must stand nowhere else: every answer is searched for it.
SECRET = re.compile("password|secret|token|credential|key|auth")
#: How many of the values each place is tried with; they take turns, so that all of them come often.
EACH = 1
TEXTS = (
    "' OR 1=1; --", "a\0b", "\u202egnp.exe", "\u200b\u2060", "=1+1", "@SUM(A1)", "../../etc/passwd", "..\\..\\a",
    "a\r\nBcc: x@example.org", "%s{0}{{7*7}}${x}%", "<script>alert(1)</script>", "<svg onload=alert(1)>", "*", "\\",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "1970-01-01T00:00:00+14:00", "-1", "1e400",
    "NaN", "9" * 400, "a" * 5000 + "!", "é" * 1000, "(" * 2000, " ",
)  # fmt: skip
#: As they stand in a body: no program that writes JSON would write most of them.
RAW = (
    b"1e400", b"NaN", b"-Infinity", b"9" * 5000, b"-1", b"0", b"1.5", b"null", b"true", b"{}", b"[]", b"[[]]",
    b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900, b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff"',
    b'"\xed\xa0\x80"', b"9223372036854775808", b"-9223372036854775809", b"2147483648", b"1e308", b'{"a":1,"a":2}',
    b'{"__proto__":{}}', b'"' + b"x" * 900_000 + b'"', b"\xef\xbb\xbf1", b"// a",
    *(json.dumps(text).encode() for text in TEXTS),
)  # fmt: skip
PATHS = (
    "%00", "{prefix}_%00", "..%2f..%2fetc%2fpasswd", "%ff", "{prefix}_" + "g" * 32, "{prefix}_" + "0" * 36,
    "{prefix}_" + "%E2%80%AE" * 8, "{prefix}_%7B" + "0" * 32 + "%7D", "%27%3B%20--_x", "{prefix}_" + "9" * 4000,
)  # fmt: skip
HEADERS = ('"' * 200, "a," * 500, 'W/"x"', "\xff\xfe", "' --", "bytes=0-" + "9" * 40, "*", "=?utf-8?q?a?=", "9" * 300)
#: What can't be unpacked ends its connection.
ALONE = {"Connection": "close"}
#: Whole bodies, with the headers that they come with.
BODIES: tuple[tuple[dict[str, str], bytes], ...] = (
    ({"Content-Type": "application/json", "Content-Encoding": "gzip", **ALONE}, b"\x1f\x8b not gzip"),
    ({"Content-Type": "application/json", "Content-Encoding": "bz9", **ALONE}, b"{}"),
    ({"Content-Type": "application/json; charset=utf-7"}, b"+AHs-"),
    ({"Content-Type": "multipart/form-data; boundary="}, b"--"),
    ({"Content-Type": "application/json"}, b'{"a":1,"a":2}'),
    ({"Content-Type": "application/json"}, b"{" + b",".join(b'"a%d":1' % n for n in range(70_000)) + b"}"),
)


def leaves(node: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every node of a body."""
    yield path
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from leaves(child, (*path, key))


def with_mark(node: Json, path: tuple[Any, ...]) -> bytes:
    """Return a body with a mark in place of a node."""
    if not path:
        return orjson.dumps(MARK)
    whole = deepcopy(node)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = MARK
    return orjson.dumps(whole)


class Turns:
    """Values that take turns."""

    def __init__(self) -> None:
        self._at = count()

    def of(self, values: tuple[Any, ...], wanted: int = EACH) -> Iterator[Any]:
        """Give the next values."""
        for number in islice(self._at, wanted):
            yield values[number % len(values)]


Spoilt = tuple[str, str, Mapping[str, str], bytes]


def spoilt(one: Described, own: Company, turns: Turns) -> Iterator[Spoilt]:
    """Give requests with a hostile value in one place, as path, query, headers and body."""
    made = request(one, own)
    query = urlencode(made.query)
    for parameter in one.says.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "query":
            others = urlencode([pair for pair in made.query if pair[0] != name])
            for text in (*map(quote, turns.of(TEXTS)), f"%ff%fe&{name}=%00"):
                yield made.path, f"{others}&{name}={text}", made.headers, made.body
        elif parameter["in"] == "path":
            for text in turns.of(PATHS):
                yield re.sub(r"\{\w+\}", text.replace("{prefix}", one.prefix), one.path), query, made.headers, made.body
        else:
            for text in turns.of(HEADERS):
                yield made.path, query, {**made.headers, name: text}, made.body
    yield from ((made.path, query, headers, body) for headers, body in spoilt_bodies(made, turns))


def spoilt_bodies(made: Request, turns: Turns) -> Iterator[tuple[Mapping[str, str], bytes]]:
    """Give hostile bodies, with their headers."""
    if not made.body:
        return
    yield from turns.of(BODIES, 2)
    if made.headers["Content-Type"] != "application/json":
        yield from ((made.headers, raw) for raw in turns.of(RAW, 2 * EACH))
        return
    document = orjson.loads(made.body)
    for path in leaves(document):
        marked = with_mark(document, path)
        for raw in turns.of(RAW):
            value = b'"kept quiet: ' + raw[1:] if SECRET.search(str(path)) and raw[:1] == b'"' else raw
            yield made.headers, marked.replace(orjson.dumps(MARK), value)


async def test_nothing_hostile_is_a_fault_of_ours_and_all_else_goes_on(
    client: Served, database: Database, document: Json, tenant: Tenant
) -> None:
    own, turns = await company(client, database, tenant), Turns()
    tried = 0
    for one in operations(document):
        if one.name in LAST or one.is_socket:
            continue
        auth = own.first if one.says["security"] else {}
        for path, query, headers, body in spoilt(one, own, turns):
            url = URL(f"{client.url}{path}?{query}", encoded=True)
            async with client.client.request(
                one.method, url, headers={**auth, **headers}, data=body or None, allow_redirects=False
            ) as answer:
                said = await answer.read()
                what = (one.name, path, query, dict(headers), body[:200], answer.status, said[:500])
                assert answer.status < 500 or said.find(b'"provider_') > 0, what
                assert answer.status < 400 or answer.content_type == "application/problem+json", what
                tried += 1
    assert tried > 600
    read = [(request(one, own), own.first) for one in closed(document) if one.method == "GET"]
    for (sent, _), read_again in zip(read, await all_answers(client, read), strict=True):
        assert read_again.status < 500, (sent.described.name, read_again)
