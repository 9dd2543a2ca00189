"""The HTML of mails."""

from channels.http import Headers, HttpResponse
from tests.api.conftest import Served
from tests.api.rows import Rows
from tests.api.test_pictures import PNG
from tests.conftest import MakeTenant, Tenant


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


REMOTE = '<p>Hi</p><img alt="Logo" data-remote="https://127.0.0.1/logo.png"><img data-remote="https://[::1]/b.gif">'


async def test_pictures_from_elsewhere_load_through_the_gateway_once_asked_for(
    served: Served, tenant: Tenant, rows: Rows
) -> None:
    key = await rows.message(await rows.conversation(), html=REMOTE)
    async with served.client.get(f"/api/v1/messages/{key}/html", headers=tenant.auth) as answer:
        assert " src=" not in await answer.text()
    async with served.client.get(f"/api/v1/messages/{key}/html?images=true", headers=tenant.auth) as answer:
        shown = await answer.text()
        assert f'<img alt="Logo" src="/api/v1/messages/{key}/picture?number=0">' in shown
        assert f'<img src="/api/v1/messages/{key}/picture?number=1">' in shown
        assert "127.0.0.1" not in shown
        assert "img-src data: 'self'" in answer.headers["Content-Security-Policy"].split("; ")


async def test_a_picture_is_answered_as_one_and_as_nothing_else(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.message(await rows.conversation(), html=REMOTE)
    served.neighbours.provider = HttpResponse(200, PNG, Headers.of({"content-type": "text/html"}))
    async with served.client.get(f"/api/v1/messages/{key}/picture?number=1", headers=tenant.auth) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert [call.url for call in served.neighbours.called] == ["https://[::1]/b.gif"]
    served.neighbours.provider = HttpResponse(200, b"<script>alert(1)</script>")
    path = f"/api/v1/messages/{key}/picture?number=0"
    await served.problem("GET", path, 404, "picture_unavailable", headers=tenant.auth)


async def test_another_tenants_pictures_are_not_fetched(
    served: Served, tenant: Tenant, make_tenant: MakeTenant, rows: Rows
) -> None:
    key = await rows.message(await rows.conversation(), html=REMOTE)
    other = await make_tenant("other")
    await served.problem("GET", f"/api/v1/messages/{key}/picture?number=0", 404, "not_found", headers=other.auth)
    assert served.neighbours.called == []


async def test_only_the_pictures_of_the_mail_are_fetched(served: Served, tenant: Tenant, rows: Rows) -> None:
    key = await rows.message(await rows.conversation(), html=REMOTE)
    await served.problem("GET", f"/api/v1/messages/{key}/picture?number=2", 404, "not_found", headers=tenant.auth)
    await served.problem("GET", f"/api/v1/messages/{key}/picture?number=-1", 422, "invalid", headers=tenant.auth)
    plain = await rows.message(await rows.conversation())
    await served.problem("GET", f"/api/v1/messages/{plain}/picture?number=0", 404, "not_found", headers=tenant.auth)
