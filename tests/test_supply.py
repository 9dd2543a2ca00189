"""What is built of others' work: that it is locked, under which licences, and what is told of it."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from scripts.advisories import CLEAN, NOT_ASKED, VULNERABLE, advisories, told
from scripts.licences import PERMITTED, REPORT, allows, installed_here, refused, unlike
from scripts.locked import ROOT, Package, packages
from scripts.sbom import bill

PURL = re.compile(r"pkg:(?:pypi|npm|docker|generic)/(?:%40[a-z0-9._-]+/)?[A-Za-z0-9._-]+@[\w.+:-]+(?:\?tag=[\w.-]+)?")


def test_locks_are_read_whole() -> None:
    locked = {(one.registry, one.name): one for one in packages()}
    aiohttp, preact, pytest_itself = locked["pypi", "aiohttp"], locked["npm", "preact"], locked["pypi", "pytest"]
    assert aiohttp.shipped
    assert preact.shipped
    assert not pytest_itself.shipped
    assert not locked["npm", "vite"].shipped
    assert len(aiohttp.digests) > 10
    assert {"twilio"} <= aiohttp.needed_by
    assert preact.licence == "MIT"
    assert [one.url for one in locked.values() if not one.digests] == []
    for lock in (ROOT / "requirements").glob("*.txt"):
        names = re.findall(r"^([a-z0-9._-]+)==", lock.read_text("utf-8"), re.MULTILINE)
        assert [name for name in names if ("pypi", name) not in locked] == [], lock.name


def test_every_licence_is_noted_and_allowed() -> None:
    written = REPORT.read_text("utf-8")
    assert [*unlike(written, packages(), installed_here()), *refused(written)] == []


def test_a_licence_that_may_not_be_is_found() -> None:
    written, locked, installed = REPORT.read_text("utf-8"), packages(), installed_here()
    lines = written.splitlines(keepends=True)
    aiohttp = next(line for line in lines if "\taiohttp\t" in line)

    def faults(changed: str) -> list[str]:
        return [*unlike(changed, locked, installed), *refused(changed)]

    assert "is missing" in faults(written.replace(aiohttp, ""))[0]
    strict = written.replace(aiohttp, re.sub(r"\S+ AND MIT", "AGPL-3.0-only", aiohttp))
    assert "AGPL-3.0-only, which is not on the list" in faults(strict)[-1]
    assert "noted as tool" in " ".join(faults(written.replace(aiohttp, aiohttp.replace("shipped", "tool"))))
    assert "is not locked" in " ".join(faults(written + aiohttp.replace("aiohttp", "aiohttp-of-others")))
    pygal = next(line for line in lines if "\tpygal\t" in line)  # a tool's licence is none for what is shipped
    assert "(shipped) is under LGPL" in next(refused(lines[0] + pygal.replace("\ttool", "\tshipped")))


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("MIT", True), ("GPL-3.0-only", False), ("MIT OR GPL-3.0-only", True), ("MIT AND GPL-3.0-only", False),
        ("MPL-2.0 AND (Apache-2.0 OR GPL-3.0-only)", True), ("(GPL-3.0-only OR MIT) AND ISC", True),
        ("MIT OR ISC AND GPL-3.0-only", True), ("(MIT OR ISC) AND GPL-3.0-only", False),
    ],
)  # fmt: skip
def test_an_expression_leaves_a_way_or_none(expression: str, fits: bool) -> None:
    assert allows(expression, PERMITTED) is fits


@pytest.mark.parametrize("words", ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "MIT/ISC", "AND MIT"])
def test_what_is_no_expression_is_not_guessed(words: str) -> None:
    with pytest.raises(ValueError, match="SPDX expression"):
        allows(words, PERMITTED)


def test_the_bill_of_materials_is_whole_and_always_the_same() -> None:
    said = bill()
    assert orjson.dumps(said) == orjson.dumps(bill())
    assert (said["bomFormat"], said["specVersion"], said["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", said["serialNumber"])
    components = [said["metadata"]["component"], *said["components"]]
    refs = [one["bom-ref"] for one in components]
    assert len(set(refs)) == len(refs) == len(packages()) + 3  # and ourselves, and two images
    assert [ref for ref in refs if not PURL.fullmatch(ref)] == []
    assert {one["type"] for one in components} == {"application", "library", "container"}
    assert {one.get("scope") for one in components if one["type"] == "library"} == {"required", "excluded"}
    for one in said["components"]:
        hashes = one.get("hashes") or one["externalReferences"][0]["hashes"]
        lengths = {"SHA-256": 64, "SHA-512": 128}
        assert all(re.fullmatch(f"[0-9a-f]{{{lengths[each['alg']]}}}", each["content"]) for each in hashes)
        assert one["type"] == "container" or one["licenses"]
    edges = {edge["ref"]: edge["dependsOn"] for edge in said["dependencies"]}
    assert {other for others in edges.values() for other in others} <= set(refs)
    reached, asked = set(), [refs[0]]
    while asked:
        asked = [other for ref in asked for other in edges.get(ref, []) if other not in reached]
        reached.update(asked)
    assert set(refs[1:]) - reached == set()  # nothing is there that nobody asked for


def test_the_image_is_built_on_what_a_digest_names() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    bases = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", dockerfile, re.MULTILINE))
    named = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert {name.strip("${}") for name in named} == set(bases)
    assert [image for image in bases.values() if not re.search(r"@sha256:[0-9a-f]{64}$", image)] == []


@contextmanager
def database(answers: dict[str, list[str]], status: int = 200, pages: bool = False) -> Iterator[str]:
    """Run a stand-in for the database: ``answers`` has the advisories by package URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            body = orjson.dumps({"results": [self.result(one) for one in asked]})
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def result(self, one: Any) -> dict[str, Any]:
            ids = answers.get(one["package"]["purl"], [])
            if pages and len(ids) > 1 and "page_token" not in one:
                return {"vulns": [{"id": ids[0]}], "next_page_token": "1"}
            return {"vulns": [{"id": name} for name in ids[1:] if "page_token" in one] or [{"id": i} for i in ids]}

        def log_message(self, *_words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_advisory_is_enough_and_so_is_no_answer() -> None:
    one = Package("pypi", "thing", "1.0", True, ("0" * 64,))
    some = [one, *(replace(one, name=f"thing{number}") for number in range(1200))]
    with database({}) as clean:
        assert told(some, clean)[0] == CLEAN
    with database({"pkg:pypi/thing@1.0": ["A-1", "A-2"], "pkg:pypi/thing777@1.0": ["A-3"]}, pages=True) as full:
        found = asyncio.run(advisories(some, full))
        status, words = told(some, full)
    assert found == {"pkg:pypi/thing@1.0": ["A-1", "A-2"], "pkg:pypi/thing777@1.0": ["A-3"]}
    assert status == VULNERABLE
    assert "pkg:pypi/thing777@1.0 has A-3" in " ".join(words)
    with database({}, status=500) as broken:
        assert told(some, broken)[0] == NOT_ASKED
    status, words = told(some, clean)  # it is gone
    assert status == NOT_ASKED
    assert "nothing is known about 1201 packages" in next(words)
