"""The content of a mail as it comes over the wire, in pieces: what it is made of changes neither costs nor memory."""

import asyncio
from enum import Enum, auto

LINE_END = b"\r\n"
#: What ends the content (RFC 5321 section 4.1.1.4), and nothing else: no bare CR or LF is part of it.
END = b"\r\n.\r\n"
#: Lines of real mail are far longer than the 998 bytes of RFC 5322.
LONGEST_LINE = 1024 * 1024
#: What is thrown away of a mail that is too large, so that its sender hears why; then it is hung up.
DRAINED_BYTES = 64 * 1024 * 1024


class Fault(Enum):
    """Why there is no content."""

    TOO_LARGE = auto()
    LINE_TOO_LONG = auto()
    ENDLESS = auto()


async def read_content(reader: asyncio.StreamReader, limit: int) -> bytes | Fault:
    """Read up to the end of the content and return it, dots undone; nothing behind it is taken.

    Args:
        reader: at the first byte of the content.
        limit: the most bytes that are kept.
    """
    # The first line may be the end already. Its own line end was read with the command before.
    reader._buffer[:0] = LINE_END  # type: ignore[attr-defined]  # aiosmtpd reaches in there, too; nobody waits now
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            piece, ended = await reader.readuntil(END), True
        except asyncio.LimitOverrunError as more:
            piece, ended = await reader.readexactly(more.consumed), False
        size += len(piece)
        if size <= limit + len(LINE_END + END):
            pieces.append(piece)
        else:
            pieces.clear()
        if ended:
            return Fault.TOO_LARGE if not pieces else _content(b"".join(pieces))
        if size > limit + DRAINED_BYTES:
            return Fault.ENDLESS


def _content(raw: bytes) -> bytes | Fault:
    """Return what stands between the line end that was put before it and its end."""
    content = raw.replace(b"\r\n.", LINE_END)  # RFC 5321 section 4.5.2; the dot of the end goes with it
    content = content[len(LINE_END) : -len(LINE_END)]
    return content if _lines_are_short(content) else Fault.LINE_TOO_LONG


def _lines_are_short(content: bytes) -> bool:
    """Look for the last line end within each longest line: as many looks as there could be longest lines, twice."""
    place = 0
    while len(content) - place > LONGEST_LINE:
        found = content.rfind(b"\n", place, place + LONGEST_LINE)
        if found < 0:
            return False
        place = found + 1
    return True
