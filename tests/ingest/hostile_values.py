"""Hostile values, by what they are after: each is tried in every way in (``tests/ingest/test_bad_input_table.py``)."""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence

BOMB = gzip.compress(b"\0" * 20_000_000)


def written(*texts: str) -> Sequence[bytes]:
    """Return texts as they stand in a body of JSON."""
    return [json.dumps(text).encode() for text in texts]


def zipped(name: str, content: bytes) -> bytes:
    """Return an archive with one file in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


#: As they stand in a body of JSON.
VALUES: Mapping[str, Sequence[bytes]] = {
    "SQL": written("' OR 1=1; --", "'); DROP TABLE messages; --", "\\'; --", "%_\\"),
    "NUL": written("a\0b", "\0", "a\0.png"),
    "lone surrogates": [b'"\\ud800"', b'"a\\udc00\\ud800b"', b'"\xed\xa0\x80"', b'"\xff\xfe"'],
    "bidi": written("\u202egnp.exe", "\u2066a\u2069\u202d", "\u061c\u200f"),
    "invisible": written("a\u200bb", "\ufeff", "\u2060\u00ad", "\U000e0041\U000e0042"),
    "long names": [b'"' + b"n" * size + b'"' for size in (10_000_000, 100_000, 1_000, 200_000, 5_000)],
    "deep": [
        *(b"[" * depth + b"]" * depth for depth in (100_000, 200, 1_000)), b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    "huge numbers": [b"1e400", b"9" * 400, b"-" + b"9" * 400, b"1e-400", b"0." + b"0" * 400 + b"1"],
    "no numbers": [b"NaN", b"Infinity", b"-Infinity", b"+1", b"0x10", b"01"],
    "duplicate keys": [b'{"a":1,"a":2}', b'"x","text":"y"', b'{"type":"ping","type":"resume"}'],
    "formulas": written("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\uff1d1+1", "\uff20A1", "\uff0b1"),
    "headers": written("a\r\nBcc: x@example.org", "a\nSet-Cookie: a=b", "=?utf-8?q?a=0D=0ABcc:_x?=", "a\r\n\r\n<b>"),
    "paths": written(
        "../../etc/passwd", "..\\..\\a", "%2e%2e%2fa", "%252e%252e%252fa", "/etc/passwd", "C:\\a", "..%00/a", "....//a"
    ),
    "ReDoS": written("a" * 20_000 + "!", "1 " * 10_000, "a@" * 10_000, "(" * 10_000, "<a " * 5_000, "> " * 10_000),
    "times": [
        *written("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "10000-01-01T00:00:00Z",
            "-0001-01-01T00:00:00Z", "2026-11-23T23:59:60+23:59", "2026-02-30T00:00:00Z"),
        b"-1", b"9223372036854775808", b"253402300800", b"1767225600000", b'"-62135596801"', b"1e18",
    ],
    "markup": written(
        "<script>alert(1)</script>", "<svg/onload=alert(1)>", "<img src=x onerror=alert(1)>", "javascript:alert(1)"
    ),
    "templates": written("{{7*7}}${7*7}#{7*7}%s%n{0}", "{{constructor.constructor('x')()}}"),
}  # fmt: skip
#: As whole files: what their names and types say is another thing.
FILES: Mapping[str, tuple[str, str, bytes]] = {
    "gzip bomb": ("a.gz", "application/gzip", BOMB),
    "deflate bomb": ("a.zz", "application/zlib", zlib.compress(b"\0" * 20_000_000)),
    "zip bomb": ("a.zip", "application/zip", zipped("a", b"\0" * 20_000_000)),
    "nested bombs": ("a.zip", "application/zip", zipped("b.zip", zipped("a", b"\0" * 20_000_000))),
    "zip slip": ("../../a.zip", "application/zip", zipped("../../../etc/cron.d/a", b"* * * * * root id")),
    "docx that is a bomb": ("a.docx", "application/vnd.openxmlformats", zipped("word/document.xml", b" " * 20_000_000)),
    "GIF and HTML": ("a.gif", "text/html", b"GIF89a/*<html><script>alert(1)</script>*/=1;"),
    "PDF and script": (
        "a.pdf",
        "text/html",
        b"%PDF-1.7\n<script>alert(1)</script>\n/OpenAction << /JS (app.alert(1)) >>",
    ),
    "JPEG and zip": ("a.jpg", "application/zip", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 9 + zipped("a", b"a")),
    "SVG as PNG": ("a.png", "image/png", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "HTML as PNG": ("a.png", "image/png", b"<!doctype html><script>alert(1)</script>"),
    "billion laughs": ("a.svg", "image/svg+xml", b'<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><a>&c;</a>'),
}
