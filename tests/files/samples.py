"""Small files that are what they say they are, and some that are not."""

import struct
import zlib


def png(width: int = 3, height: int = 2) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def gif(width: int = 3, height: int = 2) -> bytes:
    """The head of a GIF."""
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"


def jpeg(width: int = 3, height: int = 2, orientation: int | None = None) -> bytes:
    """The headers of a JPEG, with an Exif turn if there is one."""
    exif = b""
    if orientation is not None:
        entry = struct.pack("<HHIHH", 274, 3, 1, orientation, 0)
        body = b"Exif\0\0" + b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 0)
        exif = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + b"\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9 + exif + frame + b"\xff\xd9"


def webp(width: int = 3, height: int = 2, form: bytes = b"VP8X") -> bytes:
    """The head of a WebP in one of its three forms."""
    if form == b"VP8X":
        body = b"\0" * 4 + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif form == b"VP8L":
        body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    else:
        body = b"\0" * 3 + b"\x9d\x01\x2a" + struct.pack("<HH", width, height)
    chunk = form + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def mp4(
    seconds: float = 2.5, width: int = 320, height: int = 240, brand: bytes = b"isom", *, turned: bool = False
) -> bytes:
    """A film's headers behind its content, as recorders write them."""
    mvhd = b"\0" * 12 + struct.pack(">II", 1000, int(seconds * 1000)) + b"\0" * 80
    matrix = struct.pack(">9i", *((0, 1, 0, -1, 0, 0, 0, 0, 1) if turned else (65536, 0, 0, 0, 65536, 0, 0, 0, 1)))
    tkhd = b"\0" * 40 + matrix + struct.pack(">II", width << 16, height << 16)
    moov = box(b"moov", box(b"mvhd", mvhd) + box(b"trak", box(b"tkhd", tkhd)))
    return box(b"ftyp", brand + b"\0\0\0\0" + brand) + box(b"mdat", b"\0" * 1000) + moov


def opus(seconds: float = 1.5) -> bytes:
    """The first and the last page of a voice note."""
    head = b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48000, 0, 0)

    def page(samples: int, content: bytes) -> bytes:
        return b"OggS\0\0" + struct.pack("<qIII", samples, 1, 0, 0) + bytes([1, len(content)]) + content

    return page(0, head) + page(int(seconds * 48000) + 312, b"\0" * 100)


def wav(seconds: float = 0.5) -> bytes:
    """Silence."""
    sound = b"\0" * int(8000 * seconds)
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    return (
        b"RIFF"
        + struct.pack("<I", len(form) + 12 + len(sound))
        + b"WAVE"
        + form
        + b"data"
        + struct.pack("<I", len(sound))
        + sound
    )


PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
#: A GIF for those who look at its first bytes, a script for those who do not.
GIF_AND_SCRIPT = b"GIF89a/*" + b"\0" * 8 + b"*/=1;alert(1)//"
PDF_AND_HTML = PDF + HTML
