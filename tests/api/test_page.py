"""The page, its files, and the headers that guard it."""

import os
from pathlib import Path

import pytest

from gateway.response_headers import policy
from tests.api.conftest import Served
from tests.conftest import Tenant


@pytest.mark.parametrize("path", ["/", "/login", "/c/cnv_123", "/c/a/b"])
async def test_every_address_of_the_page_is_the_page(served: Served, path: str) -> None:
    async with served.client.get(path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "<title>Postgate</title>" in await answer.text()


async def test_a_file_with_a_digest_in_its_name_is_kept_for_ever(served: Served) -> None:
    async with served.client.get("/assets/index-Ab12_-9z.js") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.content_type == "text/javascript"
        assert answer.headers["Content-Encoding"] == "gzip"
        assert (await answer.text()).startswith("console.log(1);")
    async with served.client.get("/assets/theme.js") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Content-Encoding" not in answer.headers  # one byte does not shrink
        tag = {"If-None-Match": answer.headers["ETag"]}
    async with served.client.get("/assets/theme.js", headers=tag) as answer:
        assert answer.status == 304


@pytest.mark.parametrize(
    "path", ["/assets/nothing.js", "/assets/../index.html", "/assets/%2e%2e/index.html", "/assets//etc/passwd",
             "/assets/..%2f..%2fetc%2fpasswd", "/assets/%00"]
)  # fmt: skip
async def test_nothing_but_the_built_files_is_served(served: Served, path: str) -> None:
    await served.problem("GET", path, 404, "not_found")


async def test_a_page_built_anew_is_served_anew(served: Served, assets: Path) -> None:
    async with served.client.get("/"):
        pass
    index = assets / "index.html"
    index.write_text("new")
    os.utime(index, (1, 1))
    async with served.client.get("/") as answer:
        assert await answer.text() == "new"


async def test_without_its_files_the_page_says_how_to_build_them(served: Served, assets: Path) -> None:
    (assets / "index.html").unlink()
    for path in ("/", "/assets/theme.js"):
        problem = await served.problem("GET", path, 503, "page_not_built")
        assert "make web" in problem["detail"]


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/openapi.json", "/api/v1/me", "/nothing", "/media/x", "/assets/theme.js"]
)
async def test_every_answer_is_guarded(served: Served, path: str) -> None:
    async with served.client.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Content-Security-Policy"] == policy("http://gateway.test")
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "microphone=()" in answer.headers["Permissions-Policy"]
        assert "Cache-Control" in answer.headers
        assert "Server" not in answer.headers
        assert len(answer.headers["X-Request-Id"]) == 16


def test_the_policy_allows_nothing_inline_and_names_the_websocket() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy("https://in.example.org:8443").split("; "))
    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["connect-src"] == "'self' wss://in.example.org:8443"
    assert rules["require-trusted-types-for"] == "'script'"
    assert {rules[name] for name in ("frame-ancestors", "base-uri", "object-src")} == {"'none'"}
    assert "unsafe" not in str(rules)


async def test_answers_with_somebodys_data_are_not_kept(served: Served, tenant: Tenant) -> None:
    for path in ("/api/v1/me", "/api/v1/conversations", "/api/v1/webhooks"):
        async with served.client.get(path, headers=tenant.auth) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
