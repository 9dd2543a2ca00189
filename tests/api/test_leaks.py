"""The search for secrets finds them: a test of the tests."""

from types import SimpleNamespace
from typing import cast
from uuid import UUID

import structlog
from aiohttp import ClientSession

from gateway.passage import ANSWERED
from gateway.tracing import Tracer
from tests import leaks
from tests.api.conftest import ORIGIN, Served
from tests.conftest import Tenant
from tests.ingest.posts import text, whatsapp


async def test_what_is_let_out_is_found(served: Served, tenant: Tenant) -> None:
    await served.log_in(tenant)
    assert leaks.take() == []
    leaks.know("canary", str(tenant.id))  # is told here and there, since it is none
    await served.get("/api/v1/me", tenant)
    async with served.client.get("/api/v1/login", headers=ORIGIN):
        pass
    assert set(leaks.take()) == {
        "a secret (canary) stands in the answer to GET /api/v1/me",
        "a secret (canary) stands in the log event request, before it is redacted",
        "a secret (canary) stands in a log line",
    }
    leaks.know("canary", "a quiet canary in a mine")
    structlog.get_logger().warning("careless", password="a quiet canary in a mine")
    assert leaks.take() == ["a secret (canary) stands in the log event careless, before it is redacted"]
    leaks.forget()  # or what was caught of these lines would count too


async def test_what_an_operation_is_for_may_be_answered_by_no_other(served: Served, tenant: Tenant) -> None:
    new = {"name": "Till", "scopes": ["inbox.read"]}
    async with served.client.post("/api/v1/api-keys", json=new, headers=tenant.auth) as answer:
        key = (await answer.json())["key"].split("_", 2)[2]
    assert leaks.take() == []
    leaks.search(f"… {key} …", "somewhere")
    assert leaks.take() == ["a secret (token) stands in somewhere"]


async def test_what_is_somebodys_stands_in_no_line_label_or_span(client: ClientSession, tenant: Tenant) -> None:
    said, code = "the key is under the blue mat", "Q-7781203"
    webhook = whatsapp(tenant.integration("whatsapp_cloud"), [text("wamid.canary", said, "12025550177")])
    assert await webhook.send(client) == 200
    async with client.post(
        "/api/v1/customers", json={"name": "Jo", "customer_code": code}, headers=tenant.auth
    ) as made:
        assert made.status == 201
    assert leaks.take() == []
    for value in (said, "wamid.canary", "12025550177", code):
        structlog.get_logger().info("careless", value=value)
        assert len(leaks.take()) == 2, value  # before anything is taken out of it, and the line
    ANSWERED.labels(said, "200")
    unkept = cast("Tracer", SimpleNamespace(keeps=lambda _: False))
    Tracer.span(unkept, "canary", UUID(int=1), 0, 0, {"said": said})
    assert leaks.take() == [
        "somebody's text stands in a label of a metric",
        "somebody's text stands in the span canary",
    ]
    leaks.forget()
    ANSWERED.remove(said, "200")
