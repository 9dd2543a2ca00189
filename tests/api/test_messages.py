"""The HTML of mails."""

from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.conftest import Tenant


async def test_a_mails_html_comes_fenced_in(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.message(await rows.conversation(), html="<p>Grüße</p>")
    async with served.client.get(f"/api/v1/messages/{key}/html", headers=tenant.auth) as answer:
        assert answer.status == 200
        assert await answer.text() == "<!doctype html><p>Grüße</p>"
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", "form-action 'none'"} < set(policy)
        [sandbox] = [rule.split() for rule in policy if rule.startswith("sandbox")]
        assert not {"allow-scripts", "allow-forms", "allow-top-navigation"} & set(sandbox)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "private" in answer.headers["Cache-Control"]


async def test_pictures_that_are_not_fetched_have_no_address(served: Served, tenant: Tenant, rows: Rows) -> None:
    html = '<img alt="Plan" src="attachments/a%40x" width="9"><img src="data:image/gif;base64,AA"> src="attachments/b"'
    key = await rows.message(await rows.conversation(), html=html)
    async with served.client.get(f"/api/v1/messages/{key}/html", headers=tenant.auth) as answer:
        assert await answer.text() == "<!doctype html>" + html.replace(' src="attachments/a', ' data-file="a', 1)


async def test_a_message_without_html_has_none(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.message(await rows.conversation())
    await served.problem("GET", f"/api/v1/messages/{key}/html", 404, "not_found", headers=tenant.auth)
