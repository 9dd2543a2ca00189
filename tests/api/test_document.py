"""The description of the API, held against what the API does."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.model.ids import public
from gateway.openapi import Answer, Api, NoBody, NoQuery, Operation
from gateway.openapi.document import build
from gateway.problems import INTERNAL, TABLE
from tests.api.conftest import ORIGIN, Served
from tests.api.contract import document, faults
from tests.api.rows import Rows
from tests.conftest import Tenant

FUZZ_SECONDS = 12
#: ignored_auth sends a wrong cookie beside our right key, and the key counts; a random cursor fits the schema but is
#: none that was given out. Both have tests of their own.
NOT_JUDGED = "ignored_auth,positive_data_acceptance"
#: Operations whose answers are held against the document in tests of their own: they ask others, or work once.
ELSEWHERE = {
    "cancel_import", "cancel_message", "download_import_problems", "drop_draft", "get_canned_reply", "get_import",
    "get_label", "get_message_picture", "get_team", "get_view",
    "list_import_problems", "remove_identity", "self_test_connection", "sync_templates", "undo_merge",
}  # fmt: skip


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


async def test_each_answer_is_what_the_document_says(served: Served, tenant: Tenant, rows: Rows) -> None:
    conversation = await rows.conversation(unread=1)
    message = await rows.message(conversation, html="<p>hello</p>")
    webhook = await rows.webhook(state="quarantined")
    connection = tenant.integration("twilio")["id"]
    person = public("usr", UUID(tenant.facts["user_id"]))
    customer = (await served.get(f"/api/v1/conversations/{conversation}", tenant))["customer"]["id"]
    ids = {"cus": customer, "cnv": conversation, "msg": message, "whk": webhook, "int": connection, "usr": person}
    session = {"Cookie": f"postgate_session={await served.log_in(tenant)}", **ORIGIN}
    looked_at = 0
    for mounted in served.api.mounted:
        operation = mounted.operation
        if 200 not in operation.answers or operation.body is not NoBody or operation.name in ELSEWHERE:
            continue  # in the tests of what it does
        wants = any(field.is_required() for field in operation.query.model_fields.values())
        if wants or (operation.id_prefix is not None and operation.id_prefix not in ids):
            continue  # there too: there is none yet, or it is asked with more words
        path = operation.path.replace("{id}", ids.get(operation.id_prefix or "", "")).replace("{name}", "twilio")
        headers = session if operation.permission == "account.write" else tenant.auth
        async with served.client.request(operation.method, path, headers=headers) as answer:
            assert answer.status == 200, path
            (content_type,) = document(served)["paths"][operation.path][operation.method.lower()]["responses"]["200"][
                "content"
            ]
            assert answer.content_type == content_type
            body = await (answer.json() if content_type == "application/json" else answer.text())
        assert faults(served, operation.method, operation.path, 200, body) == [], path
        looked_at += 1
    assert looked_at >= 40


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
        answers={204: Answer("Done.", content_type=None)}, id_prefix="msg",
    )  # fmt: skip
    api.add_raw(operation, handler)
    described = build(api.mounted, "1", "")["paths"]["/x/{id}"]["post"]
    assert set(described["responses"]) == {"204", "401", "403", "404", "422", "503"}
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
        "--max-examples", "20", "--phases", "examples,coverage,fuzzing", "--no-shrink", "--seed", "7",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, stdout=PIPE, stderr=STDOUT)
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
