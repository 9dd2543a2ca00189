"""multipart/form-data is read byte for byte, within bounds, and what smuggles fields is noticed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.errors import PayloadMalformed
from channels.multipart import MOST_LOOKALIKES, MOST_PARTS, FormPart, read_multipart, write_multipart

TYPE = "multipart/form-data; boundary=xYzZY"


def body(*parts: tuple[str, bytes], end: bytes = b"--xYzZY--\r\n") -> bytes:
    written = (
        b"--xYzZY\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), raw) for head, raw in parts
    )
    return b"".join(written) + end


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_every_byte_of_every_field_comes_back(values: list[bytes]) -> None:
    written = body(*((f'name="f{number}"', value) for number, value in enumerate(values)))
    assert [(part.name, part.body) for part in read_multipart(TYPE, written).parts] == [
        (f"f{number}", value) for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"a\r\n",
        b"\r\n-xYzZY\r\n",
        b"\n--xYzZY\n",
        b"\r\n--xYzZYmore\r\n",
        b"\x00\xff",
        b"Content-Type: x\r\n\r\ny",
    ],
)
def test_what_only_looks_like_a_boundary_stays_in_the_field(raw: bytes) -> None:
    assert read_multipart(TYPE, body(('name="a"', raw), ('name="b"', b"2"))).first("a") == raw


def test_a_file_without_a_name_is_a_file() -> None:
    written = body(('name="attachment-1"; filename=""\r\nContent-Type: image/png', b"png"), ('name="x"', b"1"))
    assert list(read_multipart(TYPE, written).files()) == [FormPart("attachment-1", b"png", "", "image/png")]


def test_a_header_has_its_bounds() -> None:
    written = b"--xYzZY\r\n" + b"a: b\r\n" * 1_000_000 + b"--xYzZY--\r\n"
    (part,) = read_multipart(TYPE, written).parts
    assert len(written) - 17_000 < len(part.body) < len(written)


@example(name="\\", value=b"", filename="")
@given(st.text(max_size=10), st.binary(max_size=30), st.none() | st.text(max_size=10))
def test_what_is_written_can_be_read_again(name: str, value: bytes, filename: str | None) -> None:
    kind, written = write_multipart([FormPart("first", b"1"), FormPart(name, value, filename)])
    first, second = read_multipart(kind, written).parts
    assert (first.body, second.body) == (b"1", value)
    assert (second.filename is None) == (filename is None)


def test_names_of_files_may_be_utf_8() -> None:
    (part,) = read_multipart(TYPE, body(('name="a"; filename="März 李.pdf"', b""))).parts
    assert part.filename == "März 李.pdf"


def test_each_field_is_read_in_its_own_charset() -> None:
    form = read_multipart(TYPE, body(('name="a"', "ó".encode("cp850")), ('name="b"', "€".encode("cp1252"))))
    assert (form.text("a", "cp850"), form.text("b", "windows-1252"), form.text("none")) == ("ó", "€", "")


def test_a_field_that_came_twice_is_not_a_field_that_came_once() -> None:
    form = read_multipart(TYPE, body(('name="dkim"', b"1"), ('name="dkim"', b"2"), ('name="SPF"', b"pass")))
    assert (form.first("dkim"), form.once("dkim"), form.once("SPF"), form.once("none")) == (b"1", None, b"pass", None)


@pytest.mark.parametrize("boundary", ['"a b"', "a'()+_,-./:=?", '"----x"'])
def test_a_boundary_may_hold_what_the_standard_allows(boundary: str) -> None:
    written = body(('name="a"', b"1")).replace(b"xYzZY", boundary.strip('"').encode())
    assert read_multipart(f"multipart/form-data; boundary={boundary}", written).first("a") == b"1"


def test_white_space_may_follow_a_boundary() -> None:
    assert read_multipart(TYPE, body(('name="a"', b"1")).replace(b"xYzZY\r\n", b"xYzZY \t\r\n", 1)).first("a") == b"1"


@pytest.mark.parametrize(
    ("content_type", "written", "code"),
    [
        ("multipart/form-data", body(), "multipart_boundary"),
        ("multipart/form-data; boundary=" + "b" * 201, body(), "multipart_boundary"),
        (TYPE, b"", "multipart_incomplete"),
        (TYPE, body(('name="a"', b"1"), end=b""), "multipart_incomplete"),
        (TYPE, body(('name="a"', b"1")) + b"--xYzZY\r\n\r\n\r\n--xYzZY--", "multipart_epilogue"),
        (TYPE, body(*[('name="a"', b"")] * (MOST_PARTS + 1)), "multipart_parts"),
        (TYPE, body(('name="a"', b" --xYzZY" * (MOST_LOOKALIKES + 1))), "multipart_boundary"),
    ],
)
def test_a_body_that_is_none_is_malformed(content_type: str, written: bytes, code: str) -> None:
    with pytest.raises(PayloadMalformed) as error:
        read_multipart(content_type, written)
    assert error.value.code == code


def test_the_most_parts_are_still_read() -> None:
    assert len(read_multipart(TYPE, body(*[('name="a"', b"")] * MOST_PARTS)).parts) == MOST_PARTS


@given(
    st.binary(max_size=80)
    | st.lists(st.sampled_from([b"--xYzZY", b"--", b"\r\n", b"a:", b"; name=", b" "])).map(b"".join)
)
def test_any_bytes_are_a_form_or_malformed(raw: bytes) -> None:
    try:
        form = read_multipart(TYPE, raw)
    except PayloadMalformed:
        return
    assert sum(len(part.body) for part in form.parts) <= len(raw)
