"""What a file is, by its bytes. What its sender calls it counts only where that can do no harm."""

import re
from dataclasses import dataclass
from pathlib import Path

import filetype

from channels.media_kinds import kind_of as main_kind
from gateway.files.films import film_of
from gateway.files.pictures import picture_size

HEAD_BYTES = 64 * 1024
UNKNOWN = "application/octet-stream"
TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,62}", re.ASCII)

#: What browsers show and play without running anything in it.
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SOUND = frozenset(
    {"audio/mpeg", "audio/mp4", "audio/ogg", "audio/aac", "audio/amr", "audio/x-wav", "audio/x-flac", "audio/webm"}
)
FILMS = frozenset({"video/mp4", "video/webm", "video/quicktime", "video/3gpp"})
PDF = "application/pdf"
INLINE = PICTURES | SOUND | FILMS | {PDF}

#: Where the bytes only tell the wrapping, the sender's word on what is in it counts.
ZIPPED = ("application/vnd.openxmlformats-", "application/vnd.oasis.", "application/vnd.ms-", "application/epub+zip")
ZIP = "application/zip"


@dataclass(frozen=True, slots=True)
class Looks:
    """What a file is.

    Attributes:
        mime_type: as its bytes have it; as its sender says where they tell nothing, and nothing is played by it.
        width: in pixels.
        height: in pixels.
        duration_ms: of sound and films.
    """

    mime_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None


def look_at(path: Path, size: int, declared: str | None) -> Looks:
    """Look at a file.

    Args:
        path: of the file.
        size: in bytes.
        declared: the type that its sender names.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        mime_type = type_of(head, declared)
        if mime_type in PICTURES:
            width, height = picture_size(mime_type, head) or (None, None)
            return Looks(mime_type, width, height)
        if mime_type in SOUND | FILMS:
            film = film_of(mime_type, file, size)
            return Looks(mime_type, film.width, film.height, film.duration_ms)
    return Looks(mime_type)


def kind_of(mime_type: str) -> str:
    """Return what a stored file of a type is shown as: image, audio, video, document or file."""
    if mime_type == PDF or mime_type.startswith("text/"):
        return "document"
    return main_kind(mime_type) if mime_type in INLINE else "file"


def type_of(head: bytes, declared: str | None) -> str:
    """Return the type of a file by its first bytes, and by what its sender says of it."""
    named = (declared or "").partition(";")[0].strip().lower()
    named = named if TYPE.fullmatch(named) else UNKNOWN
    found = _sniffed(head, named)
    if found is None:
        return UNKNOWN if named in INLINE or main_kind(named) != "file" else named
    return named if found == ZIP and named.startswith(ZIPPED) else found


def is_inline(mime_type: str) -> bool:
    """Tell whether browsers may show a stored file of this type, instead of saving it."""
    return mime_type in INLINE


def _sniffed(head: bytes, named: str) -> str | None:
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12], named)
    if head[:4] == b"OggS":
        return "audio/ogg" if b"OpusHead" in head[:512] or b"\x01vorbis" in head[:512] else "video/ogg"
    if head[:4] == b"\x1aE\xdf\xa3":  # Matroska's frame: WebM where it says so
        webm = "audio/webm" if named == "audio/webm" else "video/webm"
        return webm if b"webm" in head[:64] else "video/x-matroska"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "audio/mpeg"
    found: str | None = filetype.guess_mime(head) if head else None
    return found


def _of_brand(brand: bytes, named: str) -> str:
    """Tell the files of one family (ISO 14496-12) apart by their major brand."""
    if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "image/heic"
    if brand == b"avif":
        return "image/avif"
    if brand == b"qt  ":
        return "video/quicktime"
    if brand[:3] in (b"M4A", b"M4B") or named in ("audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac"):
        return "audio/mp4"
    return "video/3gpp" if brand[:3] in (b"3gp", b"3g2") else "video/mp4"
