"""Uploads, and the links to what was uploaded."""

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import FormData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.api.ranges import Part, part_of
from gateway.files.keeping import UNUSED
from gateway.files.links import SHORT
from tests.api.conftest import FILE_LIMIT, ORIGIN, Served
from tests.api.contract import faults
from tests.conftest import Database, Tenant
from tests.files.samples import GIF_AND_SCRIPT, HTML, PDF, PDF_AND_HTML, SVG, mp4, png

FILES = "/api/v1/files"
ODT = "application/vnd.oasis.opendocument.text"


async def upload(served: Served, tenant: Tenant, body: bytes, name: str = "a.bin", type_: str = "image/png") -> Any:
    """Upload a file as the body itself."""
    headers = {**tenant.auth, "Content-Type": type_}
    async with served.client.post(FILES, data=body, params={"filename": name}, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return await answer.json()


def path_of(file: Any) -> str:
    """Return the path of a file's link."""
    path: str = urlsplit(file["link"]["url"]).path
    return path


async def test_an_uploaded_picture_is_described_by_its_bytes(served: Served, tenant: Tenant) -> None:
    file = await upload(served, tenant, png(40, 30), "../../etc/Straße.png", "text/html")
    assert faults(served, "POST", FILES, 201, file) == []
    assert (file["mime_type"], file["width"], file["height"]) == ("image/png", 40, 30)
    assert (file["filename"], file["size"]) == ("Straße.png", len(png(40, 30)))
    assert file["sha256"] == hashlib.sha256(png(40, 30)).hexdigest()
    again = await served.get(f"{FILES}/{file['id']}", tenant)
    assert {**again, "link": None} == {**file, "link": None}


async def test_a_form_may_hold_the_file(served: Served, tenant: Tenant) -> None:
    form = FormData()
    form.add_field("words", "before it")
    form.add_field("file", mp4(seconds=2.5), filename="clip.mp4", content_type="video/mp4")
    async with served.client.post(FILES, data=form, headers=tenant.auth) as answer:
        assert answer.status == 201, await answer.text()
        file = await answer.json()
    assert (file["filename"], file["mime_type"], file["duration_ms"]) == ("clip.mp4", "video/mp4", 2500)
    assert (file["width"], file["height"]) == (320, 240)


async def test_the_owner_of_a_session_is_noted(served: Served, tenant: Tenant, database: Database) -> None:
    cookies = {"postgate_session": await served.log_in(tenant)}
    async with served.client.post(FILES, data=b"words", headers=ORIGIN, cookies=cookies) as answer:
        assert answer.status == 201, await answer.text()
        file = await answer.json()
    assert file["uploaded_by"] == "usr_" + (await database.value("SELECT user_id FROM memberships")).hex
    async with served.client.post(FILES, data=b"words", cookies=cookies) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 422, "invalid"),
        (b"x" * (FILE_LIMIT + 1), {}, 413, "too_large"),
        (b"--b\r\n\r\n", {"Content-Type": "multipart/form-data"}, 400, "malformed"),
        (b"nothing of the kind", {"Content-Type": "multipart/form-data; boundary=b"}, 400, "malformed"),
        (
            b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\ny\r\n--b--\r\n",
            {"Content-Type": "multipart/form-data; boundary=b"},
            422,
            "invalid",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf of a fi',
            {"Content-Type": "multipart/form-data; boundary=b"},
            400,
            "malformed",
        ),
        *[
            (
                b"--b\r\n" + head + b"\r\n\r\ny\r\n--b--\r\n",
                {"Content-Type": "multipart/form-data; boundary=b"},
                400,
                "malformed",
            )
            for head in (
                b'Content-Disposition: form-data; name="file"; filename="a\0b"',
                b"no colon",
                b"X: " + b"x" * 10_000,
                b"\r\n".join(b"X-%d: x" % number for number in range(200)),
                b'Content-Disposition: form-data; name="_charset_"\r\n\r\n' + b"x" * 40,
            )
        ],
    ],
    ids=[
        "empty",
        "too large",
        "no boundary",
        "no form",
        "no file in it",
        "broken off",
        "NUL in a name",
        "no header",
        "long header",
        "many headers",
        "long charset",
    ],
)
async def test_what_cannot_be_taken_is_refused_and_leaves_nothing(
    served: Served, tenant: Tenant, database: Database, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    await served.problem("POST", FILES, status, code, data=body, headers={**tenant.auth, **headers})
    assert await database.value("SELECT count(*) FROM files") == 0


async def test_a_large_file_is_refused_while_it_comes(served: Served, tenant: Tenant) -> None:
    async def endless() -> Any:
        for _ in range(FILE_LIMIT // 1024 + 10):
            yield b"x" * 1024

    await served.problem("POST", FILES, 413, "too_large", data=endless(), headers=tenant.auth)


async def test_the_same_bytes_lie_there_once(served: Served, tenant: Tenant, other: Tenant, database: Database) -> None:
    first, second = await upload(served, tenant, PDF, "a.pdf"), await upload(served, tenant, PDF, "b.pdf")
    theirs = await upload(served, other, PDF)
    assert len({first["id"], second["id"], theirs["id"]}) == 3
    keys = await database.fetch("SELECT DISTINCT tenant_id, storage_key FROM files")
    assert {key["tenant_id"] for key in keys} == {tenant.id, other.id}
    assert len(keys) == 2


async def test_a_link_gives_the_bytes_to_whoever_has_it(served: Served, tenant: Tenant) -> None:
    file = await upload(served, tenant, PDF, "Angebot für Sie.pdf")
    async with served.client.get(path_of(file)) as answer:
        assert (answer.status, await answer.read()) == (200, PDF)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"].startswith("private, ")
        shown = answer.headers["Content-Disposition"]
        etag = answer.headers["ETag"]
    assert shown == "inline; filename=\"Angebot f_r Sie.pdf\"; filename*=UTF-8''Angebot%20f%C3%BCr%20Sie.pdf"
    async with served.client.get(path_of(file) + "?download") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
    async with served.client.get(path_of(file), headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with served.client.head(path_of(file)) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(PDF)))


@pytest.mark.parametrize(
    ("body", "declared", "mime_type", "shown"),
    [
        (SVG, "image/svg+xml", "application/octet-stream", False),
        (SVG, "image/png", "application/octet-stream", False),
        (HTML, "text/html", "text/html", False),
        (HTML, "image/png", "application/octet-stream", False),
        (HTML, "video/mp4", "application/octet-stream", False),
        (GIF_AND_SCRIPT, "text/javascript", "image/gif", True),
        (PDF_AND_HTML, "text/html", "application/pdf", True),
        (b"MZ" + b"\0" * 100, "image/jpeg", "application/x-msdownload", False),
        (b"a,b\n1,2\n", "text/csv; charset=utf-8", "text/csv", False),
        (b"\0\1\2", "x\r\ny: z", "application/octet-stream", False),
        (b"PK\3\4" + b"\0" * 60, ODT, ODT, False),
        (b"PK\3\4" + b"\0" * 60, "image/png", "application/zip", False),
    ],
    ids=["svg", "svg as png", "html", "html as png", "html as a film", "gif and script", "pdf and html", "a program",
         "csv", "a broken type", "odt", "zip as png"],
)  # fmt: skip
async def test_only_what_runs_nothing_is_shown(
    served: Served, tenant: Tenant, body: bytes, declared: str, mime_type: str, shown: bool
) -> None:
    form = FormData()
    form.add_field("file", body, filename="x", content_type="application/x" if "\r" in declared else declared)
    async with served.client.post(FILES, data=form, headers=tenant.auth) as answer:
        file = await answer.json()
    if "\r" not in declared:
        assert file["mime_type"] == mime_type
    async with served.client.get(path_of(file)) as answer:
        assert answer.headers["Content-Type"] == (mime_type if shown else "application/octet-stream")
        assert answer.headers["Content-Disposition"].startswith("inline; " if shown else "attachment; ")
        policy = answer.headers["Content-Security-Policy"]
        assert ("script-src 'none'" if mime_type == "application/pdf" else "sandbox; default-src 'none'") in policy
        assert await answer.read() == body


async def test_a_link_ends(served: Served, tenant: Tenant) -> None:
    file = await upload(served, tenant, PDF)
    served.neighbours.ahead = SHORT + timedelta(seconds=1)
    await served.problem("GET", path_of(file), 404, "link_invalid")


async def test_a_link_of_a_suspended_tenant_leads_nowhere(served: Served, tenant: Tenant, database: Database) -> None:
    path = path_of(await upload(served, tenant, PDF))
    await database.fetch("UPDATE tenants SET status = 'suspended' WHERE id = $1", tenant.id)
    await served.problem("GET", path, 404, "link_invalid")


async def test_a_changed_link_leads_nowhere(served: Served, tenant: Tenant, other: Tenant) -> None:
    path = path_of(await upload(served, tenant, PDF))
    theirs = path_of(await upload(served, other, PDF))
    token = path.removeprefix("/media/")
    for place in range(0, len(token), 5):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        await served.problem("GET", f"/media/{changed}", 404, "link_invalid")
    mixed = theirs.partition(".")[0] + "." + path.partition(".")[2]
    for wrong in (mixed, "/media/x", "/media/a.b", "/media/%FF.%FF", path + "0", path.partition(".")[0]):
        await served.problem("GET", wrong, 404, "link_invalid")


async def test_another_tenant_sees_no_file(served: Served, tenant: Tenant, other: Tenant) -> None:
    file = await upload(served, tenant, PDF)
    await served.problem("GET", f"{FILES}/{file['id']}", 404, "not_found", headers=other.auth)


async def test_a_file_whose_time_is_over_is_not_handed_out(served: Served, tenant: Tenant, database: Database) -> None:
    file = await upload(served, tenant, PDF)
    assert UNUSED > SHORT
    await database.script("UPDATE files SET expires_at = now()")
    await served.problem("GET", path_of(file), 404, "link_invalid")
    await served.problem("GET", f"{FILES}/{file['id']}", 404, "not_found", headers=tenant.auth)


async def test_bytes_that_are_gone_are_a_problem_and_come_back_with_a_new_upload(
    served: Served, tenant: Tenant, assets: Any
) -> None:
    file = await upload(served, tenant, PDF)
    (place,) = [path for path in (assets.parent / "files").rglob("*") if path.name == file["sha256"]]
    place.unlink()
    await served.problem("GET", path_of(file), 404, "content_missing")
    await upload(served, tenant, PDF)
    async with served.client.get(path_of(file)) as answer:
        assert await answer.read() == PDF


async def test_a_full_disk_is_a_problem_and_leaves_nothing_half(
    served: Served, tenant: Tenant, assets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("gateway.files.disk._sync", full)
        await served.problem("POST", FILES, 503, "storage_unavailable", data=PDF, headers=tenant.auth)
    assert list((assets.parent / "files" / "incoming").iterdir()) == []
    file = await upload(served, tenant, PDF)
    async with served.client.get(path_of(file)) as answer:
        assert await answer.read() == PDF


@pytest.mark.parametrize(
    ("header", "status", "content_range"),
    [
        ("bytes=0-0", 206, "bytes 0-0/{size}"),
        ("bytes=-5", 206, "bytes {last5}-{last}/{size}"),
        ("bytes=10-", 206, "bytes 10-{last}/{size}"),
        ("bytes=10-99999", 206, "bytes 10-{last}/{size}"),
        ("bytes=9999-", 416, "bytes */{size}"),
        ("bytes=-0", 416, "bytes */{size}"),
        ("bytes=5-2", 200, None),
        ("bytes=0-1,3-4", 200, None),
        ("lines=0-1", 200, None),
    ],
)
async def test_a_part_of_a_file_can_be_had(
    served: Served, tenant: Tenant, header: str, status: int, content_range: str | None
) -> None:
    size = len(PDF)
    file = await upload(served, tenant, PDF)
    async with served.client.get(path_of(file), headers={"Range": header}) as answer:
        assert answer.status == status
        told = content_range and content_range.format(size=size, last=size - 1, last5=size - 5)
        assert answer.headers.get("Content-Range") == told
        if status == 206:
            first, last = answer.headers["Content-Range"].removeprefix("bytes ").partition("/")[0].split("-")
            assert await answer.read() == PDF[int(first) : int(last) + 1]


async def test_a_part_of_another_version_is_not_mixed_in(served: Served, tenant: Tenant) -> None:
    file = await upload(served, tenant, PDF)
    async with served.client.get(path_of(file), headers={"Range": "bytes=0-1", "If-Range": '"another"'}) as answer:
        assert (answer.status, await answer.read()) == (200, PDF)


@given(st.integers(1, 50), st.integers(0, 60), st.integers(0, 60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_are_within_the_file_and_what_was_asked_for(size: int, first: int, last: int) -> None:
    content = bytes(range(size))
    part = part_of(f"bytes={first}-{last}", size)
    if first > last:
        assert part is None
    elif first >= size:
        assert part == Part(size, size)
    else:
        assert part is not None
        assert content[part.start : part.end] == content[first : last + 1]
    tail = part_of(f"bytes=-{last}", size)
    assert tail is not None
    assert content[tail.start : tail.end] == (content[-last:] if last else b"")


@given(st.text(max_size=40))
def test_any_header_is_a_part_or_none(header: str) -> None:
    part = part_of(header, 10)
    assert part is None or 0 <= part.start <= part.end <= 10
