"""The API inside the whole gateway."""

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.openapi import reading
from gateway.running import Running
from tests.conftest import Tenant


async def test_the_document_describes_every_route_of_every_feature(client: ClientSession, gateway: Running) -> None:
    async with client.get("/openapi.json") as answer:
        document: dict[str, Any] = await answer.json()
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    described = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    mounted = {
        (route.method, route.resource.canonical)
        for route in gateway.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/") and route.method != "HEAD"
    }
    assert len(mounted) > 10
    assert mounted <= described


async def test_the_gateway_is_ready(client: ClientSession) -> None:
    async with client.get("/readyz") as answer:
        assert answer.status == 200, await answer.text()


async def test_a_webhook_that_nobody_signed_is_a_problem(client: ClientSession, tenant: Tenant) -> None:
    path = f"/hooks/{tenant.integration('twilio')['id']}"
    async with client.post(path, data=b"x=1") as answer:
        assert (answer.status, answer.content_type) == (401, "application/problem+json")
        assert (await answer.json(content_type=None))["code"] == "signature_invalid"


async def test_a_session_reads_what_a_key_reads(client: ClientSession, tenant: Tenant) -> None:
    body = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
    async with client.post("/api/v1/login", json=body, headers={"Origin": "http://gateway.test"}) as answer:
        assert answer.status == 200
        cookies = {"postgate_session": answer.cookies["postgate_session"].value}
    async with client.get("/api/v1/conversations", cookies=cookies) as answer:
        seen = await answer.json()
    async with client.get("/api/v1/conversations", headers=tenant.auth) as answer:
        assert await answer.json() == seen


async def raw(gateway: Running, request: bytes) -> bytes:
    """Send bytes, and return what comes until the server hangs up."""
    place = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(request)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pgk_secret\x01\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nCookie: postgate_session=pgk_secret" + b"a" * 9000 + b"\r\n\r\n",
        b"pgk_secret / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /hooks/int_1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\npgk_secret\r\n",
    ],
    ids=["a control character", "a long cookie", "an odd method", "a bad chunk"],
)
async def test_what_cannot_be_read_is_not_quoted(
    gateway: Running, capfd: pytest.CaptureFixture[str], request_: bytes
) -> None:
    head, _, body = (await raw(gateway, request_)).partition(b"\r\n\r\n")
    assert 400 <= int(head.split()[1]) < 500
    assert json.loads(body)["status"] == int(head.split()[1])
    out, err = capfd.readouterr()
    assert "pgk_secret" not in body.decode() + out + err
    assert "Traceback" not in out + err


async def test_a_body_that_is_not_compressed_as_it_says_leaves_no_trace(
    gateway: Running, tenant: Tenant, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    known = urlsplit(tenant.integration("whatsapp_cloud")["hook_url"]).path
    for path in (known, f"/hooks/int_{'0' * 32}"):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n"
        answer = await raw(gateway, head.encode() + b"not gzip all")
        assert 400 <= int(answer.split()[1]) < 500
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err + caplog.text
    assert "Unhandled" not in out + err + caplog.text


async def test_a_compressed_body_that_is_refused_is_not_unpacked_to_its_end(gateway: Running) -> None:
    packed = gzip.compress(b" " * 2_000_000)
    head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
    head += f"Content-Length: {len(packed) + 1}\r\n\r\n"
    async with asyncio.timeout(5):  # it would wait ten seconds for the last byte
        answer = await raw(gateway, head.encode() + packed)
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_whose_end_does_not_come_is_not_waited_for(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BODY_SECONDS", 0.05)
    head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nOrigin: http://gateway.test\r\nConnection: close\r\n"
    place = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 999\r\n\r\n{{".encode())
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    writer.close()


async def test_a_browser_may_name_itself_in_any_bytes(gateway: Running, tenant: Tenant) -> None:
    login = json.dumps({"email": tenant.ready["email"], "password": tenant.ready["password"]}).encode()
    head = b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nUser-Agent: \xff\xfe\r\nContent-Type: application/json\r\n"
    head += b"Connection: close\r\nContent-Length: " + str(len(login)).encode() + b"\r\n\r\n"
    assert (await raw(gateway, head + login)).startswith(b"HTTP/1.1 200 ")
