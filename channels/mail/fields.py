"""The header block of a mail or a part: order kept, repeats kept, bytes as sent.

The standard library's header objects raise on hostile input (``Message-ID: <``), so the block is
read here, with nothing but line splitting.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from channels.mail import limits
from channels.mail.charsets import decode
from channels.mail.words import header_text

BLANK_LINE = re.compile(rb"\n\r?\n")
FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]*:")


@dataclass(frozen=True, slots=True)
class Fields:
    """Header fields as ``(lower-case name, unfolded text)``, from the top."""

    items: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the raw text of the first field of that name."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[str]:
        """Return the raw texts of all fields of that name, from the top."""
        return (value for field, value in self.items if field == name)

    def text(self, name: str) -> str | None:
        """Return the first field's decoded, clean text; None when it is missing or empty."""
        value = self.get(name)
        return (header_text(value) or None) if value is not None else None

    def __contains__(self, name: object) -> bool:
        return any(field == name for field, _ in self.items)


def read_fields(raw: bytes, start: int, end: int, most: int = limits.MAX_HEADER_BYTES) -> tuple[Fields, int]:
    """Read the header block at ``start``; return it and where the body begins.

    A line that is neither a field nor a continuation ends the block: what follows is text.
    What is beyond ``most`` bytes, or too many lines, is skipped up to the next blank line.
    """
    found: list[tuple[str, bytearray]] = []
    at, lines = start, 0
    while at < end:
        lines += 1
        if at - start >= most or lines > limits.MAX_HEADER_LINES:
            blank = BLANK_LINE.search(raw, at - 1, end)
            return _fields(found), end if blank is None else blank.end()
        stop = raw.find(b"\n", at, end)
        after = end if stop < 0 else stop + 1
        line = raw[at : min(after, at + most)].rstrip(b"\r\n")
        if not line:
            return _fields(found), after
        name = FIELD.match(line)
        if line[:1] in (b" ", b"\t") and found:
            found[-1][1].extend(b" " + line.strip())
        elif name is not None:
            found.append((name[1].decode("ascii").lower(), bytearray(line[name.end() :].strip())))
        elif at != start or not line.startswith((b"From ", b">From ")):
            return _fields(found), at
        at = after
    return _fields(found), end


def _fields(found: list[tuple[str, bytearray]]) -> Fields:
    return Fields(tuple((name, decode(bytes(value), None)) for name, value in found))
