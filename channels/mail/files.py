"""The files of a mail, with what their bytes say they are."""

import hashlib
from typing import Any

import filetype

from channels.events import Media
from channels.mail.names import safe_name
from channels.mail.wordsets import words

RISKY = words(
    "exe com scr pif bat cmd msi msp hta js jse vbs vbe wsf wsh ps1 lnk iso img vhd jar reg cpl dll chm "
    "html htm xhtml svg svgz docm dotm xlsm xltm xlam pptm ppam apk app dmg"
)
SNIFFED_BYTES = 8192
# The head of a file within a zip (APPNOTE 4.3.7): a mark, a version, and flags.
ZIP, FLAGS, ENCRYPTED = b"PK\x03\x04", 6, 1


def media(
    content: bytes,
    *,
    mime_type: str,
    sent_name: str,
    content_id: str | None,
    inline: bool,
) -> Media:
    """Describe a decoded file. ``extra`` has its sniffed type and a warning, where there is one."""
    sniffed = sniffed_type(content)
    name = safe_name(sent_name)
    warning = _warning(name, mime_type, sniffed) or ("locked_archive" if _is_locked(content) else None)
    extra: dict[str, Any] = {"sniffed_type": sniffed} if sniffed is not None else {}
    return Media(
        type=_kind(sniffed or mime_type),
        mime_type=mime_type,
        sha256=hashlib.sha256(content).hexdigest(),
        filename=name,
        size=len(content),
        content_id=content_id,
        inline=inline,
        content=content,
        extra={**extra, "warning": warning} if warning else extra,
    )


def announced(
    url: str | None,
    size: int | None,
    *,
    mime_type: str,
    sent_name: str,
    content_id: str | None,
    inline: bool,
) -> Media:
    """Describe a file that has to be fetched; ``extra`` says from where. Its bytes may be of another type."""
    name = safe_name(sent_name)
    warning = _warning(name, mime_type, None)
    extra: dict[str, Any] = {"fetch": url} if url is not None else {}
    return Media(
        type=_kind(mime_type),
        url=url,
        mime_type=mime_type,
        filename=name,
        size=size,
        content_id=content_id,
        inline=inline,
        extra={**extra, "warning": warning} if warning else extra,
    )


def sniffed_type(content: bytes) -> str | None:
    """Return the type that the magic bytes show; None when they show nothing known."""
    if content[:2] == b"MZ":
        return "application/x-msdownload"
    return filetype.guess_mime(content[:SNIFFED_BYTES]) if content else None


def _is_locked(content: bytes) -> bool:
    """Tell whether the first file in a zip needs a password, so that no scanner sees what is in it."""
    return content[:4] == ZIP and len(content) > FLAGS and bool(content[FLAGS] & ENCRYPTED)


def _kind(mime_type: str) -> str:
    kind = mime_type.partition("/")[0]
    if kind in ("image", "audio", "video"):
        return kind
    return "document" if mime_type == "application/pdf" or kind == "text" else "file"


def _warning(name: str | None, mime_type: str, sniffed: str | None) -> str | None:
    """Say why a person should think before opening this file."""
    extension = (name or "").rpartition(".")[2].lower() if name and "." in name else ""
    if extension in RISKY or sniffed == "application/x-msdownload":
        return "executable"
    if mime_type in ("text/html", "image/svg+xml", "application/xhtml+xml"):
        return "active_content"
    if sniffed is not None and sniffed.partition("/")[0] == "image" and not mime_type.startswith("image/"):
        return "type_mismatch"
    return None
