"""Bodies of type multipart/form-data (RFC 7578), read without touching a byte of any field.

Mail providers post each field in the charset of the mail that it was taken from, and files without a name. So a field
is bytes here, and a part with an empty file name is a file like any other.

Some use the same boundary for ever, so that a mail can hold it and bring fields of its own. Such a field can't be told
from the provider's, but it leaves a trace: it comes twice (see ``once``), or the body goes on after its end.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from channels.errors import PayloadMalformed
from channels.mail.charsets import decode
from channels.mail.fields import read_fields
from channels.mail.parameters import parameterised

MOST_PARTS = 2000
LONGEST_BOUNDARY = 200
MOST_LOOKALIKES = 20_000
"""What begins like a boundary and is none; nobody proved anything yet when it is counted."""

LONGEST_HEADER = 16 * 1024
LINE_END = b"\r\n"
ESCAPES = str.maketrans({'"': "%22", "\\": "%5C", "\r": "%0D", "\n": "%0A"})


@dataclass(frozen=True, slots=True)
class FormPart:
    """One field: its bytes as sent. ``filename`` is None for what is no file, and empty for a file without a name."""

    name: str
    body: bytes
    filename: str | None = None
    type: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """All fields of a body, in their order."""

    parts: Sequence[FormPart]

    def first(self, name: str) -> bytes | None:
        """Return the bytes of the first field of a name that is no file; None when there is none."""
        return next((part.body for part in self.parts if part.name == name and part.filename is None), None)

    def once(self, name: str) -> bytes | None:
        """Return the bytes of a field that came once and is no file; None when it is missing or came several times."""
        found = [part for part in self.parts if part.name == name]
        return found[0].body if len(found) == 1 and found[0].filename is None else None

    def text(self, name: str, charset: str | None = "utf-8") -> str:
        """Return a field as text, in the charset that it is said to have; empty when it is missing."""
        return decode(self.first(name) or b"", charset)

    def files(self) -> Iterator[FormPart]:
        """Give the files."""
        return (part for part in self.parts if part.filename is not None)


def read_multipart(content_type: str, body: bytes) -> Form:
    """Take a body apart.

    Args:
        content_type: the header of the request, with the boundary.
        body: as received.

    Raises:
        PayloadMalformed: the boundary is missing, the body does not end with it, or there are too many parts.
    """
    boundary = parameterised(content_type).get("boundary").encode("utf-8", "replace")
    if not boundary or len(boundary) > LONGEST_BOUNDARY:
        raise PayloadMalformed("multipart_boundary", "the body's type names no boundary that can be used")
    return Form(tuple(_part(body, start, end) for start, end in _ranges(body, b"--" + boundary)))


def write_multipart(parts: Iterable[FormPart]) -> tuple[str, bytes]:
    """Return the type and the body of a form. The boundary is a hash of the parts, so that none of them holds it."""
    written = [(_heading(part), part.body) for part in parts]
    digest = hashlib.sha256()
    for heading, body in written:
        digest.update(heading + body)
    boundary = digest.hexdigest()
    delimiter = b"--" + boundary.encode()
    pieces = [piece for heading, body in written for piece in (delimiter, LINE_END, heading, LINE_END, body, LINE_END)]
    return f"multipart/form-data; boundary={boundary}", b"".join((*pieces, delimiter, b"--", LINE_END))


def _heading(part: FormPart) -> bytes:
    heading = f'Content-Disposition: form-data; name="{part.name.translate(ESCAPES)}"'
    if part.filename is not None:
        heading += f'; filename="{part.filename.translate(ESCAPES)}"'
    if part.type:
        heading += f"\r\nContent-Type: {part.type}"
    return f"{heading}\r\n".encode("utf-8", "replace")


def _ranges(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Give where each part begins and ends, its header included."""
    opened, parts = -1, 0
    for at, after, last in _delimiters(body, delimiter):
        if opened >= 0:
            parts += 1
            yield opened, max(opened, at)
        if last:
            _require_end(body, after)
            return
        if parts >= MOST_PARTS:
            raise PayloadMalformed("multipart_parts", f"the body has more than {MOST_PARTS} parts")
        opened = after
    raise PayloadMalformed("multipart_incomplete", "the body does not end with its boundary")


def _delimiters(body: bytes, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """Give each delimiter line: where the line end before it is, what follows it, and whether it is the last."""
    at, lookalikes = 0, 0
    while (found := body.find(delimiter, at)) >= 0:
        lookalikes += 1
        if lookalikes > MOST_LOOKALIKES:
            raise PayloadMalformed("multipart_boundary", "the body repeats its boundary in places that are none")
        at = found + len(delimiter)
        if found and body[found - 2 : found] != LINE_END:
            continue
        if body[at : at + 2] == b"--":
            yield found - 2, at + 2, True
            return
        stop = body.find(LINE_END, at, at + LONGEST_BOUNDARY)
        if stop >= 0 and not body[at:stop].strip(b" \t"):
            yield found - 2, stop + 2, False
            at = stop  # the line end may at once be the one before the next delimiter


def _require_end(body: bytes, at: int) -> None:
    if body[at:].strip():
        raise PayloadMalformed("multipart_epilogue", "the body goes on after its last boundary")


def _part(body: bytes, start: int, end: int) -> FormPart:
    fields, at = read_fields(body, start, min(end, start + LONGEST_HEADER), LONGEST_HEADER)
    disposition = parameterised(fields.get("content-disposition"))
    return FormPart(
        name=disposition.get("name"),
        body=body[at:end],
        filename=disposition.parameters.get("filename"),
        type=fields.get("content-type") or "",
    )
