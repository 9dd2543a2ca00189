"""The size of a picture in pixels, read from its first bytes. Nothing is decoded."""

import struct
from collections.abc import Callable, Mapping

#: No screen shows more, and no header is believed that says so.
LARGEST_SIDE = 65_535
#: Frame headers of JPEG (ITU T.81 table B.1), without the tables that share their range.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
MOST_SEGMENTS = 1000

Size = tuple[int, int]


def picture_size(mime_type: str, head: bytes) -> Size | None:
    """Return width and height; None when the bytes do not tell.

    Args:
        mime_type: as the bytes have it.
        head: the beginning of the file.
    """
    reader = READERS.get(mime_type)
    if reader is None:
        return None
    try:
        found = reader(head)
    except (struct.error, IndexError):  # it ends too early
        return None
    return found if found is not None and all(0 < side <= LARGEST_SIDE for side in found) else None


def _png(head: bytes) -> Size | None:
    """Read the header chunk, which comes first (RFC 2083 section 4.1.1)."""
    if head[12:16] != b"IHDR":
        return None
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif(head: bytes) -> Size | None:
    """Read the logical screen (GIF89a section 18)."""
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _jpeg(head: bytes) -> Size | None:
    """Walk the segments up to the frame header; an Exif turn by a quarter swaps the sides."""
    place, turned = 2, False
    for _ in range(MOST_SEGMENTS):
        while head[place] == 0xFF and head[place + 1] == 0xFF:  # fill bytes
            place += 1
        if head[place] != 0xFF:
            return None
        marker = head[place + 1]
        (length,) = struct.unpack_from(">H", head, place + 2)
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", head, place + 5)
            return (height, width) if turned else (width, height)
        if marker == 0xE1:
            turned = _is_turned(head[place + 4 : place + 2 + length])
        place += 2 + length
    return None


def _is_turned(exif: bytes) -> bool:
    """Tell whether Exif's orientation (tag 274) turns the picture by a quarter: 5 to 8 do."""
    if exif[:6] != b"Exif\0\0" or exif[6:8] not in (b"II", b"MM"):
        return False
    order = "<" if exif[6:8] == b"II" else ">"
    try:
        (directory,) = struct.unpack_from(f"{order}I", exif, 10)
        (count,) = struct.unpack_from(f"{order}H", exif, 6 + directory)
        for place in range(min(count, 100)):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, 8 + directory + 12 * place)
            if tag == 274:
                return value in range(5, 9)
    except struct.error:
        return False
    return False


def _webp(head: bytes) -> Size | None:
    """Read one of the three forms (RFC 9649 section 2.5 to 2.7)."""
    form = head[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8X" and len(head) >= 30:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


READERS: Mapping[str, Callable[[bytes], Size | None]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
}
