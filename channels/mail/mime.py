"""A mail as a tree of parts.

Parts are ranges of the one buffer, found by searching for the boundaries: no recursion, no
copies of nested bodies, and a time that grows with the size of the mail times its depth, which
is bounded. (The standard library's parser fails with RecursionError on deep nesting, and takes
seconds for many parts.) An attached mail is one file and is never walked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from channels.mail import limits
from channels.mail.fields import Fields, read_fields
from channels.mail.parameters import Parameterised, parameterised
from channels.mail.transfer import decoded
from channels.mail.words import decode_words

WHITE = b" \t"
LONGEST_DELIMITER = 200
"""Bytes after a boundary that may follow on its line."""


@dataclass(slots=True, eq=False)
class Part:
    """One node: a leaf with a body, or a multipart with ``parts``.

    ``start`` and ``end`` bound its body within ``raw``, the whole mail.
    """

    raw: bytes = field(repr=False)
    fields: Fields
    start: int
    end: int
    default_type: str = "text/plain"
    parts: list["Part"] = field(default_factory=list)
    type: str = field(init=False)
    content: Parameterised = field(init=False)
    disposition: Parameterised = field(init=False)

    def __post_init__(self) -> None:
        self.content = parameterised(self.fields.get("content-type"))
        self.disposition = parameterised(self.fields.get("content-disposition"))
        self.type = self.content.value if "/" in self.content.value else self.default_type

    @property
    def sent_name(self) -> str:
        """The file name as the sender wrote it; empty when there is none."""
        return self.disposition.get("filename") or self.content.get("name")

    @property
    def content_id(self) -> str | None:
        """The Content-ID without angle brackets."""
        return (self.fields.get("content-id") or "").strip().strip("<>").strip() or None

    def body(self) -> bytes:
        """Return the body with its transfer encoding undone."""
        return decoded(self.raw[self.start : self.end], self.fields.get("content-transfer-encoding"))


@dataclass(slots=True)
class _Budget:
    """How many more parts may be made."""

    parts: int = limits.MAX_PARTS
    exhausted: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """The root part; ``cut`` is True when the mail had more parts or levels than are read."""

    root: Part
    cut: bool


def read_mail(raw: bytes) -> Tree:
    """Read a mail, whatever it is made of; never raises."""
    fields, start = read_fields(raw, 0, len(raw))
    root = Part(raw, fields, start, len(raw))
    budget = _Budget()
    pending = [(root, 0)]
    while pending:
        part, depth = pending.pop()
        if not part.type.startswith("multipart/"):
            continue
        if depth >= limits.MAX_DEPTH:
            part.type, budget.exhausted = "application/octet-stream", True
            continue
        part.parts = list(_children(part, budget))
        pending.extend((child, depth + 1) for child in part.parts)
        if not part.parts:
            part.type = "text/plain"  # no usable boundary: the reader sees what was sent
    return Tree(root, budget.exhausted)


def walk(part: Part) -> Iterator[Part]:
    """Give a part and all below it, in document order."""
    pending = [part]
    while pending:
        this = pending.pop()
        yield this
        pending.extend(reversed(this.parts))


def _children(part: Part, budget: _Budget) -> Iterator[Part]:
    boundary = decode_words(part.content.get("boundary")).encode("utf-8", "replace").rstrip(WHITE)
    default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    for start, end in _between(part.raw, b"--" + boundary, part.start, part.end) if boundary else ():
        if budget.parts == 0:
            budget.exhausted = True
            return
        budget.parts -= 1
        fields, body = read_fields(part.raw, start, end, limits.MAX_PART_HEADER_BYTES)
        yield Part(part.raw, fields, body, max(body, end), default)


def _between(raw: bytes, delimiter: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the ranges between delimiter lines; the last one may lack its closing line."""
    opened, at = -1, start
    while (found := raw.find(delimiter, at, end)) >= 0:
        at = found + len(delimiter)
        if found != start and raw[found - 1] != 0x0A:
            continue
        line, newline, _ = raw[at : min(at + LONGEST_DELIMITER, end)].partition(b"\n")
        rest = line.rstrip(b"\r" + WHITE)
        if rest not in (b"", b"--") or not (newline or at + len(line) == end):
            continue
        if opened >= 0:
            yield opened, max(opened, _before_line_end(raw, opened, found))
        if rest:
            return
        opened = at = at + len(line) + len(newline)
    if opened >= 0:
        yield opened, end


def _before_line_end(raw: bytes, start: int, at: int) -> int:
    """Step back over the line end that belongs to the delimiter."""
    if at > start and raw[at - 1] == 0x0A:
        at -= 1
        if at > start and raw[at - 1] == 0x0D:
            at -= 1
    return at
