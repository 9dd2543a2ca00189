"""What operators see: health, measurements, and one line per request."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from gateway.answering import problems
from gateway.migrate import load
from gateway.request_log import request_log
from gateway.response_headers import add_headers
from tests.api.conftest import Served
from tests.conftest import Database, Tenant


async def test_the_process_is_alive_even_without_its_database(served: Served) -> None:
    await served.pool.close()
    async with served.client.get("/healthz") as answer:
        assert (answer.status, await answer.json()) == (200, {"status": "ok"})
    async with served.client.get("/readyz") as answer:
        assert answer.status == 503
        assert (await answer.json())["checks"]["database"]["ok"] is False


async def test_it_is_ready_on_a_database_of_its_version(served: Served, database: Database) -> None:
    async with served.client.get("/readyz") as answer:
        assert answer.status == 200
        newest = load()[-1].version
        assert (await answer.json())["checks"]["database"] == {"ok": True, "detail": {"version": newest}}
    rename = "UPDATE schema_migrations SET version = $2 WHERE version = $1"
    await database.fetch(rename, newest, -newest)
    try:
        async with served.client.get("/readyz") as answer:
            assert answer.status == 503
            assert str(newest) in (await answer.json())["checks"]["database"]["detail"]
    finally:  # the database is used again, and this table is never emptied
        await database.fetch(rename, -newest, newest)


async def test_requests_are_measured_by_route(served: Served) -> None:
    async with served.client.get("/api/v1/messages/msg_1/html"):
        pass
    async with served.client.get("/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert 'route="/api/v1/messages/{id}/html",status="401"' in await answer.text()


async def test_a_request_is_one_line_without_secrets(served: Served, tenant: Tenant) -> None:
    with capture_logs() as lines:
        query = "?cursor=secret-looking-text"
        async with served.client.get("/api/v1/conversations" + query, headers=tenant.auth) as answer:
            assert answer.status == 400
            shown = answer.headers["X-Request-Id"]
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/conversations", 400)
    assert (line["request_id"], line["tenant"]) == (shown, str(tenant.id))
    assert line["bytes"] > 0
    assert "secret-looking-text" not in str(lines)
    assert tenant.ready["api_key"] not in str(lines)


@pytest.fixture
async def broken() -> Any:
    """An application with bugs, behind the same middlewares."""

    async def fail(_request: web.Request) -> web.Response:
        raise RuntimeError("the password is hunter22")

    async def fail_late(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"half of i")
        raise RuntimeError("late")

    async def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/healthz")

    app = web.Application(middlewares=[request_log, problems])
    add_headers(app, "http://gateway.test")
    app.router.add_get("/fail", fail)
    app.router.add_get("/late", fail_late)
    app.router.add_get("/elsewhere", elsewhere)
    app.router.add_get("/hooks/1", fail)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.parametrize("path", ["/fail", "/hooks/1"])
async def test_a_bug_of_ours_is_logged_once_and_not_shown(broken: Any, path: str) -> None:
    with capture_logs() as lines:
        answer = await broken.get(path)
        text = await answer.text()
    assert answer.status == 500
    assert answer.content_type == "application/problem+json"
    assert "hunter22" not in text
    assert "Traceback" not in text
    failures = [line for line in lines if line["event"] == "request_failed"]
    assert [line["exc_info"] for line in failures] == [True]


async def test_an_answer_that_breaks_off_is_seen_to_be_incomplete(broken: Any) -> None:
    with capture_logs() as lines:
        answer = await broken.get("/late")
        assert answer.status == 200
        with pytest.raises(Exception, match="payload"):
            await answer.read()
    assert sum(line["event"] == "request_failed" for line in lines) == 1


async def test_a_redirection_passes(broken: Any) -> None:
    answer = await broken.get("/elsewhere", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (302, "/healthz")


async def test_a_webhook_has_a_line_of_its_own_and_one_that_fails_an_id(broken: Any) -> None:
    with capture_logs() as lines:
        answer = await broken.get("/hooks/1")
    [line] = [line for line in lines if line["event"] == "webhook"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert not [line for line in lines if line["event"] == "request"]
