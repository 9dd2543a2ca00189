"""The HTML of mails."""

from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.conftest import Tenant


async def test_a_mails_html_comes_fenced_in(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.message(await rows.conversation(), html="<p>Grüße</p>")
    async with served.client.get(f"/api/v1/messages/{key}/html", headers=tenant.auth) as answer:
        assert answer.status == 200
        assert await answer.text() == "<p>Grüße</p>"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "private" in answer.headers["Cache-Control"]


async def test_a_message_without_html_has_none(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.message(await rows.conversation())
    await served.problem("GET", f"/api/v1/messages/{key}/html", 404, "not_found", headers=tenant.auth)
