"""The search for secrets finds them: a test of the tests."""

import structlog

from tests import leaks
from tests.api.conftest import ORIGIN, Served
from tests.conftest import Tenant


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
