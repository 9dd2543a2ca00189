"""Hostile inputs of any size: what has made parsers slow, or fall over, somewhere."""

from collections.abc import Callable, Mapping

Shape = Callable[[int], bytes]


def repeated(unit: bytes, before: bytes = b"", after: bytes = b"") -> Shape:
    """Return a shape: one piece over and over, between two others."""

    def made(size: int) -> bytes:
        room = max(0, size - len(before) - len(after))
        return before + (unit * (room // len(unit) + 1))[:room] + after

    return made


def nested(opening: bytes, closing: bytes) -> Shape:
    """Return a shape: pieces within each other."""

    def made(size: int) -> bytes:
        depth = size // (len(opening) + len(closing))
        return opening * depth + closing * depth

    return made


def numbered(line: bytes) -> Shape:
    """Return a shape: lines, each with another number in the place of ``%d``."""

    def made(size: int) -> bytes:
        return b"".join(line % number for number in range(size // (len(line) + 4)))

    return made


#: By name; each is tried with every parser.
SHAPES: Mapping[str, Shape] = {
    "letters": repeated(b"a"),
    "letters, then a bang": repeated(b"a", after=b"!"),
    "digits": repeated(b"9"),
    "numbers": numbered(b"%d41312345 "),
    "numbers with words": repeated(b"tel ssn card 123-45-6789 4111 1111 1111 1111 AB 12 34 56 C "),
    "streets": repeated(b"12 Maple Street, Springfield, IL 62704\nCalle Mayor 5, 28013 Madrid\n"),
    "a digit and letters": repeated(b"a", b"1"),
    "spaces": repeated(b" "),
    "tabs and spaces": repeated(b" \t", b"a", b"b"),
    "line ends": repeated(b"\n"),
    "carriage returns": repeated(b"\r"),
    "CRLF": repeated(b"\r\n"),
    "folded lines": repeated(b"\r\n ", b"A: b"),
    "NULs": repeated(b"\0"),
    "bytes beyond ASCII": repeated(b"\xff"),
    "UTF-8 cut short": repeated(b"\xe2\x80"),
    "combining marks": repeated("\u0301".encode(), b"a"),
    "long foldings": repeated("\ufdfa".encode()),
    "surrogates": repeated(b"\xed\xa0\x80"),
    "bidi marks": repeated("\u202e\u200b".encode()),
    "quotes": repeated(b'"'),
    "escaped quotes": repeated(b'\\"', b'"'),
    "backslashes": repeated(b"\\"),
    "angle brackets": repeated(b"<"),
    "angle brackets, closing": repeated(b">"),
    "round brackets": repeated(b"("),
    "square brackets": repeated(b"["),
    "braces": repeated(b"{"),
    "nested lists": nested(b"[", b"]"),
    "nested objects": nested(b'{"a":', b"}"),
    "nested brackets": nested(b"(", b")"),
    "template places": repeated(b"{{a.a"),
    "commas": repeated(b","),
    "semicolons": repeated(b";"),
    "colons": repeated(b":"),
    "dots": repeated(b"."),
    "dashes": repeated(b"-"),
    "equals": repeated(b"="),
    "ampersands": repeated(b"&"),
    "percents": repeated(b"%"),
    "percent escapes": repeated(b"%61"),
    "slashes": repeated(b"/"),
    "at signs": repeated(b"@"),
    "words and at signs": repeated(b"a@"),
    "addresses": repeated(b"a@b.example, "),
    "addresses in brackets": repeated(b'"a" <a@b.example>, '),
    "half addresses": repeated(b"<a@b"),
    "a pair for each number": numbered(b"a%d=b&"),
    "a parameter for each number": numbered(b";a*%d*=b"),
    "a field for each number": numbered(b"A%d: b\r\n"),
    "a key for each number": lambda size: b"{" + numbered(b'"a%d":1,')(size) + b'"z":1}',
    "a huge number": repeated(b"9", b"1"),
    "a huge number in a list": repeated(b"9", b"[1", b"]"),
    "a tiny number": repeated(b"0", b"0.", b"1"),
    "an exponent": repeated(b"9", b"1e", b""),
    "one string": repeated(b"a", b'"', b'"'),
    "escapes of surrogates": repeated(b"\\ud800", b'"', b'"'),
    "encoded words": repeated(b"=?utf-8?q?a?= "),
    "encoded words in turns": repeated(b"=?utf-8?q?a?= =?iso-8859-1?b?YQ==?= "),
    "half encoded words": repeated(b"=?utf-8?q?"),
    "base64": repeated(b"QUFB"),
    "times": repeated(b"2026-01-01T00:00:00Z "),
    "quoted lines": repeated(b"> a\n"),
    "quote marks": repeated(b"> "),
    "attributions": repeated(b"On Mon, Jan 1, 2026 at 10:00 Jane <jane@example.org> wrote:\n"),
    "half attributions": repeated(b"On Mon a <a@b "),
    "underscores": repeated(b"_"),
    "dashed lines": repeated(b"--\n"),
    "tags": repeated(b"<a>"),
    "nested tags": nested(b"<b>", b"</b>"),
    "tags with attributes": repeated(b"<a b=c d='e' "),
    "one tag with attributes": repeated(b" a=b", b"<a"),
    "comments": repeated(b"<!--"),
    "declarations": repeated(b"<!"),
    "closed comments": repeated(b"<!---->"),
    "tables": repeated(b"<table><tr><td>"),
    "scripts": repeated(b"<script>"),
    "references": repeated(b"&#x41;"),
    "half references": repeated(b"&#x"),
    "styles": repeated(b"a:b;", b'<p style="', b'">'),
    "boundaries": repeated(b"--b\r\n"),
    "boundary look-alikes": repeated(b"--bb"),
    "parts": repeated(b"--b\r\nContent-Type: text/plain\r\n\r\na\r\n"),
    "nested parts": repeated(b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"),
    "dates": repeated(b"1 Jan 2026 "),
    "status codes": repeated(b"5.1.1"),
    "plus signs": repeated(b"+"),
    "asterisks": repeated(b"*"),
    "apostrophes": repeated(b"'"),
    "jwt dots": repeated(b"eyJ."),
    "links": repeated(b"http://a"),
    "credentials": repeated(b"Bearer a"),
    "calendar lines": repeated(b"A;B=C:D\n", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n"),
    "calendar parameters": repeated(b';A="', b"BEGIN:VEVENT\nA"),
    "commas and quotes": repeated(b'",'),
    "rows": repeated(b"a,b,c\n", b"a,b,c\n"),
}
