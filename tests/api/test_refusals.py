"""Requests refused in every way: ids, cursors and bodies that are no good. Who may not ask is in the matrix."""

import asyncio
import base64
from typing import Any

import orjson
import pytest

from gateway.api import cursors, login
from gateway.model.ids import parse, public
from gateway.model.page import Position
from tests.api.conftest import Served
from tests.api.contract import faults
from tests.api.rows import Rows
from tests.conftest import Tenant, new_id

LIST = "/api/v1/conversations"
LISTS = [LIST, "/api/v1/webhooks"]
BY_ID = [
    ("GET", LIST + "/{id}", "cnv"),
    ("GET", LIST + "/{id}/messages", "cnv"),
    ("POST", LIST + "/{id}/read", "cnv"),
    ("GET", "/api/v1/messages/{id}/html", "msg"),
    ("GET", "/api/v1/messages/{id}/picture", "msg"),
    ("GET", "/api/v1/webhooks/{id}", "whk"),
    ("POST", "/api/v1/webhooks/{id}/replay", "whk"),
]
NEEDED = {"/api/v1/messages/{id}/picture": "?number=0"}


@pytest.mark.parametrize(
    "bad",
    ["x", "cnv_", "cnv_xyz", "cnv_" + "g" * 32, "cnv_" + "0" * 31, "{prefix}_" + "z" * 32, "int_" + "0" * 32,
     "{prefix}_" + "f" * 32, "%00", "%ff", "..%2f..", "'%20OR%201=1--", "{prefix}_" + "0" * 4000],
)  # fmt: skip
async def test_an_id_that_is_none_is_not_found(served: Served, tenant: Tenant, bad: str) -> None:
    for method, template, prefix in BY_ID:
        path = template + NEEDED.get(template, "")
        at = path.replace("{id}", bad.replace("{prefix}", prefix))
        await served.problem(method, at, 404, "not_found", headers=tenant.auth)


def packed(value: Any) -> str:
    """Write a value as a cursor would be written."""
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!!", "é", "A" * 300, packed([]), packed({}), packed(1), packed(None), packed([1, 2]),
     packed(["1", "0" * 32, "x"]), packed([1.5, "0" * 32, "x"]), packed([True, "0" * 32, "x"]),
     packed([-1, "0" * 32, "x"]), packed([2**62, "0" * 32, "x"]), packed([1, "zz", "x"]), packed([1, None, "x"]),
     packed([1, "0" * 32, "x"]), packed([1, "0" * 32, ["x"]])],
)  # fmt: skip
async def test_a_cursor_that_is_none_is_refused(served: Served, tenant: Tenant, rows: Rows, cursor: str) -> None:
    messages = f"{LIST}/{await rows.conversation()}/messages"
    for path in [*LISTS, messages]:
        await served.problem("GET", path, 400, "cursor_invalid", headers=tenant.auth, params={"cursor": cursor})


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("?limit=0", ["/limit"]),
        ("?limit=201", ["/limit"]),
        ("?limit=-1", ["/limit"]),
        ("?limit=ten", ["/limit"]),
        ("?limit=1_0", ["/limit"]),
        ("?limit=%2010", ["/limit"]),
        ("?limit=1.0", ["/limit"]),
        ("?limit=", ["/limit"]),
        ("?limit=" + "9" * 5000, ["/limit"]),
        ("?limit=1&limit=2", ["/limit"]),
        ("?colour=red", ["/colour"]),
        ("?a/b~c=1&limit=0", ["/limit", "/a~1b~0c"]),
    ],
)
async def test_parameters_that_are_no_good_are_named(
    served: Served, tenant: Tenant, query: str, pointers: list[str]
) -> None:
    for path in LISTS:
        problem = await served.problem("GET", path + query, 422, "invalid", headers=tenant.auth)
        assert [(fault["in"], fault["pointer"]) for fault in problem["errors"]] == [("query", p) for p in pointers]
        assert faults(served, "GET", path, 422, problem) == []


@pytest.mark.parametrize("path", [LIST + "?status=closed", "/api/v1/webhooks?state=lost"])
async def test_a_word_that_is_not_known_is_named(served: Served, tenant: Tenant, path: str) -> None:
    problem = await served.problem("GET", path, 422, "invalid", headers=tenant.auth)
    assert problem["errors"][0]["pointer"] in {"/status/0", "/state/0"}


