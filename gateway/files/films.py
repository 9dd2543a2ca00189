"""How long sound and films are, and how large a film is, where the file's own headers say so."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

#: Of a table of contents that is read.
LONGEST_HEADER = 4 * 1024 * 1024
MOST_BOXES = 200
#: The last page of an Ogg file lies within this many bytes of its end (RFC 3533 section 6: 65,307 at most).
OGG_TAIL = 65_536
OPUS_RATE = 48_000
#: Longer than anything that is sent; a header that says more is not believed.
LONGEST_MS = 7 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Film:
    """What a header tells: milliseconds and pixels, None where it does not."""

    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None


NOTHING = Film()


def film_of(mime_type: str, file: BinaryIO, size: int) -> Film:
    """Read the headers of sound or a film; never raises for what is in it.

    Args:
        mime_type: as the bytes have it.
        file: open for reading.
        size: of the file in bytes.
    """
    try:
        if mime_type in ("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"):
            found = _mp4(file, size)
        elif mime_type == "audio/ogg":
            found = Film(duration_ms=_ogg(file, size))
        elif mime_type == "audio/x-wav":
            found = Film(duration_ms=_wav(file))
        else:
            return NOTHING
    except (struct.error, ZeroDivisionError, OverflowError):  # it ends too early, or divides by nothing
        return NOTHING
    believed = found.duration_ms is not None and 0 < found.duration_ms <= LONGEST_MS
    return found if believed else Film(None, found.width, found.height)


def _mp4(file: BinaryIO, size: int) -> Film:
    """Find the movie box, and in it the duration and the largest track (ISO 14496-12 section 8)."""
    place = 0
    for _ in range(MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        length, kind = struct.unpack_from(">I4s", head)
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
        elif length == 0:
            length = size - place
        if kind == b"moov":
            file.seek(place + 8)
            return _movie(file.read(min(length, LONGEST_HEADER)))
        if length < 8 or place + length >= size:
            return NOTHING
        place += length
    return NOTHING


def _movie(moov: bytes) -> Film:
    duration, width, height = None, None, None
    for kind, box in _boxes(moov):
        if kind == b"mvhd":
            scale, ticks = struct.unpack_from(">IQ", box, 20) if box[0] == 1 else struct.unpack_from(">II", box, 12)
            duration = ticks * 1000 // scale
        elif kind == b"trak":
            for inner, track in _boxes(box):
                if inner == b"tkhd":
                    sides = _sides(track)
                    if sides and all(sides) and sides > (width or 0, height or 0):
                        width, height = sides
    return Film(duration, width, height)


def _sides(track: bytes) -> tuple[int, int]:
    """Return width and height as shown: the matrix may turn the film by a quarter."""
    matrix = 52 if track[0] == 1 else 40
    turned = struct.unpack_from(">i", track, matrix)[0] == 0
    wide, high = struct.unpack_from(">II", track, matrix + 36)
    sides = wide >> 16, high >> 16
    return (sides[1], sides[0]) if turned else sides


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    for _ in range(MOST_BOXES):
        if place + 8 > len(content):
            return
        length, kind = struct.unpack_from(">I4s", content, place)
        if length < 8:
            return
        yield kind, content[place + 8 : place + length]
        place += length


def _ogg(file: BinaryIO, size: int) -> int | None:
    """Subtract nothing and divide: the last page counts the samples (RFC 7845 section 4); Opus has 48,000 a second."""
    file.seek(0)
    first = file.read(512)
    if b"OpusHead" in first:
        start = first.index(b"OpusHead")
        (skipped,) = struct.unpack_from("<H", first, start + 10)
        rate = OPUS_RATE
    elif b"\x01vorbis" in first:
        skipped = 0
        (rate,) = struct.unpack_from("<I", first, first.index(b"\x01vorbis") + 12)
    else:
        return None
    file.seek(max(0, size - OGG_TAIL))
    tail = file.read(OGG_TAIL)
    page = tail.rfind(b"OggS")
    if page < 0:
        return None
    (samples,) = struct.unpack_from("<q", tail, page + 6)
    return (samples - skipped) * 1000 // rate if samples > skipped else None


def _wav(file: BinaryIO) -> int | None:
    """Read the format and data chunks."""
    file.seek(12)
    rate = None
    for _ in range(MOST_BOXES):
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind == b"fmt ":
            (rate,) = struct.unpack_from("<I", file.read(length), 8) if length <= 64 else (None,)
        elif kind == b"data":
            return int(length) * 1000 // rate if rate else None
        else:
            file.seek(length, 1)
    return None
