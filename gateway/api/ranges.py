"""Which part of a file a request asks for (RFC 9110 section 14)."""

import re
from dataclasses import dataclass

ONE_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes from ``start`` up to, but without, ``end``; ``start`` beyond the end of the file: nothing to be had."""

    start: int
    end: int


def part_of(header: str | None, size: int) -> Part | None:
    """Return the part that a ``Range`` header asks for; None stands for the whole file.

    What is no single range of bytes is passed over, as a server may. A part with ``start == end`` can't be satisfied.

    Args:
        header: as sent.
        size: of the file in bytes, more than none.
    """
    found = ONE_RANGE.fullmatch(header) if header else None
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:  # the last so many bytes
        wanted = int(found[2])
        return Part(max(0, size - wanted), size) if wanted else Part(size, size)
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None  # not a valid range: as if none was sent
    if start >= size:
        return Part(size, size)
    return Part(start, min(size, int(found[2]) + 1) if found[2] else size)