@pytest.mark.parametrize(
    ("body", "status", "code", "pointers"),
    [
        (b"", 400, "malformed", None),
        (b"{", 400, "malformed", None),
        (b"\xff\xfe", 400, "malformed", None),
        (b'{"email": "\xff", "password": "x"}', 400, "malformed", None),
        (b'{"email": "\\ud800", "password": "x"}', 400, "malformed", None),
        (b"[" * 10000, 400, "malformed", None),
        (b"null", 422, "invalid", [""]),
        (b"[]", 422, "invalid", [""]),
        (b"{}", 422, "invalid", ["/email", "/password"]),
        (b'{"email": 1, "password": "x"}', 422, "invalid", ["/email"]),
        (b'{"email": "a", "password": ""}', 422, "invalid", ["/password"]),
        (b'{"email": "a", "password": "x", "admin": true}', 422, "invalid", ["/admin"]),
        (b'{"email": "a\\u0000", "password": "x"}', 401, "login_failed", None),
        (b" " * (1024 * 1024 + 1), 413, "too_large", None),
    ],
)
async def test_a_body_that_is_no_good_is_refused(
    served: Served, body: bytes, status: int, code: str, pointers: list[str] | None
) -> None:
    json = {"Content-Type": "application/json"}
    problem = await served.problem("POST", "/api/v1/login", status, code, data=body, headers=json)
    found = [fault["pointer"] for fault in problem["errors"]] if "errors" in problem else None
    assert found == pointers
    assert faults(served, "POST", "/api/v1/login", status, problem) == []


async def test_a_body_that_grows_without_an_end_is_refused(served: Served) -> None:
    async def endless() -> Any:
        while True:
            yield b" " * 65536

    json = {"Content-Type": "application/json"}
    await served.problem("POST", "/api/v1/login", 413, "too_large", data=endless(), headers=json)


async def test_many_faults_are_not_all_told(served: Served) -> None:
    body = {"email": "a", **{f"unknown_{number}": 1 for number in range(900)}}
    problem = await served.problem("POST", "/api/v1/login", 422, "invalid", json=body)
    assert len(problem["errors"]) == 50
    assert problem["errors"][0]["pointer"] == "/password"


async def test_a_refused_password_is_not_repeated(served: Served) -> None:
    body = {"email": "a", "password": ["hunter22"], "hunter33": 1}
    problem = await served.problem("POST", "/api/v1/login", 422, "invalid", json=body)
    assert "hunter22" not in orjson.dumps(problem).decode()


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_body_of_another_type_is_refused(served: Served, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    await served.problem("POST", "/api/v1/login", 415, "unsupported_media_type", data=b"{}", headers=headers)


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(served: Served, tenant: Tenant) -> None:
    await served.problem("GET", "/api/v1/nothing", 404, "not_found")
    await served.problem("GET", "/api/v2", 404, "not_found")
    async with served.client.delete(LIST, headers=tenant.auth) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET,HEAD,POST"
        assert (await answer.json(content_type=None))["code"] == "method_not_allowed"


async def test_without_its_database_the_api_says_when_to_come_back(served: Served, tenant: Tenant) -> None:
    await served.pool.close()
    async with served.client.get(LIST, headers=tenant.auth) as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert (await answer.json(content_type=None))["code"] == "database_unavailable"
    body = {"email": "a@example.org", "password": "x"}
    await served.problem("POST", "/api/v1/login", 503, "database_unavailable", json=body)


async def test_a_hostile_raw_request_gets_no_trace(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    for raw in [b"GET / HTTP/9.9\r\n\r\n", b"\x00\x01\r\n\r\n", b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\n"
                b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"]:  # fmt: skip
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(raw)
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(4096), 10)
        assert answer.startswith(b"HTTP/1.1 400") or answer.startswith(b"HTTP/1.0 400"), answer
        assert b"Traceback" not in answer
        writer.close()


def test_an_address_is_compared_as_it_is_stored() -> None:
    assert login.normal(" Jane@Example.ORG\n") == "jane@example.org"
    assert login.normal("jose\u0301@example.org") == "josé@example.org"


def test_a_cursor_comes_back_as_it_went() -> None:
    position = Position(cursors.EPOCH.replace(year=2026, microsecond=123456), parse("msg", public("msg", new_id())))
    assert cursors.position_of(cursors.cursor_of(position, ["open"]), ["open"]) == position
