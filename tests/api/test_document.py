"""The description of the API, held against what the API does."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.openapi import Answer, Api, NoBody, NoQuery, Operation
from gateway.openapi.document import build
from gateway.problems import INTERNAL, TABLE
from tests import leaks
from tests.api.conftest import ORIGIN, Served
from tests.api.contract import document, faults
from tests.api.rows import Rows
from tests.conftest import Tenant

FUZZ_SECONDS = 12
#: ignored_auth sends a wrong cookie beside our right key, and the key counts; a random cursor fits the schema but is
#: none that was given out. Both have tests of their own.
NOT_JUDGED = "ignored_auth,positive_data_acceptance"


async def test_the_document_is_valid(served: Served) -> None:
    async with served.client.get("/openapi.json") as answer:
        assert answer.status == 200
        served_document = await answer.json()
    assert list(OpenAPIV31SpecValidator(served_document).iter_errors()) == []
    assert served_document["info"]["title"] == "Postgate"
    names = [m["operationId"] for path in served_document["paths"].values() for m in path.values()]
    assert len(names) == len(set(names)) == len(served.api.mounted)


async def test_each_route_of_the_api_is_described(served: Served) -> None:
    described = {(method.upper(), path) for path, one in document(served)["paths"].items() for method in one}
    mounted = {(one.operation.method, one.operation.path) for one in served.api.mounted}
    assert described == mounted


async def test_a_login_answers_what_the_document_says(served: Served, tenant: Tenant) -> None:
    body = {"email": tenant.ready["email"], "password": tenant.ready["password"]}
    async with served.client.post("/api/v1/login", json=body, headers=ORIGIN) as answer:
        assert faults(served, "POST", "/api/v1/login", 200, await answer.json()) == []


def test_an_operation_says_what_it_may_refuse() -> None:
    api = Api(web.Application())

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response()

    operation = Operation(
        method="POST", path="/x/{id}", name="x", tag="X", summary="X.", query=NoQuery, body=NoBody,
        answers={204: Answer("Done.", content_type=None)}, id_prefix="lbl",
    )  # fmt: skip
    api.add_raw(operation, handler)
    described = build(api.mounted, "1", "")["paths"]["/x/{id}"]["post"]
    assert set(described["responses"]) == {"204", "401", "403", "404", "422", "429", "503"}
    assert described["security"] == [{"session": []}, {"api_key": []}]


class Links(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            if name in {"href", "src"}:
                self.targets.add(value or "")


@pytest.mark.parametrize("path", ["/docs", "/docs/problems"])
async def test_the_page_of_the_description_needs_nothing_from_elsewhere(served: Served, path: str) -> None:
    async with served.client.get(path) as answer:
        assert answer.status == 200
        page = Links()
        page.feed(await answer.text())
    assert not page.tags & {"script", "style", "iframe"}
    assert {target[1:] for target in page.targets if target.startswith("#")} <= page.ids
    for target in page.targets:
        if not target.startswith(("#", "data:")):
            async with served.client.get(target) as found:
                assert found.status == 200, target


async def test_the_page_shows_every_operation_and_every_problem(served: Served) -> None:
    async with served.client.get("/docs") as answer:
        text = await answer.text()
    for mounted in served.api.mounted:
        assert f"<span class='path'>{mounted.operation.path}</span>" in text
    async with served.client.get("/docs/problems") as answer:
        text = await answer.text()
    for kind in (*TABLE.values(), INTERNAL):
        assert f"id='{kind.code}'" in text


def test_the_written_list_of_problems_is_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    kinds = {kind.code: kind for kind in (*TABLE.values(), INTERNAL)}
    assert {row[1]: row for row in rows} == {
        kind.code: (str(kind.status), kind.code, kind.title, kind.advice) for kind in kinds.values()
    }


async def test_random_requests_find_no_answer_that_is_not_described(
    served: Served, tenant: Tenant, rows: Rows, tmp_path: Path
) -> None:
    for minute in range(3):
        await rows.message(await rows.conversation(minute=minute, unread=1))
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{served.url}/openapi.json", "--checks", "all",
        "--exclude-checks", NOT_JUDGED,
        "--header", f"Authorization: {tenant.auth['Authorization']}", "--max-time", str(FUZZ_SECONDS),
        "--max-examples", "20", "--phases", "coverage,fuzzing", "--no-shrink", "--seed", "7",
        "--wait-for-schema", "60",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=PIPE, stderr=STDOUT)
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    leaks.forget()  # it enters the same words as secrets and as names
