"""The API inside the whole gateway."""

from typing import Any

from aiohttp import ClientSession
from openapi_spec_validator import OpenAPIV31SpecValidator

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
